"""Interrupted runs go on to the last bit; damaged and foreign state is not used."""

import itertools
import json
import math
import os
import signal

import pytest
import torch

from pipeline.config import distributions
from pipeline.data.sampler import LeakageError
from pipeline.store import code
from pipeline.training import interrupts, loop
from pipeline.training.loop import DivergedError, Result, Trainer
from pipeline.training.state import Saved, StateError, StateStore

INPUTS = {"population": "p", "code": "c"}


def store(folder, run="r", **inputs) -> StateStore:
    return StateStore(folder, run, {**INPUTS, **inputs})


def saved(step: int) -> Saved:
    return Saved(
        step, {"model.w": torch.full((3,), float(step))}, {"step": step, "tokens": 7}, {"device": "d"}
    )


def finish(trainer: Trainer, at: StateStore, stop: tuple[str, int] | None = None) -> Result:
    """Train with state in `at`; `stop` sends a signal as the named method is called for that step."""
    if stop:
        name, step = stop
        original = getattr(trainer, name)

        def striking(now, *rest):
            if now == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return original(now, *rest)

        setattr(trainer, name, striking)
    return trainer.train(at, save_every=0)


@pytest.mark.parametrize("stop", [("step", 0), ("step", 5), ("step", 11), ("evaluate", 0), ("evaluate", 6)])
def test_an_interrupted_run_ends_with_the_same_bits(run, population, tmp_path, stop):
    whole = Trainer(run, population).train()
    with pytest.raises(interrupts.InterruptedRunError, match="SIGTERM at step"):
        finish(Trainer(run, population), store(tmp_path), stop)
    resumed = finish(Trainer(run, population), store(tmp_path))
    same(whole, resumed)


def same(a: Result, b: Result) -> None:
    assert a.evaluations == b.evaluations and a.training_log == b.training_log
    assert a.cost["tokens"] == b.cost["tokens"]
    for x, y in zip(a.model.parameters(), b.model.parameters(), strict=True):
        assert torch.equal(x, y)


def test_many_interruptions_of_one_run(run, population, tmp_path):
    whole = Trainer(run, population).train()
    for step in (1, 4, 4, 9):
        with pytest.raises(interrupts.InterruptedRunError):
            finish(Trainer(run, population), store(tmp_path), ("step", step))
    same(whole, finish(Trainer(run, population), store(tmp_path)))


