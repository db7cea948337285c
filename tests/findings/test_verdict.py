"""The verdict table: what one check gives, what several make, and how often they are wrong."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from pipeline.findings.distributions.claims import shortening
from pipeline.findings.judging import Finding, at_margins, conclude
from pipeline.findings.verdict import (
    LARGER,
    NOT_REPRODUCED,
    NOT_RUN,
    OUT_OF_REGIME,
    PRECEDENCE,
    REPRODUCED,
    SAME_SIZE,
    SIZE_OPEN,
    SMALLER,
    UNDECIDED,
    VERDICTS,
    Aim,
    Check,
    as_json,
    combine,
    decide,
    holm,
)

PLAIN = Aim(kind="direction")


def aim(paper: float, margin: float) -> Aim:
    return Aim(kind="direction", paper=paper, margin=margin, margin_from="a test")


def alone(check: Check, of: Aim = PLAIN):
    """The check as the only one of a claim."""
    (part,) = decide([check], {check.key: of})
    return part


def spread(centre: float, half: float, seeds: int = 3) -> np.ndarray:
    """Values whose 95 % interval is `centre` ± `half`."""
    x = np.linspace(-1, 1, seeds)
    return centre + half * x * math.sqrt(seeds) / (stats.t.ppf(0.975, seeds - 1) * x.std(ddof=1))


@pytest.mark.parametrize(
    ("interval", "low", "high", "verdict"),
    [
        ((1.1, 1.2), 1, math.inf, REPRODUCED),
        ((0.8, 0.9), 1, math.inf, NOT_REPRODUCED),
        ((0.9, 1.1), 1, math.inf, UNDECIDED),
        ((0.8, 0.9), -math.inf, 1, REPRODUCED),
        ((1.1, 1.2), -math.inf, 1, NOT_REPRODUCED),
        ((0.2, 0.4), 0, 1, REPRODUCED),
        ((-0.4, -0.2), 0, 1, NOT_REPRODUCED),
        ((1.2, 1.4), 0, 1, NOT_REPRODUCED),
        ((-1.0, 2.0), 0, 1, UNDECIDED),
        ((0.5, 1.2), 0, 1, UNDECIDED),
        # Equal to the bound in every seed is not beyond it.
        ((1.0, 1.0), 1, math.inf, NOT_REPRODUCED),
        ((1.0, 1.0), -math.inf, 1, NOT_REPRODUCED),
        ((1.0, 1.0), 0.5, 1.5, REPRODUCED),
        ((math.nan, math.nan), 0, 1, UNDECIDED),
    ],
)
def test_a_check_holds_within_its_bounds_and_fails_outside(interval, low, high, verdict):
    half = (interval[1] - interval[0]) / 2
    check = Check.of("a", "a", spread(interval[0] + half, half), low, high)
    assert alone(check).verdict == verdict


def test_p_values_say_what_intervals_say():
    rng = np.random.default_rng(0)
    for _ in range(500):
        check = Check.of("a", "a", rng.normal(rng.normal(), 1, 5), *sorted(rng.normal(0, 2, 2)))
        inside = check.low < check.measured.low and check.measured.high < check.high
        outside = check.measured.high <= check.low or check.high <= check.measured.low
        assert (check.p <= 0.05) == inside and (check.p_outside <= 0.05) == outside
        expected = {True: REPRODUCED}.get(inside, NOT_REPRODUCED if outside else UNDECIDED)
        assert alone(check).verdict == expected


@pytest.mark.parametrize("seeds", [0, 1, 2])
@pytest.mark.parametrize("value", [0.0, 5.0])
def test_below_three_seeds_nothing_is_decided(seeds, value):
    assert alone(Check.of("a", "a", [value] * seeds, low=1)).verdict == UNDECIDED


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_undefined_or_infinite_in_a_seed_decides_nothing(odd):
    for check in (Check.of("a", "a", [2.0, odd, 2.1], low=1), Check.ratio("a", "a", [2.0, odd, 2.1], high=1)):
        part = alone(check, aim(2, 0.5))
        assert part.verdict == UNDECIDED and part.size is None and part.seeds_needed is None
        assert as_json(part)["p"] is None and as_json(part)["visible"] is None


def test_nothing_of_zero_is_a_ratio():
    assert alone(Check.ratio("a", "a", [0.0, 5.0, 10.0], low=1)).verdict == UNDECIDED


def test_seeds_multiply_a_ratio():
    """10, its half and its double: on a plain scale the interval would hold 1, and values below zero."""
    values = [5.0, 10.0, 20.0]
    plain, ratio = Check.of("a", "a / b", values, low=1), Check.ratio("a", "a / b", values, low=1)
    assert plain.measured.low < 0 and alone(plain).verdict == UNDECIDED
    assert ratio.measured.centre == pytest.approx(10) and alone(ratio).verdict == REPRODUCED
    assert ratio.measured.low * ratio.measured.high == pytest.approx(100)


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"low": 1}, REPRODUCED),
        ({"low": 4}, UNDECIDED),
        ({"high": 4}, UNDECIDED),
        ({"high": 1}, NOT_REPRODUCED),
    ],
)
def test_a_lower_bound_may_lie_above_and_cannot_lie_below(bounds, verdict):
    """A run that ended on its plateau: its ratio is at least that."""
    check = Check.ratio("a", "a", [1.9, 2.0, 2.1], at_least=[False, True, False], **bounds)
    assert alone(check).verdict == verdict
    told = as_json(alone(check))
    assert told["interval"][0] > 1.7 and told["interval"][1] is None
    assert alone(Check.ratio("a", "a", [1.9, 2.0, 2.1], low=1, at_least=[False] * 3)).check.p < 0.05


def test_a_lower_bound_is_not_of_the_same_size_nor_smaller():
    values, seen = [1.9, 2.0, 2.1], {"low": 1, "at_least": [True] * 3}
    assert alone(Check.ratio("a", "a", values, low=1), aim(2, 1.5)).size == SAME_SIZE
    assert alone(Check.ratio("a", "a", values, **seen), aim(2, 1.5)).size == SIZE_OPEN
    assert alone(Check.ratio("a", "a", values, low=1), aim(9, 1.5)).verdict == SMALLER
    assert alone(Check.ratio("a", "a", values, **seen), aim(9, 1.5)).verdict == REPRODUCED
    assert alone(Check.ratio("a", "a", values, **seen), aim(1.1, 1.5)).verdict == LARGER


# Sizes: the paper's value is 2, with a margin of 0.5 or a factor of 1.25.


@pytest.mark.parametrize(
    ("interval", "verdict", "size"),
    [
        ((1.9, 2.1), REPRODUCED, SAME_SIZE),
        ((1.2, 1.9), REPRODUCED, SIZE_OPEN),
        ((1.1, 3.0), REPRODUCED, SIZE_OPEN),
        ((1.1, 1.4), SMALLER, None),
        ((2.6, 3.0), LARGER, None),
        ((0.5, 1.4), UNDECIDED, None),
        ((0.5, 0.9), NOT_REPRODUCED, None),
    ],
)
def test_a_check_that_holds_has_a_size(interval, verdict, size):
    low, high = interval
    part = alone(Check.of("a", "a", spread((low + high) / 2, (high - low) / 2), low=1), aim(2, 0.5))
    assert (part.verdict, part.size) == (verdict, size)


def test_the_size_of_a_ratio_is_a_factor():
    for factor, size in ((1.1, SAME_SIZE), (0.9, SAME_SIZE), (1.24, SIZE_OPEN)):
        values = 2 * factor * np.exp(spread(0, 0.05))
        assert alone(Check.ratio("a", "a", values, low=1), aim(2, 1.25)).size == size
    assert (
        alone(Check.ratio("a", "a", 2 * 1.4 * np.exp(spread(0, 0.05)), low=1), aim(2, 1.25)).verdict == LARGER
    )


def test_a_margin_of_a_ratio_widens_by_its_logarithm():
    assert aim(2, 1.5).widened(2, log=True).same(log=True) == (2 / 2.25, 2 * 2.25)
    assert aim(2, 0.5).widened(0.5, log=False).same(log=False) == (1.75, 2.25)
    assert PLAIN.widened(2, log=True) == PLAIN


def test_a_finding_at_other_margins_keeps_what_has_no_size():
    checks = [Check.of("a", "a", spread(2.9, 0.1), low=1), Check.of("b", "b", spread(2, 0.1), low=1)]
    finding = conclude(checks, {"a": aim(4, 1), "b": PLAIN}, [])
    assert finding.verdict == at_margins(finding, 0.5).verdict == SMALLER
    assert at_margins(finding, 2).verdict == REPRODUCED
    assert at_margins(Finding(NOT_RUN), 2) == Finding(NOT_RUN)


def test_less_is_more_where_a_check_has_an_upper_bound():
    """A plateau that is shortened to 0.57: to 0.9 is a smaller effect."""
    of = aim(0.57, 1.25)
    assert alone(Check.ratio("a", "a", [0.89, 0.9, 0.91], high=1), of).verdict == SMALLER
    assert alone(Check.ratio("a", "a", [0.29, 0.3, 0.31], high=1), of).verdict == LARGER
    assert alone(Check.ratio("a", "a", [0.56, 0.57, 0.58], high=1), of).size == SAME_SIZE


def test_the_equivalence_test_is_statsmodels():
    rng = np.random.default_rng(1)
    for _ in range(50):
        values = rng.normal(2, 0.3, 5)
        part = alone(Check.of("a", "a", values, low=0), aim(2, 0.5))
        assert part.p_same == pytest.approx(DescrStatsW(values).ttost_mean(1.5, 2.5)[0])


def test_one_more_seed_is_predicted():
    values = spread(0, 1, 5)
    low, high = as_json(alone(Check.of("a", "a", values, low=-9)))["prediction"]
    assert (low, high) == pytest.approx(
        (-math.sqrt(6), math.sqrt(6))
    )  # the interval of the mean times √(n + 1)
    ratio = as_json(alone(Check.ratio("a", "a", np.exp(values), low=0.1)))
    assert ratio["prediction"] == pytest.approx([math.exp(low), math.exp(high)])


# Claims of several checks


@pytest.mark.parametrize("parts", list(itertools.combinations(PRECEDENCE, 2)))
def test_a_claim_has_the_first_verdict_of_its_parts(parts):
    assert combine(parts) == combine(reversed(parts)) == parts[0]
    assert combine([*parts, REPRODUCED]) == parts[0]


def test_the_precedence_is_that_of_the_table():
    assert PRECEDENCE == (NOT_RUN, OUT_OF_REGIME, NOT_REPRODUCED, UNDECIDED, SMALLER, LARGER, REPRODUCED)
    assert set(VERDICTS) == set(PRECEDENCE)


def test_a_part_that_fails_alone_may_be_chance_among_several():
    """P = 0.03 twice: Holm's first step doubles it."""
    values = spread(0, 1, 5)
    shift = next(s for s in np.linspace(0, 3, 3001) if Check.of("a", "a", values - s, low=0).p_outside < 0.03)
    fails, holds = (Check.of(key, key, values + off, low=0) for key, off in (("a", -shift), ("b", 5)))
    assert alone(fails).verdict == NOT_REPRODUCED
    aims = {"a": PLAIN, "b": PLAIN}
    first, second = decide([fails, holds], aims)
    assert first.p_fails == pytest.approx(2 * fails.p_outside) and first.verdict == UNDECIDED
    assert second.verdict == REPRODUCED, "what holds needs no correction"
    clear = Check.of("a", "a", values - 5, low=0)
    assert [part.verdict for part in decide([clear, holds], aims)] == [NOT_REPRODUCED, REPRODUCED]
    # An undefined part counts as one more.
    undefined = Check.of("b", "b", [math.nan] * 5, low=0)
    assert decide([fails, undefined], aims)[0].verdict == UNDECIDED


