"""Recall of a run on sentences in random order, whatever the order that it is trained on."""

import pytest

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.sampler import LeakageError, Sampler
from pipeline.probes import random_order, recall
from pipeline.training.loop import Trainer


@pytest.fixture
def in_fixed_order(population):
    templates = population.config.templates.model_copy(update={"shuffle": False})
    who = population.config.model_copy(update={"templates": templates})
    return type(population)(**{**population.__dict__, "config": who})


def test_it_is_recall_as_a_run_in_random_order_is_measured(model, sampler, in_fixed_order):
    fixed = Sampler(in_fixed_order, distributions.Uniform(), seed=1)
    (row,) = random_order.measure(model, fixed, 0, 40, 30)
    expected = recall.measure(model, sampler, 0, 40, 30).summary()
    assert row == {"loss": expected["loss"], "accuracy": expected["accuracy"]}
    assert row["loss"] != recall.measure(model, fixed, 0, 40, 30).summary()["loss"]


def test_a_leak_is_seen_there_too(model, sampler):
    sampler._trained_on[:] = True
    with pytest.raises(LeakageError):
        random_order.measure(model, sampler, 0, 40, 10)


def test_a_run_measures_it_at_each_slot_and_is_not_changed_by_it(run, in_fixed_order):
    who = in_fixed_order.config
    plain, asked = (
        Trainer(
            run.model_copy(
                update={"population": who, "observe": cfg.Observation(sequences=8, probes=probes)}
            ),
            in_fixed_order,
        ).train()
        for probes in (None, {"random_order": 16})
    )
    assert plain.evaluations == asked.evaluations and plain.training_log == asked.training_log
    assert "random_order" not in plain.observed
    rows = asked.observed["random_order"]
    assert [row["step"] for row in rows] == run.slots
    assert all(set(row) == {"step", "loss", "accuracy"} for row in rows)
