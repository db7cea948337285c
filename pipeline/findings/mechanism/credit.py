"""How much of the errors on values reaches names rather than template text, in default runs."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pipeline.findings.averages import Array
from pipeline.findings.cells import of_any, require
from pipeline.tables.read import Tables


def observed(tables: Tables) -> pd.DataFrame:
    """Default runs in which this was measured: those of `credit`, and of more seeds."""
    require(tables, "credit")
    rows = of_any(tables, ("credit", "phases_again")).drop_duplicates("run")
    seen = tables.observed["attention"].dropna(subset="credit_to_name")
    return rows[rows.run.isin(seen.run)]


def in_last_layer(tables: Tables, rows: pd.DataFrame, steps: Iterable[float]) -> Array:
    """The norm of the gradient in the states of a name token that enter the last layer, over the norm at a
    text token, of each run at its step (runs,); NaN at a NaN.

    The memories of the layers before it write into these states, and its own attention reads them.
    """
    seen = [tables.layer_of("attention", run, -1) for run in rows.run]
    pairs = zip(seen, steps, strict=True)
    return np.array([np.interp(step, s.step, s.credit_to_name / s.credit_to_text) for s, step in pairs])
