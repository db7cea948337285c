"""A run's people have the values that its distribution tells: others in a warm-up on wrong facts, or those of
half of each list."""

import numpy as np
import pytest

from pipeline.config import distributions
from pipeline.data.sampler import PADDING, VALUE, Sampler
from pipeline.data.told import told

STEPS, SWITCH, SUBSET = 24, 7, 10
WRONG = distributions.WrongWarmUp(kind="wrong_warm_up", subset=SUBSET, steps=SWITCH)
NARROW = distributions.Narrow(kind="narrow", new=8)
LEAVING = distributions.Leaving(kind="leaving", count=10, until=SWITCH)


def of(run, population, kind):
    """The population as a run under `kind` has it, and what draws from it."""
    people = told(population, run.model_copy(update={"distribution": kind}))
    return people, Sampler(people, kind, seed=1, steps=STEPS)


def stated(population, batch) -> np.ndarray:
    """(B, A): the values that the biographies state, read off their tokens."""
    out = np.zeros((len(batch.tokens), 6), int)
    for row, tokens in enumerate(batch.tokens):
        for a, attribute in enumerate(population.schema.attributes):
            said = tokens[(batch.kind[row] == VALUE) & (batch.attribute[row] == a)].tolist()
            for value in range(len(attribute.values)):
                segment = population.first_value_segment[a] + value
                start = population.segment_start[segment]
                if population.bank[start : start + population.segment_length[segment]].tolist() == said:
                    out[row, a] = value
    return out


def test_other_runs_have_the_values_that_were_drawn(run, population):
    people, _ = of(run, population, distributions.Uniform())
    assert people.values is population.values and people.at_first is None


def test_a_wrong_warm_up_states_the_values_of_others_and_then_the_right_ones(run, population):
    people, sampler = of(run, population, WRONG)
    assert people.values is population.values
    first, later = sampler.batch(SWITCH - 1, 200), sampler.batch(SWITCH, 200)
    for batch, places in ((first, 1), (later, 0)):
        for person, values in zip(batch.individuals.tolist(), stated(population, batch), strict=True):
            of_whom = [(person + (1 + a) * places) % SUBSET if places else person for a in range(6)]
            assert values.tolist() == [population.values[k, a] for a, k in enumerate(of_whom)]
    measured = sampler.evaluation_batch(0, SUBSET, 40, 40)
    assert (stated(population, measured) == population.values[measured.individuals]).all()
    sampler.assert_no_leak()


def test_wrong_values_are_the_subsets_own_and_no_two_stay_together(run, population):
    wrong = of(run, population, WRONG)[0].at_first
    for a in range(6):
        assert sorted(wrong[:SUBSET, a]) == sorted(population.values[:SUBSET, a])
    assert (wrong[SUBSET:] == population.values[SUBSET:]).all()
    numbered = np.tile(np.arange(40)[:, None], (1, 6))  # everybody's value is their number
    holders = WRONG.values_at_first(numbered)[:SUBSET]
    assert all(len(set(row)) == 6 and k not in row for k, row in enumerate(holders.tolist()))


def test_new_people_have_values_of_half_of_each_list(run, population):
    people, sampler = of(run, population, NARROW)
    new, others = slice(40, 48), np.r_[0:40, 48:64]
    assert (people.values[others] == population.values[others]).all()
    for a, attribute in enumerate(population.schema.attributes):
        half = (len(attribute.values) + 1) // 2
        assert people.values[new, a].max() < half <= population.values[:40, a].max()
        kept = population.values[new, a] < half
        assert (people.values[new, a] == population.values[new, a])[kept].all()
    for batch in (sampler.batch(3, 40), sampler.evaluation_batch(40, 8, 40, 40)):
        assert (stated(population, batch) == people.values[batch.individuals]).all()
        assert batch.individuals.min() >= 40


def test_who_leaves_is_never_shown_again(run, population):
    _, sampler = of(run, population, LEAVING)
    before, after = sampler.batch(SWITCH - 1, 2000), sampler.batch(SWITCH, 2000)
    assert set(before.individuals.tolist()) == set(range(40))
    assert set(after.individuals.tolist()) == set(range(10, 40))
    assert LEAVING.parts(40) == {"left": (0, 10), "stayed": (10, 30)}


@pytest.mark.parametrize("kind", [WRONG, NARROW])
def test_the_longest_biography_is_the_longest_that_is_told(run, population, kind):
    people, sampler = of(run, population, kind)
    longest = max(int((sampler.batch(step, 256).kind != PADDING).sum(1).max()) for step in range(12))
    assert longest <= people.longest_biography()


def test_lengths_of_wrong_values_count(run, population):
    """The person with the longest biography gets another's shorter values: theirs bound it still."""
    people, _ = of(run, population, WRONG)
    assert people.longest_biography() >= population.longest_biography()
    lengths = people.value_lengths(people.at_first)
    right = people.value_lengths()
    assert (lengths.sum(0) == right.sum(0)).all() and (lengths != right).any()