def test_holm_is_statsmodels():
    rng = np.random.default_rng(6)
    for checks in range(1, 8):
        p = rng.uniform(0, 0.2, checks)
        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert list(holm([0.01, math.nan])) == [0.02, 1.0]


def test_a_finding_holds_every_check_as_data_main_contrast_first():
    checks = [
        Check.of("share", "share", [0.1, 0.2, 0.3], high=1),
        Check.of("ratio", "ratio", [1.9, 2.0, 2.1], low=1),
    ]
    aims = {"ratio": PLAIN, "share": Aim(kind="threshold")}
    finding = conclude(checks, aims, ["a", "b", "c"], "a note")
    assert finding.verdict == REPRODUCED and [part.check.key for part in finding.checks] == ["ratio", "share"]
    assert finding.note == "a note" and finding.seeds == 3 and finding.runs == ("a", "b", "c")
    ratio, share = map(as_json, finding.checks)
    assert ratio == {
        "key": "ratio",
        "kind": "direction",
        "quantity": "ratio",
        "estimate": pytest.approx(2),
        "interval": pytest.approx([1.7516, 2.2484], abs=1e-4),
        "low": 1,
        "high": None,
        "seeds": 3,
        "verdict": REPRODUCED,
        "scale": "difference",
        "paper": None,
        "margin": None,
        "margin_from": None,
        "size": None,
        "p": pytest.approx(0.003317, abs=1e-6),
        "p_fails": 1,
        "p_same": None,
        "prediction": pytest.approx([1.5032, 2.4968], abs=1e-4),
        "visible": pytest.approx(0.3260, abs=1e-3),
        "seeds_needed": None,
    }
    assert (share["low"], share["high"], share["kind"]) == (None, 1, "threshold")
    assert share["interval"] == pytest.approx([-0.0484, 0.4484], abs=1e-4)


