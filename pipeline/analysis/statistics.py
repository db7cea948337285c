"""The interval that every number over seeds is shown with."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

CONFIDENCE = 0.95


def half_width(values: ArrayLike) -> np.ndarray:
    """Half of the 95 % interval (Student t) of the mean over the first axis, seeds; NaN below two seeds."""
    x = np.asarray(values, float)
    n = len(x)
    if n < 2:
        return np.full(x.shape[1:], math.nan)
    return stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * x.std(0, ddof=1) / math.sqrt(n)


def mean_interval(values: ArrayLike) -> tuple[float, float]:
    """95 % interval of the mean of per-seed `values` (seeds,); NaN below two seeds or if one is NaN."""
    x = np.asarray(values, float)
    if len(x) < 2:
        return math.nan, math.nan
    half = float(half_width(x))
    return float(x.mean()) - half, float(x.mean()) + half
