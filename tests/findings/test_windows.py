"""What is measured of groups that come in turn, against the curves that the scenes draw."""

import numpy as np
import pytest

from pipeline.findings.groups.windows import windows
from tests.findings.scenes import TURNS, VISITS, alternating_scene, sequential_scene


def measured(scene, experiment):
    tables = scene.tables()
    return windows(tables, tables.of(experiment)).set_index("window")


def test_windows_of_one_pass():
    seen = measured(sequential_scene(seeds=(2,)), "sequential")
    assert seen.group.tolist() == list(range(1, 9)) and set(seen.length) == {100}
    for k, turn in TURNS.items():
        row = seen.loc[k]
        assert row.half / 100 == pytest.approx(turn.half, abs=0.01, nan_ok=True)
        assert row.reached == pytest.approx(turn.reached, abs=0.01)
        assert row.final == pytest.approx(turn.final, rel=0.02)
        if k < 8:
            assert row.later == pytest.approx(turn.later, abs=0.01)
            assert row.early == pytest.approx(turn.early, abs=0.03)
            assert 0 < row.fall < 12.5, "half is lost in the first eighth"
    assert seen.loc[8, ["later", "early", "fall"]].isna().all()


def test_the_rate_at_the_begin_of_a_window_is_that_of_the_schedule():
    scene = sequential_scene(seeds=(0,))
    cosine = [0.5 * (1 + np.cos(np.pi * k / 8)) for k in range(8)]
    assert measured(scene, "sequential").rate.tolist() == pytest.approx(cosine)
    assert set(measured(scene, "sequential_constant").rate) == {1.0}


def test_a_group_that_is_revisited_has_a_window_a_visit():
    seen = measured(alternating_scene(seeds=(2,)), "alternating")
    assert seen.group.tolist() == [1, 2] * 4 and set(seen.repeats) == {4}
    for k in range(1, 7):  # what follows the others is the run's end
        assert seen.reached[k] == pytest.approx(VISITS[k].reached, abs=0.01)
        assert seen.later[k] == pytest.approx(VISITS[k].later, abs=0.01)
