"""The sampler draws what it says, and never trains on what is held out (paper, sections 2 and 4)."""

import re
from dataclasses import fields, replace
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.config import distributions
from pipeline.config import population as people
from pipeline.data import random
from pipeline.data.sampler import (
    NAME,
    PADDING,
    START,
    TEXT,
    VALUE,
    LeakageError,
    Sampler,
    probabilities,
)
from pipeline.stages.dataset import text

DISTRIBUTIONS = {
    "uniform": distributions.Uniform(),
    "power_law": distributions.PowerLaw(kind="power_law", alpha=0.8),
    "zipf": distributions.PowerLaw(kind="power_law", alpha=1.0),
    "celebrities": distributions.Celebrities(kind="celebrities", count=5, weight=8),
    "warm_up": distributions.WarmUp(kind="warm_up", subset=10, steps=7),
    "replay": distributions.Replay(kind="replay", new=8, weight=0.25),
    "no_replay": distributions.Replay(kind="replay", new=8),
    "sequential": distributions.Sequential(kind="sequential", groups=4),
    "alternating": distributions.Sequential(kind="sequential", groups=2, repeats=3),
    "growing": distributions.Growing(kind="growing", subset=10, until=12, stages=3),
    "adaptive": distributions.Adaptive(kind="adaptive", subset=10, known=0.5),
    "wrong_warm_up": distributions.WrongWarmUp(kind="wrong_warm_up", subset=10, steps=7),
    "leaving": distributions.Leaving(kind="leaving", count=10, until=7),
    "narrow": distributions.Narrow(kind="narrow", new=8),
    "seen": distributions.Seen(kind="seen", skip=8, count=16),
}
STEPS = 24  # of the run
examples = settings(deadline=None, derandomize=True)


def test_a_kind_that_does_not_say_whom_it_draws_cannot_be_asked_for():
    class Recent(distributions.Kind):
        kind: Literal["recent"] = "recent"

        @property
        def slug(self):
            return "recent"

    with pytest.raises(TypeError, match="phases"):
        Recent()
    ((_, p),) = probabilities(distributions.Uniform(), 4, 8, 1)
    assert p.tolist() == [0.25] * 4 + [0.0] * 4


def test_every_kind_answers_for_its_runs():
    """Its columns are those it names, and its word can stand in a run's name."""
    of_a_table = distributions.Frequencies(kind="frequencies", power=0.5)
    every = [*DISTRIBUTIONS.values(), of_a_table]
    assert {d.kind for d in every} == set(distributions.KINDS)
    for d in every:
        assert list(d.columns()) == list(d.LABELS)
        assert re.fullmatch(r"[a-z0-9.]+", d.slug)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_follow_the_distribution(population, name):
    sampler = Sampler(population, DISTRIBUTIONS[name], seed=1, steps=STEPS)
    phases = probabilities(DISTRIBUTIONS[name], population.config.individuals, population.people, STEPS)
    rows = torch.arange(20_000)
    for first_step, p in phases:
        drawn = sampler.individuals(first_step, rows).numpy()
        counts = np.bincount(drawn, minlength=len(p))
        assert counts[p == 0].sum() == 0, "people of probability zero are never drawn"
        assert stats.chisquare(counts[p > 0], 20_000 * p[p > 0]).pvalue > 1e-4


def test_probabilities_of_each_distribution():
    def p(name, phase=0):
        return probabilities(DISTRIBUTIONS[name], 40, 64, STEPS)[phase][1]

    assert p("uniform")[:40] == pytest.approx(1 / 40)
    assert p("zipf")[3] == pytest.approx(p("zipf")[0] / 4)
    assert p("power_law")[7] == pytest.approx(p("power_law")[0] * 8**-0.8)
    assert p("celebrities")[4] == pytest.approx(8 * p("celebrities")[5])
    assert p("warm_up")[:10] == pytest.approx(0.1) and p("warm_up")[10:].sum() == 0
    assert p("warm_up", 1)[:40] == pytest.approx(1 / 40)
    assert p("replay")[40] == pytest.approx(4 * p("replay")[0]) and p("replay")[48:].sum() == 0
    assert p("seen")[8:24] == pytest.approx(1 / 16) and p("seen").sum() == pytest.approx(1)
    for name in ("uniform", "zipf", "celebrities", "warm_up"):
        assert p(name)[40:].sum() == 0, "unseen people stay unseen"


def test_the_warm_up_ends_at_its_step(population):
    sampler, rows = Sampler(population, DISTRIBUTIONS["warm_up"], seed=1), torch.arange(500)
    assert sampler.individuals(6, rows).max() < 10
    assert sampler.individuals(7, rows).max() >= 10


