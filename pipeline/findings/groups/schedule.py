"""When groups of people take over from each other, and when people join."""

from typing import Any

import numpy as np
import pandas as pd


def window_length(runs: Any) -> Any:
    """Steps of one visit to a group, of a run or of each of several (rows of `Tables.of`)."""
    return runs.steps / (runs.groups * runs.repeats)


def switches(rows: pd.DataFrame) -> np.ndarray:
    """Where the next group takes over, as shares of the run, in runs of one setting."""
    count = int(rows.groups.iloc[0] * rows.repeats.iloc[0])
    return np.arange(1, count) / count


def additions(rows: pd.DataFrame) -> list[int]:
    """Steps at which people join a growing population, in runs of one setting."""
    until, stages = (int(rows[column].iloc[0]) for column in ("until", "stages"))
    return [k * until // stages for k in range(1, stages + 1)]
