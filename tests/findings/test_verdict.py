import math

import pytest

from pipeline.findings.statistics import Interval
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
    assert decide(Interval(sum(interval) / 2, *interval, 3), low, high) == verdict


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_below_three_seeds_nothing_is_decided(seeds):
    assert decide(Interval(5.0, 5.0, 5.0, seeds), 1, math.inf) == NOT_VISIBLE
    assert decide(Interval(0.0, 0.0, 0.0, seeds), 1, math.inf) == NOT_VISIBLE


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


def test_a_finding_holds_every_check_as_data():
    checks = [Check.of("ratio", [1.9, 2.0, 2.1], low=1), Check.of("share", [0.1, 0.2, 0.3], high=1)]
    finding = conclude(checks, ["a", "b", "c"], "a note")
    assert finding.verdict == REPRODUCED and finding.checks == tuple(checks)
    assert finding.note == "a note" and finding.seeds == 3 and finding.runs == ("a", "b", "c")
    ratio, share = (check.as_json() for check in checks)
    assert ratio == {
        "quantity": "ratio",
        "estimate": pytest.approx(2),
        "interval": pytest.approx([1.7516, 2.2484], abs=1e-4),
        "low": 1,
        "high": None,
        "seeds": 3,
        "verdict": REPRODUCED,
    }
    assert (share["low"], share["high"]) == (None, 1)
    assert share["interval"] == pytest.approx([-0.0484, 0.4484], abs=1e-4)


def test_the_least_seeds_of_its_checks_are_those_of_a_finding():
    checks = [Check.of("a", [1.0] * 5, high=2), Check.of("b", [1.0, 1.1], high=2)]
    assert conclude(checks, []).seeds == 2


def test_seeds_multiply_a_ratio():
    """10, its half and its double: on a plain scale the interval would hold 1, and values below zero."""
    values = [5.0, 10.0, 20.0]
    plain, ratio = Check.of("a / b", values, low=1), Check.ratio("a / b", values, low=1)
    assert plain.as_json()["interval"][0] < 0 and plain.verdict == NOT_VISIBLE
    assert ratio.as_json()["estimate"] == pytest.approx(10) and ratio.verdict == REPRODUCED
    assert math.prod(ratio.as_json()["interval"]) == pytest.approx(100)
    assert Check.ratio("a / b", [0.0, *values]).verdict == NOT_VISIBLE


@pytest.mark.parametrize("values", [[1.9, math.nan, 2.1], []])
def test_a_quantity_that_a_seed_lacks_is_undefined(values):
    check = Check.of("ratio", values, low=1)
    assert conclude([check], []).verdict == NOT_VISIBLE
    assert check.as_json()["estimate"] is None and check.as_json()["interval"] is None


def test_one_seed_has_an_estimate_and_no_interval():
    check = Check.of("ratio", [2.0], low=1).as_json()
    assert (check["estimate"], check["interval"], check["verdict"]) == (2, None, NOT_VISIBLE)


def test_other_verdicts_are_refused():
    with pytest.raises(AssertionError, match="perhaps"):
        Finding("perhaps")
    assert Finding(NOT_MEASURED).verdict == NOT_MEASURED
