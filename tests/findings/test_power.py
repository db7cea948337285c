"""What seeds can see: as statsmodels has it, and as simulation does."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from pipeline.findings import power
from pipeline.findings.estimates import Correlation, Sample, Spread
from pipeline.findings.verdict import LARGER, NOT_REPRODUCED, REPRODUCED, UNDECIDED, Aim, Check, decide


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_the_smallest_visible_effect_is_seen_in_four_of_five_sets(seeds):
    effect = power.smallest_visible(2.0, seeds)
    assert TTestPower().power(effect / 2, seeds, 0.05) == pytest.approx(0.8, abs=1e-6)
    rng = np.random.default_rng(seeds)
    sets = [Check.of("a", "a", x, low=0) for x in rng.normal(effect, 2, (1000, seeds))]
    found = sum(decide([check], {"a": Aim(kind="direction")})[0].verdict == REPRODUCED for check in sets)
    low, high = stats.binom.interval(0.99, 1000, 0.8)
    assert low <= found <= high


@pytest.mark.parametrize(("seeds", "deviation"), [(0, 1.0), (1, 1.0), (5, math.nan), (5, math.inf)])
def test_nothing_can_be_told_without_a_deviation(seeds, deviation):
    assert power.smallest_visible(deviation, seeds) is None


def test_seeds_without_any_deviation_see_everything():
    assert power.smallest_visible(0.0, 3) == 0 and power.seeds_needed(0.1, 0.0) == power.LEAST_SEEDS


@pytest.mark.parametrize("distance", [0.0, math.nan, math.inf])
def test_no_number_of_seeds_tells_what_is_at_its_bound_or_undefined(distance):
    assert power.seeds_needed(distance, 1.0) is None


@pytest.mark.parametrize("distance", [3.0, 1.5, 1.0, 0.5, -0.5])
def test_the_seeds_that_are_needed_are_the_first_with_the_power(distance):
    needed = power.seeds_needed(distance, 1.0)
    assert TTestPower().power(abs(distance), needed, 0.05) >= 0.8
    assert needed == 3 or TTestPower().power(abs(distance), needed - 1, 0.05) < 0.8


def test_many_seeds_are_counted_by_the_normal_distribution():
    assert power.seeds_needed(0.01, 1.0) == pytest.approx(
        TTestPower().solve_power(0.01, power=0.8, alpha=0.05), rel=1e-3
    )


def test_what_is_undecided_says_what_would_decide_it():
    values = np.exp([0.1, 0.4, -0.2, 0.3, -0.05])
    (part,) = decide([Check.ratio("a", "a", values, low=1)], {"a": Aim(kind="direction")})
    assert part.verdict == UNDECIDED
    sample = Sample.of(values, log=True)
    assert part.seeds_needed == power.seeds_needed(sample.mean, sample.deviation) > 5
    assert sample.visible() == pytest.approx(math.exp(power.smallest_visible(sample.deviation, 5)))


def test_as_many_seeds_as_there_are_do_not_decide():
    """Large, and yet undecided: one more is needed at least."""
    values = [0.05, 1.0, 2.0]
    (part,) = decide([Check.of("a", "a", values, low=0)], {"a": Aim(kind="direction")})
    assert part.verdict == UNDECIDED and part.seeds_needed >= 4


def test_what_is_between_two_bounds_is_told_from_the_nearer():
    sample = Sample.of([0.7, 0.8, 0.9])
    assert sample.needed([0.0, 1.0]) == power.seeds_needed(0.2, sample.deviation)


def test_a_standard_deviation_is_told_from_its_bound():
    rng = np.random.default_rng(0)
    factor = power.smallest_visible_spread(12)
    scatter = rng.normal(0, 0.05 * factor, (1000, 13)).std(axis=1, ddof=1)
    seen = sum(Spread(s, 12, 3, 5).above(0.05) <= 0.025 for s in scatter)
    low, high = stats.binom.interval(0.99, 1000, 0.8)
    assert low <= seen <= high


@pytest.mark.parametrize(
    ("deviation", "verdict"),
    [(0.02, REPRODUCED), (0.05, UNDECIDED), (0.12, NOT_REPRODUCED), (0.0, REPRODUCED)],
)
def test_a_spread_is_judged_by_its_interval(deviation, verdict):
    spread = Spread(deviation, 12, 3, 5)
    check = Check("a", "a", spread.interval, spread, high=0.05)
    (part,) = decide([check], {"a": Aim(kind="threshold")})
    assert part.verdict == verdict and verdict != LARGER
    inside, outside = spread.interval.high < 0.05, spread.interval.low > 0.05
    assert (verdict == REPRODUCED, verdict == NOT_REPRODUCED) == (inside, outside)
    assert spread.prediction() is None


@pytest.mark.parametrize("ratio", [0.7, 0.9, 1.1, 1.6])
def test_seeds_for_a_spread_have_the_power(ratio):
    needed = power.seeds_needed_of_spread(ratio, cells=3)
    freedom = 3 * (needed - 1)
    if ratio > 1:
        seen = stats.chi2.sf(stats.chi2.ppf(0.975, freedom) / ratio**2, freedom)
    else:
        seen = stats.chi2.cdf(stats.chi2.ppf(0.025, freedom) / ratio**2, freedom)
    assert seen >= 0.78  # from a hundred seeds on it is an approximation
    assert power.seeds_needed_of_spread(1.0, 3) is None and power.seeds_needed_of_spread(0.0, 3) == 3


def test_one_seed_has_no_spread():
    spread = Spread(math.nan, 0, 3, 1)
    assert math.isnan(spread.below(0.05)) and spread.visible() is None and spread.needed([0.05]) is None


def pairs(rng, rho: float, seeds: int):
    """Normal pairs whose rank correlation is `rho` in the population."""
    x, noise = rng.normal(size=(2, seeds))
    r = 2 * math.sin(math.pi * rho / 6)
    return x, r * x + math.sqrt(1 - r**2) * noise


def test_a_rank_correlation_is_of_ranks():
    x, y = pairs(np.random.default_rng(1), 0.5, 20)
    found = Correlation.of(x, y)
    ranks = [np.argsort(np.argsort(values)) for values in (x, y)]
    assert found.rho == pytest.approx(np.corrcoef(ranks)[0, 1])
    assert Correlation.of(np.exp(x), y**3) == found, "only ranks count"


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_interval_of_a_correlation_holds_the_true_one(rho):
    rng = np.random.default_rng(2)
    intervals = [Correlation.of(*pairs(rng, rho, 20)).interval for _ in range(1000)]
    held = sum(i.low < rho < i.high for i in intervals)
    assert 920 <= held <= 975, "95 %, by an approximation for 20 seeds"


def test_a_correlation_that_is_visible_is_seen_as_often_as_its_power_says():
    rng, rho = np.random.default_rng(3), Correlation(0.0, 20).visible()
    seen = sum(Correlation.of(*pairs(rng, rho, 20)).interval.low > 0 for _ in range(1000))
    assert 720 <= seen <= 840
    needed = Correlation(rho, 20).needed([0.0])
    assert 20 <= needed <= 24, "what is just visible needs these seeds, a few more for its own variance"


@pytest.mark.parametrize(
    ("rho", "seeds", "verdict"),
    [(0.7, 20, REPRODUCED), (-0.7, 20, NOT_REPRODUCED), (0.2, 20, UNDECIDED), (0.9, 3, UNDECIDED)],
)
def test_a_correlation_is_judged_by_its_interval(rho, seeds, verdict):
    found = Correlation(rho, seeds)
    check = Check("a", "a", found.interval, found, low=0)
    (part,) = decide([check], {"a": Aim(kind="direction")})
    assert part.verdict == verdict
    assert found.prediction() is None and (seeds > 3 or found.visible() is None)


def test_what_does_not_vary_has_no_correlation():
    for x, y in (([1, 1, 1, 1], [1, 2, 3, 4]), ([1, 2, math.nan, 4], [1, 2, 3, 4]), ([1], [2])):
        found = Correlation.of(x, y)
        assert math.isnan(found.rho) and math.isnan(found.below(0)) and found.needed([0.0]) is None
