"""Observed and patched runs: what they leave, how they begin, and that they resume to the last bit."""

import argparse

import pytest
import torch

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.probes import attention
from pipeline.stages.evaluate import evaluate
from pipeline.stages.train import read_inputs, write
from pipeline.store.artefacts import seal
from pipeline.training import interrupts, snapshots
from pipeline.training.loop import Trainer
from pipeline.training.state import Saved
from tests.training.test_state import finish, same, saved, store

OBSERVED = cfg.Observation(sequences=8, snapshots=[0, 5, 12])


@pytest.fixture(scope="module")
def observed(run) -> cfg.RunConfig:
    return run.model_copy(update={"observe": OBSERVED})


@pytest.fixture(scope="module")
def reference(observed, population):
    return Trainer(observed, population).train()


def patched(observed, reference: int, start: int) -> cfg.RunConfig:
    changed = {"base": observed, "observe": None, "patching": {"reference": reference, "start": start}}
    return cfg.RunConfig.model_validate({**dict(observed), **changed})


def trainer(run, population, reference) -> Trainer:
    at = reference.snapshots
    return Trainer(run, population, at[run.patching.start], at[run.patching.reference])


def test_observing_changes_nothing(observed, reference, population):
    plain = Trainer(observed.model_copy(update={"observe": None}), population).train()
    assert plain.observed == {} and plain.snapshots == {}
    assert plain.evaluations == reference.evaluations and plain.training_log == reference.training_log
    for name, weights in plain.model.state_dict().items():
        assert torch.equal(weights, reference.model.state_dict()[name])


def test_an_observed_run_leaves_its_attention_at_each_slot_and_its_weights(observed, reference, population):
    assert [(r["step"], r["layer"]) for r in reference.observed["attention"]] == [
        (s, k) for s in observed.slots for k in (1, 2)
    ]
    assert list(reference.snapshots) == [0, 5, 12]
    fresh = Trainer(observed, population)
    for name, weights in fresh.model.state_dict().items():
        assert torch.equal(weights, reference.snapshots[0][name])
        assert torch.equal(reference.model.state_dict()[name], reference.snapshots[12][name])
    middle = Trainer(observed, population, reference.snapshots[5]).model
    rows = attention.measure(middle, fresh.sampler, 0, 40, 8)
    assert rows != [{k: v for k, v in r.items() if k != "step"} for r in reference.observed["attention"][:2]]


def test_a_patched_run_begins_where_its_base_was(observed, reference, population):
    run = patched(observed, reference=12, start=5)
    result = trainer(run, population, reference).train()
    known = [e for e in result.evaluations if e["group"] == "known"]
    assert [e["step"] for e in known] == run.slots == [5, 6, 8, 12]
    assert result.cost["tokens"] < reference.cost["tokens"]
    assert [row["step"] for row in result.training_log] == list(range(6, 13))
    rates = [row["learning_rate"] for row in reference.training_log[5:]]
    assert [row["learning_rate"] for row in result.training_log] == rates


def test_everyone_is_learned_with_the_attention_of_a_run_on_groups(observed, population):
    """Paper, Figure W: reference and run differ in whom they are trained on."""
    in_turn = {"distribution": distributions.Sequential(kind="sequential", groups=4)}
    base = cfg.RunConfig.model_validate({**dict(observed), **in_turn})
    reference = Trainer(base, population).train()
    run = patched(base, reference=12, start=0).model_copy(update={"distribution": distributions.Uniform()})
    run = cfg.RunConfig.model_validate(dict(run))
    everyone = trainer(run, population, reference)
    result = everyone.train()
    assert run.base == base and len(everyone.sampler.batch(0, 256).individuals.unique()) > 30
    assert result.evaluations[-2]["loss"] != reference.evaluations[-2]["loss"]


def test_evaluation_keeps_the_patched_attention(observed, reference, population):
    """Frozen where it stands, a run's first evaluation is that of its base; with another's attention not."""
    for step, equal in ((0, True), (12, False)):
        first = trainer(patched(observed, step, 0), population, reference).evaluate(0, 16)
        assert (first == reference.evaluations[:2]) == equal


