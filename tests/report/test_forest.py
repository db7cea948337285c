"""The forest plot: which axis a check is on, and where its estimate, interval and bounds lie."""

import math

import pytest

from pipeline.findings.verdict import Aim, Check, as_json, decide
from pipeline.report import forest


def rows(*checks: Check, paper: float | None = None) -> dict[str, list[dict]]:
    sized = {"paper": paper, "margin": 1.5, "margin_from": "one seed"} if paper else {}
    aims = {check.key: Aim(kind="direction", **sized) for check in checks}
    claim = {"id": "C1", "checks": [as_json(part) for part in decide(checks, aims)], "plans": {"phases": "0"}}
    return {axis.id: found for axis, found in forest.rows([claim])}


def test_values_lie_on_their_axis():
    axis = forest.OVER_PAPER
    assert axis.at(1) == forest.WIDTH / 2 and axis.at(axis.low) == 0 and axis.at(axis.high) == forest.WIDTH
    assert axis.at(2) - axis.at(1) == pytest.approx(axis.at(1) - axis.at(0.5))
    assert axis.at(0) == axis.at(-1) == 0 and axis.at(math.inf) == axis.at(99) == forest.WIDTH
    assert forest.AS_IT_IS.at(0.5) == forest.WIDTH / 2


def test_what_has_the_papers_value_is_over_it():
    (row,) = rows(Check.ratio("a", "q", [0.5, 0.55, 0.6], high=1), paper=0.57)["over-paper"]
    axis = forest.OVER_PAPER
    centre = math.exp(sum(map(math.log, [0.5, 0.55, 0.6])) / 3)
    assert row["point"] == axis.at(centre / 0.57)
    assert row["interval"][0] < row["point"] < row["interval"][1] < axis.at(1 / 0.57)
    assert row["bounds"] == [(axis.at(1 / 0.57), "high")]
    assert row["visible"][0] < row["bounds"][0][0], "what is seen lies on the side that is needed"


def test_a_negative_value_of_the_papers_is_mirrored():
    (row,) = rows(Check.of("a", "q", [-0.1, -0.2, -0.3], high=0), paper=-0.19)["over-paper"]
    assert row["point"] == forest.OVER_PAPER.at(0.2 / 0.19)
    assert row["bounds"] == [(0.0, "low")], "below 0 is above 0 of it"
    assert row["visible"][0] > 0


def test_ratios_without_it_are_over_their_bound_and_others_as_they_are():
    found = rows(
        Check.ratio("a", "q", [2.0, 2.1, 2.2], low=1.5), Check.share("b", "q", [0.4, 0.5, 0.6], low=0.9)
    )
    (ratio,), (share,) = found["over-bound"], found["as-it-is"]
    assert ratio["bounds"] == [(forest.OVER_BOUND.at(1), "low")]
    assert share["point"] == forest.AS_IT_IS.at(0.5) and share["bounds"] == [(forest.AS_IT_IS.at(0.9), "low")]
    assert share["estimate"].startswith("0.5 [") and share["id"] == "check-C1-1"


def test_a_sign_other_than_the_papers_is_not_on_a_logarithmic_axis():
    assert list(rows(Check.of("a", "q", [0.1, 0.2, 0.3], high=0), paper=-0.19)) == ["as-it-is"]


def test_a_lower_bound_goes_to_the_edge():
    (row,) = rows(Check.ratio("a", "q", [1.9, 2.0, 2.1], low=1, at_least=[True] * 3))["over-bound"]
    assert row["interval"][1] == forest.WIDTH


def test_what_was_not_measured_is_left_out():
    assert rows(Check.of("a", "q", [math.nan] * 3, low=0)) == {}
