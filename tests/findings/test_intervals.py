"""Intervals over seeds: how they are computed, shown and compared."""

import math

import numpy as np
import pytest

from pipeline.findings.statistics import Interval, half_width
from pipeline.findings.verdict import Aim, Check, decide

QUANTILE = 4.302653  # Student's t at two degrees of freedom, 97.5 %


def test_an_interval_is_students():
    half = QUANTILE / math.sqrt(3)  # mean 2, standard deviation 1
    found = Interval.mean([1, 2, 3])
    assert (found.centre, found.seeds) == (2, 3)
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), abs=1e-6)


def test_a_geometric_interval_is_that_of_logarithms():
    half = QUANTILE / math.sqrt(3)
    found = Interval.geometric(np.exp([1, 2, 3]))
    assert found.centre == pytest.approx(math.exp(2))
    assert (found.low, found.high) == pytest.approx((math.exp(2 - half), math.exp(2 + half)), rel=1e-6)


def test_the_interval_of_a_share_ends_where_shares_end():
    low, high = Interval.share([0.0, 0.0, 0.1]), Interval.share([0.9, 1.0, 1.0])
    assert Interval.mean([0.0, 0.0, 0.1]).low < 0 and low.low == 0 < low.centre < low.high
    assert Interval.mean([0.9, 1.0, 1.0]).high > 1 and high.low < high.centre < high.high == 1


@pytest.mark.parametrize("kind", [Interval.mean, Interval.geometric, Interval.share])
@pytest.mark.parametrize("values", [[], [0.5], [0.5, math.nan, 0.7]])
def test_no_bounds_without_two_values_or_with_an_undefined_one(kind, values):
    found = kind(values)
    assert not found.bounded and math.isnan(found.low) and math.isnan(found.high)
    assert found.seeds == len(values) and math.isnan(found.centre) == (len(values) != 1)


@pytest.mark.parametrize("odd", [0.0, -1.0, math.inf])
def test_no_geometric_bounds_where_there_is_no_logarithm(odd):
    assert not Interval.geometric([1.0, odd, 2.0]).bounded


def test_curves_have_a_half_width_a_step():
    half = QUANTILE / math.sqrt(3)
    assert half_width([[1, 10], [2, 20], [3, 30]]) == pytest.approx(np.array([half, 10 * half]), abs=1e-5)
    assert np.isnan(half_width([[1, 10]])).all() and half_width([[1, 10]]).shape == (2,)


def test_an_interval_is_written_like_its_mean():
    found = Interval(0.7512, 0.5098, 1.1234, 5)
    assert f"{found:.2f}" == "0.75 [0.51, 1.12]" and str(found) == "0.751 [0.51, 1.12]"
    assert f"{Interval.mean([417.2]):.0f}" == "417"
    assert str(Interval.mean([1.0, math.nan])) == "undefined in a seed"


def test_the_end_of_shares_changes_no_verdict():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        values = np.clip(rng.normal(rng.choice([0, 0.5, 1]), rng.choice([0, 0.01, 0.3]), 3), 0, 1)
        low, high = sorted(rng.uniform(0, 1, 2))
        for bounds in ({"low": low}, {"high": high}, {"low": low, "high": high}, {"low": 0}, {"high": 1}):
            checks = (make("a", "accuracy", values, **bounds) for make in (Check.share, Check.of))
            share, plain = (decide([check], {"a": Aim(kind="threshold")})[0] for check in checks)
            assert share.verdict == plain.verdict, (values, bounds)
