import math

import pytest

from pipeline.findings.verdict import (
    NOT_MEASURED,
    NOT_REPRODUCED,
    NOT_VISIBLE,
    REPRODUCED,
    Check,
    Finding,
    combine,
    conclude,
    decide,
)


@pytest.mark.parametrize(
    ("interval", "low", "high", "verdict"),
    [
        ((1.1, 1.2), 1, math.inf, REPRODUCED),
        ((0.8, 0.9), 1, math.inf, NOT_REPRODUCED),
        ((0.9, 1.1), 1, math.inf, NOT_VISIBLE),
        ((0.8, 0.9), -math.inf, 1, REPRODUCED),
        ((1.1, 1.2), -math.inf, 1, NOT_REPRODUCED),
        ((0.2, 0.4), 0, 1, REPRODUCED),
        ((-0.4, -0.2), 0, 1, NOT_REPRODUCED),
        ((1.2, 1.4), 0, 1, NOT_REPRODUCED),
        ((-1.0, 2.0), 0, 1, NOT_VISIBLE),
        # Equal to the bound in every seed is not beyond it.
        ((1.0, 1.0), 1, math.inf, NOT_REPRODUCED),
        ((math.nan, math.nan), 0, 1, NOT_VISIBLE),
    ],
)
def test_three_way_rule(interval, low, high, verdict):
    assert decide(interval, 3, low, high) == verdict


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_below_three_seeds_nothing_is_decided(seeds):
    assert decide((5.0, 5.0), seeds, 1, math.inf) == NOT_VISIBLE
    assert decide((0.0, 0.0), seeds, 1, math.inf) == NOT_VISIBLE


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([REPRODUCED, REPRODUCED], REPRODUCED),
        ([REPRODUCED, NOT_VISIBLE], NOT_VISIBLE),
        ([REPRODUCED, NOT_VISIBLE, NOT_REPRODUCED], NOT_REPRODUCED),
    ],
)
def test_parts_make_the_whole(parts, whole):
    assert combine(parts) == whole


def test_conclude_names_every_quantity_with_its_interval():
    checks = [Check.of("ratio", [1.9, 2.0, 2.1], low=1), Check.of("share", [0.1, 0.2, 0.3], high=1)]
    finding = conclude(checks, ["a", "b", "c"], "a note")
    assert finding.verdict == REPRODUCED
    assert finding.value == "ratio 2 (needs > 1); share 0.2 (needs < 1); a note"
    assert finding.interval == "ratio [1.75, 2.25]; share [-0.0484, 0.448]"
    assert finding.seeds == 3 and finding.runs == ("a", "b", "c")


def test_seeds_multiply_a_ratio():
    """10, its half and its double: on a plain scale the interval would hold 1, and values below zero."""
    values = [5.0, 10.0, 20.0]
    plain, ratio = Check.of("a / b", values, low=1), Check.ratio("a / b", values, low=1)
    assert plain.interval[0] < 0 and plain.verdict == NOT_VISIBLE
    assert ratio.estimate == pytest.approx(10) and ratio.verdict == REPRODUCED
    assert ratio.interval[0] * ratio.interval[1] == pytest.approx(100)
    assert Check.ratio("a / b", [0.0, *values]).verdict == NOT_VISIBLE


def test_a_quantity_that_a_seed_lacks_is_named_undefined():
    finding = conclude([Check.of("ratio", [1.9, math.nan, 2.1], low=1)], [])
    assert finding.verdict == NOT_VISIBLE and finding.interval is None
    assert "undefined in a seed" in finding.value


def test_other_verdicts_are_refused():
    with pytest.raises(AssertionError, match="perhaps"):
        Finding("perhaps", "", None, 0, ())
    assert Finding(NOT_MEASURED, "", None, 0, ()).verdict == NOT_MEASURED
