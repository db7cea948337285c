"""The gain of growing over a warm-up is paired by seed, and of the best of each."""

import pytest

from pipeline.findings.distributions.curricula import best_warm_up, gain, gain_again, ways_to_grow
from tests.findings.synthetic_tables import build, without


def test_the_best_of_each_are_compared_by_seed():
    tables = build()
    ways = ways_to_grow(tables)
    assert len(ways) == 2
    best = min(ways, key=lambda runs: runs.known_loss.mean()).set_index("seed").known_accuracy
    others = best_warm_up(tables)
    assert others.individuals.unique() == [1024] and others.seed.is_unique
    expected = (best - others.set_index("seed").known_accuracy).dropna()
    found = gain(tables)
    assert len(found) == 3 and found.to_dict() == pytest.approx(expected.to_dict())


def test_other_seeds_confirm_the_same_two():
    tables = build()
    rows = tables.of("curricula_again")
    ends = rows.pivot(index="seed", columns="distribution", values="known_accuracy")
    assert gain_again(tables).to_dict() == pytest.approx((ends.growing - ends.warm_up).to_dict())
    assert len(ends) == 3
    assert gain_again(without(tables, "curricula_again")).empty


def test_other_seeds_of_other_settings_confirm_nothing():
    tables = build()
    chosen = (tables.experiments.experiment == "curricula") & (tables.experiments.case == "128-400")
    tables.experiments = tables.experiments[~chosen]
    assert chosen.any() and len(ways_to_grow(tables)) == 1
    assert gain_again(tables).empty


def test_without_a_warm_up_there_is_none_to_compare_with():
    tables = without(without(build(), "warm_up"), "warm_up_grid")
    assert best_warm_up(tables).empty
