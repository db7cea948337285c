"""Intervals over seeds."""

import math

import numpy as np
import pytest

from pipeline.findings.statistics import geometric, half_width, mean_interval


def test_interval_is_students():
    # t quantile 4.302653 at two degrees of freedom; mean 2, standard deviation 1.
    half = 4.302653 / math.sqrt(3)
    assert mean_interval([1, 2, 3]) == pytest.approx((2 - half, 2 + half), abs=1e-6)


def test_a_geometric_interval_is_that_of_logarithms():
    half = 4.302653 / math.sqrt(3)
    mean, interval = geometric(np.exp([1, 2, 3]))
    assert mean == pytest.approx(math.exp(2))
    assert interval == pytest.approx((math.exp(2 - half), math.exp(2 + half)), rel=1e-6)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan, 2.0]])
def test_no_interval_without_two_values_or_with_an_undefined_one(values):
    assert all(map(math.isnan, mean_interval(values)))
    assert all(map(math.isnan, geometric(values)[1]))


@pytest.mark.parametrize("odd", [0.0, -1.0, math.inf])
def test_no_geometric_interval_where_there_is_no_logarithm(odd):
    assert all(map(math.isnan, geometric([1.0, odd, 2.0])[1]))


def test_curves_have_an_interval_a_step():
    half = 4.302653 / math.sqrt(3)
    assert half_width([[1, 10], [2, 20], [3, 30]]) == pytest.approx(np.array([half, 10 * half]), abs=1e-5)
    assert np.isnan(half_width([[1, 10]])).all() and half_width([[1, 10]]).shape == (2,)
