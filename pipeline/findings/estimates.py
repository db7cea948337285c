"""What was measured of a quantity, as a test sees it: P values against a bound, and what one more seed would
give.

One-sided P values: small says that the quantity lies below, or above, the bound. NaN where nothing can be
said: a seed in which the quantity is undefined or infinite, or a single seed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import stdtr  # Student's t, without what stats.t does around it

from pipeline.findings import power
from pipeline.findings.statistics import CONFIDENCE, Interval

Side = Literal["smaller", "larger"]
_SAME = 1e-12  # relative: values that differ by rounding only


def _against_infinity(bound: float, side: Side) -> float:
    return float((bound > 0) == (side == "larger"))


@dataclass(frozen=True)
class Sample:
    """One value a seed, on the scale on which seeds add up: logarithms where `log`.

    at_least: some are lower bounds, of runs that ended before it happened. Then nothing can be said to lie
    below a bound.
    """

    values: tuple[float, ...]
    log: bool = False
    at_least: bool = False

    @classmethod
    def of(cls, values: ArrayLike, log: bool = False, at_least: bool = False) -> "Sample":
        """From plain values."""
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.log(np.asarray(values, float)) if log else np.asarray(values, float)
        return cls(tuple(x.tolist()), log, at_least)

    @property
    def seeds(self) -> int:
        return len(self.values)

    @property
    def defined(self) -> bool:
        return self.seeds > 1 and bool(np.isfinite(self.values).all())

    @property
    def constant(self) -> bool:
        """Whether all seeds have the same value, as an accuracy of 1 or a number of the plan."""
        return self.defined and np.ptp(self.values) <= _SAME * max(1.0, *map(abs, self.values))

    @property
    def mean(self) -> float:
        return float(np.mean(self.values)) if self.values else math.nan

    @property
    def deviation(self) -> float:
        if not self.defined:
            return math.nan
        return 0.0 if self.constant else float(np.std(self.values, ddof=1))

    def _point(self, bound: float) -> float:
        if not self.log:
            return bound
        return math.log(bound) if bound > 0 else -math.inf

    def _p(self, bound: float, side: Side, equal: bool) -> float:
        point = self._point(bound)
        if math.isinf(point):
            return _against_infinity(point, side)
        if not self.defined:
            return math.nan
        if self.constant:
            gap = (self.mean - point) * (-1 if side == "smaller" else 1)
            return float(not (gap > _SAME or (equal and gap >= -_SAME)))
        t = (self.mean - point) / (self.deviation / math.sqrt(self.seeds))
        return float(stdtr(self.seeds - 1, t if side == "smaller" else -t))

    def below(self, bound: float, equal: bool = False) -> float:
        """P value for lying below; where all seeds are the same, at the bound counts if `equal`."""
        return 1.0 if self.at_least and bound < math.inf else self._p(bound, "smaller", equal)

    def above(self, bound: float, equal: bool = False) -> float:
        """The same for lying above."""
        return self._p(bound, "larger", equal)

    def prediction(self) -> tuple[float, float] | None:
        """95 % interval of what one more seed would give; None where there is none."""
        if not self.defined:
            return None
        width = float(stats.t.ppf((1 + CONFIDENCE) / 2, self.seeds - 1))
        width *= self.deviation * math.sqrt(1 + 1 / self.seeds)
        low, high = self.mean - width, self.mean + width
        return (math.exp(low), math.exp(high)) if self.log else (low, high)

    def visible(self) -> float | None:
        """Smallest effect that these seeds see: a factor of a bound where `log`, else a distance from it."""
        effect = power.smallest_visible(self.deviation, self.seeds)
        return math.exp(effect) if self.log and effect is not None else effect

    def needed(self, bounds: Sequence[float]) -> int | None:
        """Seeds that would tell the quantity, were it as measured, from the nearest of the bounds."""
        return power.seeds_needed(min(abs(self.mean - self._point(b)) for b in bounds), self.deviation)


@dataclass(frozen=True)
class Spread:
    """A standard deviation over seeds, pooled over cells of as many seeds each (chi-square)."""

    deviation: float
    freedom: int
    cells: int
    seeds: int
    log = True  # effects on it are factors

    @property
    def interval(self) -> Interval:
        low, high = math.nan, math.nan
        if self.freedom > 0:
            quantiles = stats.chi2.ppf([(1 + CONFIDENCE) / 2, (1 - CONFIDENCE) / 2], self.freedom)
            low, high = (self.deviation * math.sqrt(self.freedom / quantile) for quantile in quantiles)
        return Interval(self.deviation, low, high, self.seeds)

    def _statistic(self, bound: float) -> float:
        return self.freedom * (self.deviation / bound) ** 2 if self.freedom > 0 else math.nan

    def below(self, bound: float, equal: bool = False) -> float:
        if math.isinf(bound):
            return _against_infinity(bound, "smaller")
        return float(stats.chi2.cdf(self._statistic(bound), self.freedom))

    def above(self, bound: float, equal: bool = False) -> float:
        if math.isinf(bound):
            return _against_infinity(bound, "larger")
        return float(stats.chi2.sf(self._statistic(bound), self.freedom))

    def prediction(self) -> None:
        """One more seed has no standard deviation."""

    def visible(self) -> float | None:
        return power.smallest_visible_spread(self.freedom)

    def needed(self, bounds: Sequence[float]) -> int | None:
        ratios = [self.deviation / bound for bound in bounds]
        return power.seeds_needed_of_spread(ratios[0], self.cells) if len(ratios) == 1 else None


@dataclass(frozen=True)
class Correlation:
    """A rank correlation over seeds (Spearman's), by Fisher's transformation, whose variance is as Bonett and
    Wright (2000) have it."""

    rho: float
    seeds: int
    log = False

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike) -> "Correlation":
        """Between two quantities, each a value a seed. A NaN leaves it undefined, as a constant does."""
        a, b = np.asarray(x, float), np.asarray(y, float)
        defined = len(a) > 1 and np.isfinite([a, b]).all() and np.ptp(a) > 0 and np.ptp(b) > 0
        return cls(float(stats.spearmanr(a, b).statistic) if defined else math.nan, len(a))

    @property
    def _error(self) -> float:
        """Of the transformed correlation. NaN below four seeds."""
        return math.sqrt((1 + self.rho**2 / 2) / (self.seeds - 3)) if self.seeds > 3 else math.nan

    def _transformed(self, rho: float) -> float:
        return math.atanh(min(max(rho, -1 + _SAME), 1 - _SAME))

    @property
    def interval(self) -> Interval:
        width = stats.norm.ppf((1 + CONFIDENCE) / 2) * self._error
        low, high = (math.tanh(self._transformed(self.rho) + side * width) for side in (-1, 1))
        return Interval(self.rho, low, high, self.seeds)

    def _p(self, bound: float, side: Side) -> float:
        if math.isinf(bound):
            return _against_infinity(bound, side)
        z = (self._transformed(self.rho) - self._transformed(bound)) / self._error
        return float(stats.norm.cdf(z if side == "smaller" else -z))

    def below(self, bound: float, equal: bool = False) -> float:
        return self._p(bound, "smaller")

    def above(self, bound: float, equal: bool = False) -> float:
        return self._p(bound, "larger")

    def prediction(self) -> None:
        """One more seed has no correlation."""

    def visible(self) -> float | None:
        """Smallest correlation that so many seeds tell from none."""
        if self.seeds < 4:
            return None
        return math.tanh(sum(stats.norm.ppf([1 - power.LEVEL / 2, power.POWER])) / math.sqrt(self.seeds - 3))

    def needed(self, bounds: Sequence[float]) -> int | None:
        gaps = [abs(self._transformed(self.rho) - self._transformed(bound)) for bound in bounds]
        if not gaps or not math.isfinite(gap := min(gaps)) or gap == 0:
            return None
        z = sum(stats.norm.ppf([1 - power.LEVEL / 2, power.POWER]))
        return 3 + math.ceil((1 + self.rho**2 / 2) * (z / gap) ** 2)


Estimate = Sample | Spread | Correlation
