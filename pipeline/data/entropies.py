"""What the columns of a table tell of each other, in numbers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_LEAST_ROWS_A_VALUE = 2  # in the mean: a column of other values in every row tells nothing in general


def entropy(cells: Sequence[str]) -> float:
    """Of the values that are there, in nats: the loss of a model that knows how often each occurs."""
    counts = np.unique([cell for cell in cells if cell], return_counts=True)[1]
    return float(-(p := counts / counts.sum()) @ np.log(p)) if len(counts) else math.nan


def _codes(cells: Sequence[str]) -> NDArray[np.int64]:
    """A number for each text; -1 where there is none."""
    found, codes = np.unique(np.asarray(cells), return_inverse=True)
    return codes - 1 if found[0] == "" else codes


def determined(columns: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """By column, the others of which each value goes with one of its values only."""
    codes = {name: _codes(cells) for name, cells in columns.items()}
    out: dict[str, list[str]] = {name: [] for name in columns}
    for name, own in codes.items():
        for other, given in codes.items():
            both = (own >= 0) & (given >= 0)
            if other == name or not both.any():
                continue
            kinds = len(np.unique(given[both]))
            pairs = len(np.unique(given[both] * (own.max() + 1) + own[both]))
            if pairs == kinds and both.sum() >= _LEAST_ROWS_A_VALUE * kinds:
                out[name].append(other)
    return out


def told(entropies: Mapping[str, float], by: Mapping[str, list[str]]) -> dict[str, float]:
    """By column, the entropy of a value in nats, where the sentences are read in random order: none is left
    after a column that determines it."""
    return {name: value / (len(by[name]) + 1) for name, value in entropies.items()}