def test_a_damaged_generation_costs_one_generation(run, population, tmp_path, capsys):
    whole = Trainer(run, population).train()
    with pytest.raises(interrupts.InterruptedRunError):
        finish(Trainer(run, population), store(tmp_path), ("step", 8))
    newest = max(tmp_path.glob("*.safetensors"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    same(whole, finish(Trainer(run, population), store(tmp_path)))
    assert "wrong checksum" in capsys.readouterr().out


def test_signal_handlers_are_put_back(run, population):
    before = [signal.getsignal(s) for s in interrupts.SIGNALS]
    Trainer(run, population).train()
    assert [signal.getsignal(s) for s in interrupts.SIGNALS] == before


def test_two_generations_are_kept_and_the_newest_is_read(tmp_path):
    at = store(tmp_path)
    for step in (10, 20, 30):
        at.save(saved(step))
    assert sorted(p.name for p in tmp_path.glob("*.json")) == ["step-000000020.json", "step-000000030.json"]
    found = at.newest()
    assert found.step == 30 and found.progress == {"step": 30, "tokens": 7}
    assert found.machine == {"device": "d"}
    assert torch.equal(found.tensors["model.w"], torch.full((3,), 30.0))


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "foreign": lambda path: path.write_bytes(b"\x89PNG\r\n"),
    "flipped": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\xff"),
}


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_seen(tmp_path, damage, suffix):
    at = store(tmp_path)
    for step in (10, 20):
        at.save(saved(step))
    DAMAGE[damage](tmp_path / f"step-000000020{suffix}")
    found = store(tmp_path).newest()
    assert found.step == 10


def test_all_generations_damaged_is_a_fresh_start(tmp_path):
    at = store(tmp_path)
    at.save(saved(10))
    (tmp_path / "step-000000010.safetensors").write_bytes(b"")
    assert at.newest() is None and len(at.warnings) == 1


def test_a_changed_progress_is_seen(tmp_path):
    at = store(tmp_path)
    at.save(saved(10))
    manifest = json.loads((tmp_path / "step-000000010.json").read_text())
    manifest["progress"]["tokens"] = 8
    (tmp_path / "step-000000010.json").write_text(json.dumps(manifest))
    assert at.newest() is None


def test_state_of_another_run_is_refused(tmp_path):
    store(tmp_path, run="other").save(saved(10))
    with pytest.raises(StateError, match="another run; delete"):
        store(tmp_path).newest()


def test_state_from_other_code_is_not_used(tmp_path):
    store(tmp_path, code="older").save(saved(10))
    at = store(tmp_path)
    assert at.newest() is None and "change of code" in at.warnings[0]


def test_state_from_code_whose_bits_are_kept_is_used(tmp_path, monkeypatch):
    store(tmp_path, code="older").save(saved(10))
    monkeypatch.setattr(code, "is_current", lambda stage, found: (stage, found) == ("train", "older"))
    assert store(tmp_path).newest().step == 10


def interrupted_then_resumed(run, population, folder, **machine) -> Result:
    """A run that is stopped at step 5 and goes on, on a machine that is another in what is given."""
    with pytest.raises(interrupts.InterruptedRunError):
        finish(Trainer(run, population), store(folder), ("step", 5))
    trainer = Trainer(run, population)
    trainer.machine |= machine
    return finish(trainer, store(folder))


def test_state_of_another_precision_is_refused(run, population, tmp_path):
    with pytest.raises(
        StateError, match=r"state in (bf16|fp32), .* computes in fp8; go on where it began, or"
    ):
        interrupted_then_resumed(run, population, tmp_path, precision="fp8")


@pytest.mark.parametrize("change", [{"device": "another"}, {"compiled": "perhaps"}])
def test_another_machine_is_told(run, population, tmp_path, capsys, change):
    result = interrupted_then_resumed(run, population, tmp_path, **change)
    ((name, value),) = change.items()
    assert result.cost["changes"].startswith(f"step 5: {name} ")
    assert result.cost["changes"].endswith(f" -> {value}") and result.cost[name] == value
    assert f"warning: the last bits are not those of one machine: {result.cost['changes']}\n" in (
        capsys.readouterr().out
    )


def test_the_same_machine_is_not(run, population, tmp_path):
    assert "changes" not in interrupted_then_resumed(run, population, tmp_path).cost


def test_a_second_process_is_refused(tmp_path):
    first, second = store(tmp_path), store(tmp_path)
    first.acquire()
    with pytest.raises(StateError, match="another process"):
        second.acquire()


@pytest.mark.parametrize("windows", [64, 1])
def test_a_diverged_run_keeps_the_state_before_it(run, population, tmp_path, monkeypatch, windows):
    """Also where the host only hears of it steps later."""
    monkeypatch.setattr(loop, "_LOG_WINDOWS", windows)
    whole, trainer = Trainer(run, population).train(), Trainer(run, population)
    clip, calls = torch.nn.utils.clip_grad_norm_, itertools.count()
    with monkeypatch.context() as patch:
        struck = lambda *a: clip(*a) if next(calls) != 7 else torch.tensor(math.inf)  # noqa: E731
        patch.setattr(torch.nn.utils, "clip_grad_norm_", struck)
        with pytest.raises(DivergedError, match=r"at step 7 the loss is \d.* gradient inf"):
            trainer.train(store(tmp_path), save_every=3600)
    assert store(tmp_path).newest().step == 7
    same(whole, finish(Trainer(run, population), store(tmp_path)))


def test_a_leak_ends_the_run(run, population, monkeypatch):
    trainer = Trainer(run, population)
    monkeypatch.setattr(trainer.sampler, "_individuals", lambda steps, rows, phase: torch.full_like(rows, 50))
    with pytest.raises(LeakageError):
        trainer.train()


def test_a_full_disk_leaves_the_older_generation(tmp_path, monkeypatch):
    at = store(tmp_path)
    at.save(saved(10))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        at.save(saved(20))
    monkeypatch.undo()
    assert at.newest().step == 10 and not list(tmp_path.glob(".*"))


def test_saving_stays_within_its_share_of_time(run, population, tmp_path, monkeypatch):
    """A save that takes 1/50 of a second is not repeated within the second that follows it."""
    steps = []
    trainer = Trainer(run, population)
    monkeypatch.setattr(trainer, "_save", lambda _, now: steps.append(now.step) or 3600.0)
    trainer.train(store(tmp_path), save_every=0)
    assert len(steps) == 1


def test_fine_tuning_resumes_too(run, population, tmp_path):
    base = Trainer(run, population).train()
    weights = {k: v.clone() for k, v in base.model.state_dict().items()}
    tuned = run.model_copy(
        update={
            "base": run,
            "distribution": distributions.Replay(kind="replay", new=8),
            "training": run.training.model_copy(update={"schedule": "constant"}),
        }
    )
    whole = Trainer(tuned, population, weights).train()
    with pytest.raises(interrupts.InterruptedRunError):
        finish(Trainer(tuned, population, weights), store(tmp_path), ("step", 7))
    same(whole, finish(Trainer(tuned, population, weights), store(tmp_path)))
