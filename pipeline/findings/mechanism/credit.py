"""How much of the errors on values reaches names rather than template text (experiment `credit`)."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pipeline.findings.averages import Array
from pipeline.tables.read import Tables


def names_over_text(tables: Tables, run: str, layer: int) -> tuple[pd.Series, pd.Series]:
    """Steps (S,), and the norm of the gradient in the states of a name token that enter a layer (-1 is the
    last), over that of a text token (S,)."""
    seen = tables.attention_of(run, layer)
    return seen.step, seen.credit_to_name / seen.credit_to_text


def in_last_layer(tables: Tables, rows: pd.DataFrame, steps: Iterable[float]) -> Array:
    """The ratio in the states that enter the last layer, of each run at its step (runs,); NaN at a NaN.

    The memories of the layers before it write into these states, and its own attention reads them.
    """
    pairs = zip(rows.run, steps, strict=True)
    return np.array([np.interp(step, *names_over_text(tables, run, -1)) for run, step in pairs])