@examples
@given(
    individuals=st.integers(2, 300),
    losses=st.lists(st.floats(0, 2), max_size=20),
    known=st.floats(0.01, 0.99),
    data=st.data(),
)
def test_who_is_known_decides_when_an_adaptive_population_doubles(individuals, losses, known, data):
    subset = data.draw(st.integers(1, individuals - 1))
    kind = distributions.Adaptive(kind="adaptive", subset=subset, known=known)
    learned = [(10 * (k + 1), loss) for k, loss in enumerate(losses)]
    size, expected = subset, [(0, subset)]
    for step, loss in learned:
        if loss < known and size < individuals:
            size = min(2 * size, individuals)
            expected.append((step, size))
    phases = kind.phases_after(learned, individuals, individuals + 5, 1000)
    assert [(step, int(p.sum())) for step, p in phases] == expected
    assert all((p[: int(p.sum())] == 1).all() for _, p in phases), "the first ones"
    for few in range(len(learned)):  # what is learned later changes no earlier phase
        before = kind.phases_after(learned[:few], individuals, individuals + 5, 1000)
        assert [step for step, _ in before] == [step for step, _ in phases[: len(before)]]


def test_an_adaptive_sampler_draws_as_has_been_learned(population):
    kind = DISTRIBUTIONS["adaptive"]
    sampler = Sampler(population, kind, seed=1, steps=STEPS)
    assert not sampler.adapt([(4, 0.9)]) and sampler.sizes == [(0, 10)]
    assert sampler.adapt([(4, 0.9), (8, 0.4), (12, 0.4)]) and sampler.sizes == [(0, 10), (8, 20), (12, 40)]
    for step, size in ((7, 10), (8, 20), (11, 20), (12, 40)):
        drawn = sampler.batch(step, 2000).individuals
        assert drawn.max() == size - 1 and len(drawn.unique()) == size
    sampler.assert_no_leak()


