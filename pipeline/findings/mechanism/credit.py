"""How much of the errors on values reaches names rather than template text, in default runs."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pipeline.findings.averages import Array
from pipeline.findings.cells import observed_runs, require
from pipeline.tables.read import Tables


def observed(tables: Tables) -> pd.DataFrame:
    """Every seed of the default run in which this was measured."""
    require(tables, "credit")
    return observed_runs(tables, "credit", "credit_to_name")


def in_last_layer(tables: Tables, rows: pd.DataFrame, steps: Iterable[float]) -> Array:
    """The norm of the gradient in the states of a name token that enter the last layer, over the norm at a
    text token, of each run at its step (runs,); NaN at a NaN.

    The memories of the layers before it write into these states, and its own attention reads them.
    """
    seen = [tables.layer_of("attention", run, -1) for run in rows.run]
    pairs = zip(seen, steps, strict=True)
    return np.array([np.interp(step, s.step, s.credit_to_name / s.credit_to_text) for s, step in pairs])
