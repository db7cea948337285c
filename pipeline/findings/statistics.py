"""The interval over seeds that every number is shown, compared and judged with."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

CONFIDENCE = 0.95
UNDEFINED = "undefined in a seed"


def half_width(values: ArrayLike) -> np.ndarray:
    """Half of the 95 % interval (Student t) of the mean over the first axis, seeds; NaN below two seeds."""
    x = np.asarray(values, float)
    n = len(x)
    if n < 2:
        return np.full(x.shape[1:], math.nan)
    return stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * x.std(0, ddof=1) / math.sqrt(n)


@dataclass(frozen=True)
class Interval:
    """A number's mean over seeds, and the 95 % interval of the mean.

    centre: NaN without seeds, or if the number is undefined in one of them. low, high: NaN then too, and
    below two seeds. Formatted with a number's format it is "0.75 [0.51, 1.12]", or "0.75" without bounds.
    """

    centre: float
    low: float
    high: float
    seeds: int

    @classmethod
    def mean(cls, values: ArrayLike) -> "Interval":
        """From one value a seed (seeds,), any of which may be NaN: undefined in that seed."""
        x = np.asarray(values, float)
        if not len(x):
            return cls(math.nan, math.nan, math.nan, 0)
        centre, half = float(x.mean()), float(half_width(x))
        return cls(centre, centre - half, centre + half, len(x))

    @classmethod
    def geometric(cls, values: ArrayLike) -> "Interval":
        """The same of a ratio of positive quantities, or of a loss in units of the baseline.

        Seeds multiply these rather than add to them, so mean and bounds are of their logarithms, as in
        figures on logarithmic axes: on a plain scale intervals would reach below zero. A zero or an infinity
        leaves no bounds, a negative value no mean either.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithms = cls.mean(np.log(np.asarray(values, float)))
        centre, low, high = map(math.exp, (logarithms.centre, logarithms.low, logarithms.high))
        return cls(centre, low, high, logarithms.seeds)

    @classmethod
    def share(cls, values: ArrayLike) -> "Interval":
        """The same of what is from 0 to 1 by definition, as an accuracy is; there its interval ends."""
        whole = cls.mean(values)
        low, high = np.clip([whole.low, whole.high], 0, 1)
        return cls(whole.centre, float(low), float(high), whole.seeds)

    @property
    def bounded(self) -> bool:
        """Whether there are bounds."""
        return not math.isnan(self.low)

    def __format__(self, spec: str) -> str:
        if math.isnan(self.centre):
            return UNDEFINED
        bounds = f" [{self.low:{spec}}, {self.high:{spec}}]" if self.bounded else ""
        return f"{self.centre:{spec}}{bounds}"

    def __str__(self) -> str:
        return f"{self:.3g}"