def test_training_moves_no_query_or_key_but_by_decay(observed, reference, population):
    run = patched(observed, reference=12, start=0)
    still = run.model_copy(update={"training": run.training.model_copy(update={"weight_decay": 0.0})})
    result = trainer(still, population, reference).train()
    for k in range(2):
        before = reference.snapshots[0][f"blocks.{k}.attention.qkv.weight"]
        after = result.model.state_dict()[f"blocks.{k}.attention.qkv.weight"]
        assert torch.equal(before[:64], after[:64]) and not torch.equal(before[64:], after[64:])


def test_the_stages_take_each_snapshot_for_its_own_purpose(observed, reference, population, tmp_path):
    run = patched(observed, reference=12, start=5)
    write(tmp_path / "base", run.base, {}, reference)
    population.save(tmp_path / "people")
    seal(tmp_path / "people", ["people.safetensors", "population.json"])
    args = argparse.Namespace(population=tmp_path / "people", base=tmp_path / "base")
    inputs = read_inputs(args, run)
    for found, step in ((inputs.weights, 5), (inputs.reference, 12)):
        assert all(torch.equal(w, found[name]) for name, w in reference.snapshots[step].items())


def test_final_weights_are_evaluated_with_the_patched_attention(observed, reference, population):
    run = patched(observed, reference=12, start=0)
    alike = run.evaluation.model_copy(update={"final_sequences": run.evaluation.sequences})
    run = run.model_copy(update={"evaluation": alike})
    result = trainer(run, population, reference).train()
    rows, _ = evaluate(run, result.model.state_dict(), population, reference.snapshots[12])
    for last in result.evaluations[-2:]:
        mean = sum(row["loss"] for row in rows if row["group"] == last["group"]) / 6
        assert mean == pytest.approx(last["loss"], rel=1e-6)


@pytest.mark.parametrize("stop", [("step", 0), ("step", 7), ("evaluate", 6)])
def test_a_patched_run_resumes_to_the_last_bit(observed, reference, population, tmp_path, stop):
    run = patched(observed, reference=12, start=0)
    whole = trainer(run, population, reference).train()
    with pytest.raises(interrupts.InterruptedRunError):
        finish(trainer(run, population, reference), store(tmp_path), stop)
    same(whole, finish(trainer(run, population, reference), store(tmp_path)))


@pytest.mark.parametrize("stop", [("step", 5), ("step", 7), ("evaluate", 6), ("step", 11)])
def test_an_observed_run_resumes_with_its_snapshots(observed, reference, population, tmp_path, stop):
    with pytest.raises(interrupts.InterruptedRunError):
        finish(Trainer(observed, population), store(tmp_path), stop)
    resumed = finish(Trainer(observed, population), store(tmp_path))
    same(reference, resumed)
    assert resumed.observed == reference.observed and list(resumed.snapshots) == [0, 5, 12]
    for step, weights in reference.snapshots.items():
        assert all(torch.equal(w, resumed.snapshots[step][name]) for name, w in weights.items())


def test_a_generation_needs_all_its_snapshots(tmp_path):
    def state(step: int, *kept: int) -> Saved:
        return Saved(step, saved(step).tensors, {}, snapshots={k: saved(k).tensors for k in kept})

    at = store(tmp_path)
    at.save(state(10, 5))
    first = (tmp_path / "snapshot-000000005.safetensors").stat()
    at.save(state(20, 5, 15))
    assert (tmp_path / "snapshot-000000005.safetensors").stat().st_ino == first.st_ino, "written once"
    assert list(store(tmp_path).newest().snapshots) == [5, 15]
    for broken, newest in ((15, 10), (5, None)):
        path = tmp_path / f"snapshot-{broken:09d}.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"\xff")
        at = store(tmp_path)
        found = at.newest()
        assert (found and found.step) == newest and "damaged" in at.warnings[-1]
    at.save(state(30, 5, 15))
    found = store(tmp_path).newest()
    assert found.step == 30 and torch.equal(found.snapshots[15]["model.w"], torch.full((3,), 15.0))


def test_snapshots_are_read_back_one_by_one(reference, tmp_path):
    snapshots.write(tmp_path, reference.snapshots)
    seal(tmp_path, [snapshots.FILE])
    for step, weights in reference.snapshots.items():
        (found,) = snapshots.read(tmp_path, step)
        assert all(torch.equal(w, found[name]) for name, w in weights.items()) and len(found) == len(weights)
    with pytest.raises(AssertionError, match="no snapshot of step 1"):
        snapshots.read(tmp_path, 1)