def test_groups_come_in_turn(population):
    """Paper, appendix B.2: equal parts of the population, each for an equal share of the run."""
    sampler, rows = Sampler(population, DISTRIBUTIONS["sequential"], seed=1, steps=STEPS), torch.arange(500)
    for step in range(STEPS):
        drawn = sampler.individuals(step, rows).unique().tolist()
        assert drawn == list(range(step // 6 * 10, (step // 6 + 1) * 10))
    assert DISTRIBUTIONS["alternating"].visits(STEPS) == [(0, 0), (4, 1), (8, 0), (12, 1), (16, 0), (20, 1)]


def test_a_growing_population_is_whole_from_its_step_on(population):
    sampler, rows = Sampler(population, DISTRIBUTIONS["growing"], seed=1, steps=STEPS), torch.arange(2000)
    sizes = [len(sampler.individuals(step, rows).unique()) for step in range(STEPS)]
    assert sizes == [10] * 4 + [20] * 4 + [30] * 4 + [40] * 12


@examples
@given(st.integers(1, 400), st.integers(2, 32), st.integers(1, 8), st.data())
def test_groups_part_the_population_and_the_run(size, groups, repeats, data):
    """Whatever the numbers: disjoint groups of one size in order, visits that differ by one step at most."""
    d = distributions.Sequential(kind="sequential", groups=groups, repeats=repeats)
    steps = data.draw(st.integers(groups * repeats, 5000))
    ranges = list(d.parts(size * groups).values())
    assert [first for first, _ in ranges] == list(range(0, size * groups, size))
    assert {count for _, count in ranges} == {size}
    begins = [first for first, _ in d.visits(steps)]
    lengths = np.diff([*begins, steps])
    assert begins[0] == 0 and lengths.min() >= 1 and np.ptp(lengths) <= 1
    assert [group for _, group in d.visits(steps)] == list(range(groups)) * repeats


@examples
@given(st.integers(2, 5000), st.data())
def test_a_population_grows_to_the_whole(individuals, data):
    subset = data.draw(st.integers(1, individuals - 1))
    until = data.draw(st.integers(1, 3000))
    stages = data.draw(st.integers(1, min(until, individuals - subset, 50)))
    d = distributions.Growing(kind="growing", subset=subset, until=until, stages=stages)
    phases = probabilities(d, individuals, individuals + 5, 1)
    sizes = [np.count_nonzero(p) for _, p in phases]
    assert sizes[0] == subset and sizes[-1] == individuals and (np.diff(sizes) > 0).all()
    assert all((p[:size] == p[0]).all() for size, (_, p) in zip(sizes, phases, strict=True))
    steps = [step for step, _ in phases]
    assert steps[0] == 0 and steps[-1] == until and (np.diff(steps) > 0).all()
    assert sum(count for _, count in d.parts(individuals).values()) == individuals


def test_no_held_out_pair_is_ever_trained_on(population):
    """Training and evaluation (individual, attribute, template) triples are disjoint, and both complete."""
    sampler = Sampler(population, distributions.Uniform(), seed=5)

    def triples(batch):
        people = batch.individuals[:, None].expand(-1, 6)
        attribute = torch.arange(6).expand_as(people)
        return {
            tuple(x) for x in torch.stack([people, attribute, batch.templates], -1).flatten(0, 1).tolist()
        }

    trained = set.union(*(triples(sampler.batch(step, 512)) for step in range(60)))
    held_out = set.union(*(triples(sampler.evaluation_batch(0, 40, 4000, 4000)) for _ in range(1)))
    assert not trained & held_out
    assert len(trained) == 40 * 6 * 20, "every training pair is met"
    assert len(held_out) == 40 * 6 * 5, "every held-out pair is met"


def test_templates_and_orders_are_uniform(population):
    batch = Sampler(population, distributions.Uniform(), seed=2).batch(0, 20_000)
    place = torch.gather(
        torch.from_numpy(population.template_order)[batch.individuals].long().argsort(-1),
        2,
        batch.templates[..., None],
    )[..., 0]
    for a in range(6):
        assert stats.chisquare(np.bincount(place[:, a], minlength=20)).pvalue > 1e-4
    first = batch.attribute[:, 1]
    assert stats.chisquare(np.bincount(first, minlength=6)).pvalue > 1e-4


def test_a_batch_is_a_function_of_seed_step_and_row(population):
    sampler, other = (Sampler(population, distributions.Uniform(), seed=s) for s in (7, 8))
    whole = sampler.batch(11, 32)
    for rows in (torch.arange(0, 32, 2), torch.tensor([31, 4])):
        part = sampler.batch(11, rows)
        t = min(part.tokens.shape[1], whole.tokens.shape[1])
        assert (part.tokens[:, :t] == whole.tokens[rows, :t]).all()
        assert (part.individuals == whole.individuals[rows]).all()
    assert not (sampler.batch(12, 32).individuals == whole.individuals).all()
    assert not (other.batch(11, 32).individuals == whole.individuals).all()


def test_biographies_read_as_they_should(population, tokenizer):
    """Every biography states each of its person's values once, after the name, in six sentences."""
    batch = Sampler(population, distributions.Uniform(), seed=9).batch(0, 200)
    for row, biography in enumerate(text(batch, population, tokenizer)):
        person = int(batch.individuals[row])
        assert biography.count(population.name_text(person)) == 6
        for a, attribute in enumerate(population.schema.attributes):
            value = attribute.values[population.values[person, a]]
            assert re.search(rf"{population.name_text(person)}[^\[]*? {re.escape(value)}", biography)
        assert len(re.findall(r"\.(?: |$)", biography)) == 6
        assert "[" not in biography and "  " not in biography and " ." not in biography


def test_kinds_and_attributes_label_the_tokens(population):
    batch = Sampler(population, distributions.Uniform(), seed=9).batch(0, 64)
    kind = batch.kind
    assert set(kind.unique().tolist()) == {PADDING, START, TEXT, NAME, VALUE}
    assert (kind[:, 0] == START).all() and ((kind == PADDING) == (batch.tokens == 0)).all()
    for row in range(64):
        person = int(batch.individuals[row])
        for a in range(6):
            at = (batch.kind[row] == VALUE) & (batch.attribute[row] == a)
            segment = population.first_value_segment[a] + population.values[person, a]
            start, length = population.segment_start[segment], population.segment_length[segment]
            assert batch.tokens[row][at].tolist() == population.bank[start : start + length].tolist()


def test_evaluation_is_stratified_and_uniform(population):
    sampler = Sampler(population, DISTRIBUTIONS["power_law"], seed=1)
    people = sampler.evaluation_batch(0, 40, 400, 400).individuals
    assert (np.bincount(people, minlength=40) == 10).all()
    unseen = sampler.evaluation_batch(40, 24, 100, 100).individuals
    assert unseen.min() >= 40 and unseen.max() < 64


@pytest.fixture
def in_fixed_order(population):
    who = population.config.model_copy(
        update={"templates": people.Templates(train=20, evaluation=5, shuffle=False)}
    )
    return Sampler(
        type(population)(**{**population.__dict__, "config": who}), distributions.Uniform(), seed=1
    )


def test_fixed_order_without_shuffling(in_fixed_order):
    assert (in_fixed_order.batch(0, 32).attribute[:, 1] == 0).all()


def test_in_random_order_are_the_same_people_and_templates(population, in_fixed_order):
    mixed, shuffled = in_fixed_order.in_random_order(), Sampler(population, distributions.Uniform(), seed=1)
    before, theirs = (s.evaluation_batch(0, 40, 64, 64) for s in (in_fixed_order, shuffled))
    ours = mixed.evaluation_batch(0, 40, 64, 64)
    for name, values in vars(theirs).items():
        assert (getattr(ours, name) == values).all(), name
    assert (ours.individuals == before.individuals).all() and (ours.templates == before.templates).all()
    assert (ours.attribute[:, 1] != 0).any()
    # The one that it was made of stays in its order.
    assert (in_fixed_order.evaluation_batch(0, 40, 64, 64).attribute[:, 1] == 0).all()


def test_longest_biography_bounds_every_batch(population):
    sampler = Sampler(population, distributions.Uniform(), seed=1)
    longest = max(int((sampler.batch(s, 256).kind != PADDING).sum(1).max()) for s in range(20))
    assert longest <= population.longest_biography()


def test_random_bits_match_splitmix64():
    """Against arbitrary-precision Python integers."""
    m = 2**64

    def mix(x):
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % m
        x = (x ^ x >> 27) * 0x94D049BB133111EB % m
        return x ^ x >> 31

    state = 0
    for counter in (5, 0, 123456789):
        state = mix((state + 0x9E3779B97F4A7C15 + counter) % m)
    ours = random.bits(5, 0, torch.tensor([123456789]))
    assert int(ours) % m == state
    assert float(random.uniform(ours)) == (state >> 11) / 2**53
    assert int(random.below(ours, 1000)) == (state >> 32) * 1000 >> 32


def test_uniforms_are_uniform():
    u = random.uniform(random.bits(1, torch.arange(50_000))).numpy()
    assert u.min() >= 0 and u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-4


def leaky(population, monkeypatch, **changes) -> Sampler:
    """A sampler whose own lists are right and whose draws are wrong."""
    sampler = Sampler(population, DISTRIBUTIONS["uniform"], seed=1)
    sampler.assert_no_leak()
    for name, value in changes.items():
        monkeypatch.setattr(sampler, name, value)
    return sampler


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("rows", [5, torch.tensor([1, 3])], ids=["whole", "a process's"])
def test_steps_drawn_together_are_those_drawn_alone(population, name, rows):
    """Up to where the distribution changes: the next draw goes on from there."""
    sampler = Sampler(population, DISTRIBUTIONS[name], seed=1, steps=STEPS)
    step = 0
    while step < STEPS:
        together = sampler.batches(step, STEPS, rows)
        for batch in together:
            alone = sampler.batch(step, rows)
            for field in fields(alone):
                assert torch.equal(getattr(batch, field.name), getattr(alone, field.name)), field.name
            step += 1
        assert together and sampler._phase(step - 1) == sampler._phase(step - len(together))
    assert step == STEPS


def test_training_on_a_held_out_template_is_a_leak(population, monkeypatch):
    sampler = leaky(population, monkeypatch, _train=torch.full((6,), 25))
    sampler.batch(0, 64)
    with pytest.raises(LeakageError, match="held out"):
        sampler.assert_no_leak()


def test_evaluating_on_a_trained_template_is_a_leak(population, monkeypatch):
    every = {"_first_held": torch.zeros(6, dtype=torch.long), "_held": torch.full((6,), 25)}
    sampler = leaky(population, monkeypatch, **every)
    sampler.evaluation_batch(0, 40, 64, 64)
    with pytest.raises(LeakageError):
        sampler.assert_no_leak()


def test_training_on_a_never_seen_person_is_a_leak(population, monkeypatch):
    sampler = leaky(
        population, monkeypatch, _individuals=lambda steps, rows, phase: torch.full_like(rows, 41)
    )
    sampler.batch(0, 8)
    with pytest.raises(LeakageError):
        sampler.assert_no_leak()


def test_training_on_a_group_before_its_turn_is_a_leak(population, monkeypatch):
    sampler = Sampler(population, DISTRIBUTIONS["sequential"], seed=1, steps=STEPS)
    monkeypatch.setattr(sampler, "_individuals", lambda steps, rows, phase: torch.full_like(rows, 12))
    sampler.batch(6, 8)
    sampler.assert_no_leak()
    sampler.batch(5, 8)
    with pytest.raises(LeakageError):
        sampler.assert_no_leak()


def test_a_split_that_overlaps_is_a_leak_before_anything_is_drawn(population):
    order = population.template_order.copy()
    order[3, 2, -1] = order[3, 2, 0]
    with pytest.raises(LeakageError):
        Sampler(replace(population, template_order=order), DISTRIBUTIONS["uniform"], seed=1).assert_no_leak()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_no_distribution_leaks(population, name):
    sampler = Sampler(population, DISTRIBUTIONS[name], seed=1, steps=STEPS)
    for step in range(STEPS):
        sampler.batch(step, 64)
    for first, count in ((0, 40), (40, 24)):
        sampler.evaluation_batch(first, count, 128, 128)
    sampler.assert_no_leak()
