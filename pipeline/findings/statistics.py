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


def geometric(values: ArrayLike) -> tuple[float, tuple[float, float]]:
    """Geometric mean of per-seed `values` (seeds,), which are positive, and the 95 % interval of it: both are
    those of their logarithms. The mean is NaN without seeds or if one is NaN or negative, the interval also
    below two seeds or if one is zero or infinite."""
    if not np.size(values):
        return math.nan, (math.nan, math.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithms = np.log(np.asarray(values, float))
        low, high = mean_interval(logarithms)
    return math.exp(logarithms.mean()), (math.exp(low), math.exp(high))
