"""Recall of each attribute by itself."""

import pytest

from pipeline.config import run as cfg
from pipeline.probes import by_attribute, recall
from pipeline.training.loop import Trainer


def test_its_mean_is_what_a_run_is_measured_by(model, sampler):
    rows = by_attribute.measure(model, sampler, 0, 40, 30)
    whole = recall.measure(model, sampler, 0, 40, 30)
    assert [row["attribute"] for row in rows] == sampler.names
    assert [row["loss"] for row in rows] == whole.loss.tolist()
    assert sum(row["accuracy"] for row in rows) / 6 == pytest.approx(whole.summary()["accuracy"])


def test_a_run_measures_it_at_each_slot(run, population):
    observe = cfg.Observation(sequences=8, probes={"by_attribute": 16})
    rows = Trainer(run.model_copy(update={"observe": observe}), population).train().observed["by_attribute"]
    assert [row["step"] for row in rows[::6]] == run.slots and len(rows) == 6 * len(run.slots)
    assert [row["attribute"] for row in rows[:6]] == population.schema.names
