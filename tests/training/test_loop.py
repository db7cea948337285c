"""The training loop: golden loss, schedules, learning, and errors."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch.overrides import TorchFunctionMode

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.training import hardware, loop, update

GOLDEN = Path(__file__).parent / "golden_loss.json"


@pytest.fixture
def fp32(monkeypatch):
    """The same arithmetic on every machine."""
    monkeypatch.setattr(hardware, "precision", lambda device: "fp32")
    hardware.accelerator.cache_clear()
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)
    hardware.accelerator.cache_clear()


def test_losses_are_the_golden_ones(run, population, fp32):
    """A change that is not one of computation leaves every loss as it was.

    To accept a deliberate change: delete the file, run this test, commit what it writes.
    """
    result = loop.Trainer(run, population).train()
    losses = [e["loss"] for e in result.evaluations]
    if not GOLDEN.exists():
        GOLDEN.write_text(json.dumps(losses, indent=1) + "\n")
        pytest.fail(f"{GOLDEN.name} was missing and is now written: look at it and commit it")
    assert losses == pytest.approx(json.loads(GOLDEN.read_text()), rel=2e-5)


def test_a_run_repeats_to_the_last_bit(run, population):
    a, b = (loop.Trainer(run, population).train() for _ in range(2))
    assert a.evaluations == b.evaluations
    for x, y in zip(a.model.parameters(), b.model.parameters(), strict=True):
        assert torch.equal(x, y)


def test_training_learns_and_reports(run, population):
    longer = run.model_copy(update={"training": run.training.model_copy(update={"steps": 60})})
    result = loop.Trainer(longer, population).train()
    known = [e for e in result.evaluations if e["group"] == "known"]
    assert [e["step"] for e in known] == longer.evaluation.steps(60) == [0, 15, 20, 30, 40, 60]
    assert known[-1]["loss"] < 0.75 * known[0]["loss"]
    assert result.training_log[-1]["loss_per_token"] < result.training_log[0]["loss_per_token"]
    assert result.cost["tokens"] > 0 and result.cost["tokens_per_second"] > 0


def test_groups_are_evaluated_apart_and_together(run, population):
    """Groups of equal size make up everyone: with each person drawn once, their mean loss is everyone's."""
    everyone = run.evaluation.model_copy(update={"sequences": 40, "apart": 10})
    changed = {"distribution": distributions.Sequential(kind="sequential", groups=4), "evaluation": everyone}
    in_turn = cfg.RunConfig.model_validate({**dict(run), **changed})
    result = loop.Trainer(in_turn, population).train()
    last = {row["group"]: row for row in result.evaluations if row["step"] == 12}
    assert list(last) == ["known", "new", "group-1", "group-2", "group-3", "group-4"]
    apart = [last[f"group-{k}"]["loss"] for k in (1, 2, 3, 4)]
    assert len(set(apart)) == 4 and sum(apart) / 4 == pytest.approx(last["known"]["loss"], rel=0.05)


def test_schedules():
    cosine = cfg.Training(batch=1, steps=100, learning_rate=1e-2, final_learning_rate=1e-4)
    rates = [loop.learning_rate(cosine, s) for s in (0, 50, 100)]
    assert rates == pytest.approx([1e-2, (1e-2 + 1e-4) / 2, 1e-4])
    constant = cosine.model_copy(update={"schedule": "constant"})
    assert {loop.learning_rate(constant, s) for s in (0, 50, 100)} == {1e-2}


def test_the_papers_checkpoint_slots():
    """Every 125 steps up to 2k, plus 32 evenly spaced ones; step 0 besides."""
    evaluation = cfg.Evaluation(
        sequences=1, final_sequences=1, dense_every=1 / 128, dense_until=0.125, slots=32
    )
    steps = evaluation.steps(16_000)
    assert steps[:3] == [0, 125, 250] and 1875 in steps and 2125 not in steps
    assert steps[-2:] == [15_500, 16_000] and len(steps) == 1 + 16 + 28


def test_fine_tuning_starts_from_the_base(run, population):
    base = loop.Trainer(run, population).train()
    tuned = run.model_copy(
        update={
            "base": run,
            "distribution": distributions.Replay(kind="replay", new=8),
            "training": run.training.model_copy(update={"steps": 4, "schedule": "constant"}),
        }
    )
    weights = {k: v.clone() for k, v in base.model.state_dict().items()}
    result = loop.Trainer(tuned, population, weights).train()
    before = next(e for e in reversed(base.evaluations) if e["group"] == "known")
    assert result.evaluations[0] == pytest.approx({**before, "step": 0}, abs=1e-6)


def test_a_loss_that_is_not_finite_stops_the_run(run, population):
    trainer = loop.Trainer(run, population)
    trainer.model.embedding.weight.data[5:] = math.nan
    with pytest.raises(loop.DivergedError, match=r"at step 0 the loss is nan .* below 0\.01"):
        trainer.train()


class Waits(TorchFunctionMode):
    """Notes each call for which the host of a GPU waits: what brings numbers, or a shape, back."""

    CALLS = ("item", "tolist", "__bool__", "__int__", "__float__", "__index__", "cpu", "numpy", "nonzero")

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = getattr(func, "__name__", "")
        masked = name == "__getitem__" and torch.is_tensor(args[1]) and args[1].dtype == torch.bool
        if name in self.CALLS or masked:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


def test_a_step_does_not_wait_for_the_device(run, population, monkeypatch):
    """Only the log, evaluations and saved states ask for what the device has. The shapes are a GPU's: all
    rows as long as the longest biography, no packing."""
    trainer = loop.Trainer(run, population)
    monkeypatch.setattr(update, "pack", lambda real: None)
    monkeypatch.setattr(trainer.sampler, "_width", lambda end: population.longest_biography())
    trainer.step(0)
    with Waits() as waits:
        for step in range(1, 4):
            trainer.step(step)
    assert waits.found == []
    with waits:
        (*_, tokens), failed = trainer.tally.read()
    assert waits.found == ["tolist"] and tokens > 0 and failed is None
