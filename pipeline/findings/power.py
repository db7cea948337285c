"""What a number of seeds can see: the smallest effect, and the seeds that an effect would need.

At 80 % power, for intervals of 95 %: a two-sided t test at 5 % (statsmodels) of a mean over seeds, and the
chi-square test of a standard deviation.
"""

import math
from collections.abc import Callable

from scipy import stats
from statsmodels.stats.power import TTestPower

POWER = 0.8
LEVEL = 0.05
# With two seeds the 95 % quantile of Student's t is 12.7: an interval that says nothing.
LEAST_SEEDS = 3
# Seeds that a plan may be asked for. Beyond them the number is told, and the question is left as it is.
MOST_SEEDS = 10
_COUNTED = 100  # from here on the normal distribution is as good, and never fails to converge


def smallest_visible(deviation: float, seeds: int) -> float | None:
    """Distance of a mean from a bound that so many seeds of this standard deviation see; None below two."""
    if seeds < 2 or not math.isfinite(deviation):
        return None
    return deviation * float(TTestPower().solve_power(nobs=seeds, alpha=LEVEL, power=POWER))


def _first(enough: Callable[[int], bool]) -> int | None:
    return next((n for n in range(LEAST_SEEDS, _COUNTED + 1) if enough(n)), None)


def seeds_needed(distance: float, deviation: float) -> int | None:
    """Seeds that see a mean at this distance from a bound; None if no number would, or none can be told."""
    if not math.isfinite(distance) or not math.isfinite(deviation) or distance == 0:
        return None
    if deviation == 0:
        return LEAST_SEEDS
    effect = abs(distance) / deviation
    few = _first(lambda n: TTestPower().power(effect, n, LEVEL) >= POWER)
    return few or math.ceil(sum(stats.norm.ppf([1 - LEVEL / 2, POWER])) ** 2 / effect**2)


def smallest_visible_spread(freedom: int) -> float | None:
    """Standard deviation above a bound, as a multiple of it, that so many degrees of freedom see."""
    if freedom < 1:
        return None
    quantiles = stats.chi2.ppf([1 - LEVEL / 2, 1 - POWER], freedom)
    return math.sqrt(quantiles[0] / quantiles[1])


def seeds_needed_of_spread(ratio: float, cells: int) -> int | None:
    """Seeds in each of so many cells that tell a standard deviation of `ratio` times a bound from it."""
    if not math.isfinite(ratio) or ratio == 1:
        return None

    def enough(seeds: int) -> bool:
        freedom = cells * (seeds - 1)
        if ratio > 1:
            needed = stats.chi2.ppf(1 - LEVEL / 2, freedom) / ratio**2
            return stats.chi2.sf(needed, freedom) >= POWER
        if ratio == 0:
            return True
        return stats.chi2.cdf(stats.chi2.ppf(LEVEL / 2, freedom) / ratio**2, freedom) >= POWER

    # For many degrees of freedom a deviation's logarithm is normal, of variance 1 / (2 freedom).
    freedom = sum(stats.norm.ppf([1 - LEVEL / 2, POWER])) ** 2 / (2 * math.log(ratio) ** 2) if ratio else 0
    return _first(enough) or math.ceil(freedom / cells) + 1