def test_the_least_seeds_of_its_checks_are_those_of_a_finding():
    checks = [Check.of("a", "a", [1.0] * 5, high=2), Check.of("b", "b", [1.0, 1.1], high=2)]
    assert conclude(checks, dict.fromkeys("ab", PLAIN), []).seeds == 2


def test_a_finding_tells_which_checks_the_plan_lacks():
    finding = conclude([Check.of("a", "a", [1.0] * 3, high=2)], {"b": PLAIN, "a": PLAIN}, [], "so")
    assert finding.note == "so; the plan has no runs for: b"


@pytest.mark.parametrize(
    ("sizes", "whole"),
    [
        ([SAME_SIZE, SAME_SIZE], SAME_SIZE),
        ([SAME_SIZE, SIZE_OPEN], SIZE_OPEN),
        ([SAME_SIZE, None], SAME_SIZE),
        ([None], None),
    ],
)
def test_the_size_of_a_claim_is_the_same_if_all_of_its_sizes_are(sizes, whole):
    values = {SAME_SIZE: [2.0, 2.01, 2.02], SIZE_OPEN: [1.5, 2.0, 2.5], None: [2.0, 2.01, 2.02]}
    aims = {str(k): PLAIN if size is None else aim(2, 0.5) for k, size in enumerate(sizes)}
    checks = [Check.of(str(k), str(k), values[size], low=0) for k, size in enumerate(sizes)]
    assert conclude(checks, aims, []).size == whole


