"""The plateau detector on the paper's own curves, and the reader of these curves."""

import json

import numpy as np
import pytest

from pipeline.paper import published
from pipeline.tables.crossings import first_crossing

# Steps of L < 0.99 b that were read from the figures by hand, to ten steps at best.
BY_HAND = {
    "C_lr": {"1e-4": 3780, "2e-4": 3050, "4e-4": 3050, "8e-4": 4015, "1.6e-3": 8800},
    "C_nindiv": {"4k": 365, "8k": 590, "16k": 1085, "32k": 2070, "64k": 3070, "128k": 6010},
    "C_size": {"50m": 3075, "150m": 2840, "400m": 2590},
    "C_mixer": {"attention": 3075, "ssm": 3020},
    "3_mid": {"0": 4380, "500": 6580, "1k": 4300, "2k": 1930, "4k": 885, "8k": 540, "16k": 460},
    "G": {"0.0": 2970, "0.2": 2770, "0.4": 2430, "0.6": 1810, "0.8": 1850, "1.0": 2830},
    "C_weight_decay": {"0.01": 3080, "0.03": 2920, "0.1": 3110, "0.3": 3970, "1": 4735},
    "C_batch": {"32": 11600, "64": 5770, "128": 3075, "256": 2040, "512": 1300},
    "H_n": {"4k": 2100},
    "H_w": {"8": 2100, "16": 1910},
}
CASES = [(panel, name, step) for panel, row in BY_HAND.items() for name, step in row.items()]


@pytest.mark.parametrize(("panel", "name", "step"), CASES)
def test_detector_agrees_with_a_reading_by_hand(panel, name, step):
    assert published.curve(panel, name).plateau_end() == pytest.approx(step, abs=10)


def test_detector_agrees_with_figure_2_right():
    # The paper's points are means of five seeds on a grid of 25 steps, the curves one seed each, with
    # evaluations up to 500 steps apart: 3 % or one grid step, and never above the paper's.
    points = published.points("2_right")
    pairs = zip(points["individuals"], points["plateau_end"], strict=True)
    names = {f"{n / 1000:g}k": end for n, end in pairs}
    for name in published.names("C_nindiv"):
        end = published.curve("C_nindiv", name).plateau_end()
        assert end == pytest.approx(names[name], rel=0.03, abs=25)
        assert end < names[name]


def test_figure_2_left_lies_within_the_seeds_of_figure_2_right():
    points = published.points("2_right")
    at = list(points["individuals"]).index(64000)
    end = published.curve("2_left", "loss").plateau_end()
    assert abs(end - points["plateau_end"][at]) < points["std"][at]


def test_half_baseline_by_hand():
    by_hand = {"4k": 597, "8k": 1056, "16k": 1914, "32k": 3979, "64k": 6708}
    for name, step in by_hand.items():
        c = published.curve("C_nindiv", name)
        crossing = first_crossing(c.steps, c.values, 0.5 * published.baseline(), rising=False)
        assert crossing == pytest.approx(step, abs=5)


def test_people_that_are_never_seen_keep_the_plateau():
    assert np.isnan(published.curve("5_left", "new").plateau_end())


def test_a_fixed_order_of_sentences_never_leaves_the_plateau():
    curve = published.curve("A_right_fixed_order", "16")
    assert np.isnan(curve.plateau_end()) and curve.relative().min() == pytest.approx(1.11, abs=0.01)


@pytest.mark.parametrize("panel", json.loads(published.FILE.read_text())["curves"])
def test_curves_ascend_from_step_zero(panel):
    for name in published.names(panel):
        c = published.curve(panel, name)
        assert c.steps[0] == 0 and (np.diff(c.steps) > 0).all() and np.isfinite(c.values).all()


def test_accuracies_of_figure_r_move_in_steps_of_one_pair():
    """Which says how many new pairs a curve has: the paper's legend has the numbers in reverse order."""
    for pairs in ("32", "64", "128", "256", "512", "1024"):
        right = published.curve("R_ft_acc", pairs).values * float(pairs)
        assert np.abs(right - right.round()).max() < 0.06
    right = published.curve("R_replay_ft_acc", "1/8").values * 128
    assert np.abs(right - right.round()).max() < 0.06


def test_losses_of_the_associative_memory_have_a_baseline_of_their_own():
    curve = published.curve("R_pre_loss", "1024")
    assert curve.relative(over=published.toy_baseline())[-1] == pytest.approx(6.66 / 3.4012, rel=1e-4)
    accuracy = published.curve("R_pre_acc", "1024")
    assert (accuracy.relative("accuracy", published.toy_baseline()) == accuracy.values).all()


def test_panels_of_one_figure_share_their_names():
    """Of old and of new facts, of losses and of accuracies: paths are drawn through two of them."""
    for figure in ("N", "N_replay", "R", "R_replay"):
        panels = [f"{figure}_{part}_{measure}" for part in ("pre", "ft") for measure in ("loss", "acc")]
        assert len({tuple(published.names(panel)) for panel in panels}) == 1
        for name in published.names(panels[0]):
            assert len({published.curve(panel, name).steps.size for panel in panels}) == 1


def test_missing_points_are_nan():
    assert np.isnan(published.points("J_steps_loss")["power_law"][0])


def test_heat_maps_have_a_value_for_each_cell():
    left, middle = published.points("4_left"), published.points("4_mid")
    assert left["plateau_end"].shape == (len(left["individuals"]), len(left["alpha"]))
    assert middle["alpha"].shape == (len(middle["individuals"]), len(middle["steps"]))


@pytest.mark.parametrize(("panel", "name"), [("2_leftmost", "loss"), ("2_left", "accuracy")])
def test_unknown_names_are_refused(panel, name):
    with pytest.raises(ValueError, match="allowed"):
        published.curve(panel, name)
