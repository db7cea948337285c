import math

import pytest

from pipeline.tables.crossings import first_crossing, half_accuracy, plateau_end


def test_crossings_are_linear_between_measurements():
    assert first_crossing([0, 10, 20], [4.0, 2.0, 1.0], 1.5, rising=False) == 15
    assert first_crossing([0, 10, 20], [0.0, 0.2, 0.8], 0.5, rising=True) == 15


def test_a_level_never_reached_is_nan():
    assert math.isnan(plateau_end([0, 10], [5.0, 4.5], baseline=4.0))
    assert math.isnan(half_accuracy([0, 10], [0.0, 0.49]))


def test_a_curve_that_starts_past_the_level_crosses_at_once():
    assert half_accuracy([0, 10], [0.9, 0.1]) == 0


def test_plateau_end_is_measured_against_the_baseline():
    assert plateau_end([0, 100, 200], [8.0, 4.0, 3.92], baseline=4.0) == pytest.approx(150)


def test_steps_must_ascend():
    with pytest.raises(AssertionError):
        plateau_end([0, 0], [1.0, 1.0], baseline=1.0)