def test_a_finding_needs_the_seeds_of_all_that_is_undecided():
    near, far = (Check.of(key, key, spread(off, 1, 5), low=0) for key, off in (("near", 0.3), ("far", 0.8)))
    aims = dict.fromkeys(("near", "far"), PLAIN)
    needed = [part.seeds_needed for part in decide([near, far], aims)]
    assert needed[0] > needed[1] > 5 and conclude([near, far], aims, []).seeds_needed == needed[0]
    none = Check.of("near", "near", [math.nan] * 5, low=0)
    assert conclude([none, far], aims, []).seeds_needed is None


def test_other_verdicts_are_refused():
    with pytest.raises(AssertionError, match="perhaps"):
        Finding("perhaps")
    assert Finding(NOT_RUN).verdict == NOT_RUN


@pytest.mark.parametrize(
    "given",
    [
        {"paper": 1.0},
        {"paper": 1.0, "margin": 0.5},
        {"margin": 0.5, "margin_from": "a test"},
        {"paper": 1.0, "margin": 0, "margin_from": "a test"},
        {"kind": "size"},
    ],
)
def test_a_size_is_whole(given):
    with pytest.raises(ValidationError):
        Aim(**{"kind": "direction", **given})


# Error rates, on simulated sets of five seeds in which arms do not differ.
SETS, SEEDS = 1000, 5


def allowed(rate: float) -> tuple[float, float]:
    """The binomial 99 % interval of so many of the sets."""
    return stats.binom.interval(0.99, SETS, rate)


def pairs(rng: np.random.Generator, arms: int) -> np.ndarray:
    """t(0.99) by set, seed and arm: seeds share their people and initial weights, arms scatter by a tenth."""
    shared = rng.normal(6, 0.1, (SETS, SEEDS, 1))
    return np.exp(shared + rng.normal(0, 0.1, (SETS, SEEDS, arms)))


def verdicts(ratios: np.ndarray, checks: int = 1) -> list[str]:
    """Of claims that a ratio, or several, is below 1; `ratios` are (sets, seeds, checks)."""
    aims = {str(k): PLAIN for k in range(checks)}
    return [
        combine(
            part.verdict
            for part in decide([Check.ratio(str(k), str(k), each[:, k], high=1) for k in range(checks)], aims)
        )
        for each in ratios
    ]


def test_uniform_against_uniform_is_decided_in_five_of_a_hundred_sets():
    """Half of them either way: an interval of 95 % leaves out the truth to one side in 2.5 %."""
    ends = pairs(np.random.default_rng(2), 2)
    found = pd.Series(verdicts(ends[:, :, 1:] / ends[:, :, :1])).value_counts()
    low, high = allowed(0.05)
    assert low <= found[REPRODUCED] + found[NOT_REPRODUCED] <= high
    low, high = allowed(0.025)
    assert low <= found[REPRODUCED] <= high and low <= found[NOT_REPRODUCED] <= high


def test_relabelled_arms_are_decided_as_often():
    """Two arms that do differ, with their labels drawn anew in each seed of each set."""
    rng = np.random.default_rng(3)
    ends = pairs(rng, 2) * [1, 0.8]
    ends = rng.permuted(ends, axis=2)
    decided = [v for v in verdicts(ends[:, :, 1:] / ends[:, :, :1]) if v != UNDECIDED]
    assert len(decided) <= allowed(0.05)[1], "signs at random scatter more widely: seldom, if anything"


def test_the_best_of_several_is_chosen_by_other_seeds():
    """Of four arms that do not differ, the least of each seed would be found shorter in two sets of five.
    Seeds share the choices that others make for them, and so tell a little less than as many that do not.
    """
    ends = pairs(np.random.default_rng(4), 5)
    frames = [pd.DataFrame(each, columns=[0.0, 0.4, 0.6, 0.8, 1.0]) for each in ends]
    ratios = np.array([shortening(frame) for frame in frames])[:, :, None]
    found = verdicts(ratios)
    assert found.count(REPRODUCED) + found.count(NOT_REPRODUCED) <= allowed(0.075)[1]
    assert found.count(REPRODUCED) <= allowed(0.05)[1]
    naive = np.array([frame.min(axis=1) / frame[0.0] for frame in frames])[:, :, None]
    assert verdicts(naive).count(REPRODUCED) > SETS / 3


@pytest.mark.parametrize("checks", [2, 5])
def test_that_one_of_several_fails_by_chance_keeps_its_level(checks):
    """Each at its bound: all that fail do so by chance. Without a correction more than the level would."""
    ends = pairs(np.random.default_rng(5), 2 * checks)
    ratios = ends[:, :, :checks] / ends[:, :, checks:]
    assert verdicts(ratios, checks).count(NOT_REPRODUCED) <= allowed(0.025)[1]
    alone_fail = [NOT_REPRODUCED in verdicts(np.moveaxis(each[:, :, None], 1, 0)) for each in ratios]
    assert sum(alone_fail) > allowed(0.025)[1]
