"""Two processes train the run that one trains, and take up each other's state."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import ROOT
from pipeline.config.errors import ConfigError
from pipeline.execution.processes import PARENT
from pipeline.store.artefacts import seal
from pipeline.training import hardware
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import Result, Trainer
from pipeline.training.state import StateStore
from tests.training.test_loop import fp32  # noqa: F401
from tests.training.test_state import finish

# Sums over rows and tokens are taken in another order; seen: about 1e-7.
ORDER = 1e-5


@pytest.fixture
def folder(run, population, tmp_path) -> Path:
    population.save(tmp_path / "population")
    seal(tmp_path / "population", ["people.safetensors", "population.json"])
    (tmp_path / "run.json").write_text(run.model_dump_json())
    return tmp_path


def launch(*arguments: object) -> subprocess.Popen:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.execution.launch", "--processes", "2", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, PARENT: str(os.getpid())},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def close(whole: Result, evaluations: list[dict], log: list[dict]) -> None:
    for expected, found in ((whole.evaluations, evaluations), (whole.training_log, log)):
        assert [row.get("group") for row in found] == [row.get("group") for row in expected]
        for a, b in zip(expected, found, strict=True):
            numbers = [{k: v for k, v in row.items() if k != "group"} for row in (a, b)]
            assert numbers[1] == pytest.approx(numbers[0], rel=ORDER)


@pytest.mark.parametrize("who", ["rank 1", "launcher"])
def test_a_signal_to_any_stops_all_after_one_step_and_one_goes_on(run, population, folder, fp32, who):  # noqa: F811
    stopped = launch("training.process", folder, who, 5)
    stopped.communicate(timeout=120)
    assert stopped.returncode != 0 and not (folder / "result.json").exists()
    words = {(folder / f"stopped-{rank}").read_text() for rank in (0, 1)}
    assert len(words) == 1 and "SIGTERM at step" in words.pop()
    saved = list((folder / "state").glob("*.json"))
    assert len(saved) == 1, "saved once, by one of them"
    if who == "rank 1":
        assert saved[0].name == "step-000000006.json"
    store = StateStore(folder / "state", run.digest, {})
    resumed = Trainer(run, population).train(store)
    close(Trainer(run, population).train(), resumed.evaluations, resumed.training_log)


def test_two_nodes_take_up_what_one_process_left(run, population, folder, fp32):  # noqa: F811
    with pytest.raises(InterruptedRunError):
        finish(Trainer(run, population), StateStore(folder / "state", run.digest, {}), ("step", 1))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nodes = [
        launch("--nodes", 2, "--node", k, "--head", "127.0.0.1", "--port", port, "training.process", folder)
        for k in range(2)
    ]
    said = [node.communicate(timeout=120)[0] for node in nodes]
    assert not any(node.returncode for node in nodes) and "resumed at step" in said[0], said
    two, whole = json.loads((folder / "result.json").read_text()), Trainer(run, population).train()
    close(whole, two["evaluations"], two["log"])
    assert two["cost"]["processes"] == 2 and two["cost"]["tokens"] == whole.cost["tokens"]


def test_a_run_has_a_row_for_every_process(run, population, monkeypatch):
    crowd = hardware.accelerator()
    monkeypatch.setattr(type(crowd), "num_processes", run.training.batch + 1)
    with pytest.raises(ConfigError, match=r"training\.batch: 8 rows for 9 processes"):
        Trainer(run, population)


@pytest.mark.parametrize("given", [{"CUDA_VISIBLE_DEVICES": "0"}, {"SLURM_GPUS_ON_NODE": "2"}])
def test_a_gpu_that_torch_cannot_use_is_an_error(monkeypatch, given):
    """Training on the CPU instead would take weeks before anybody looks."""
    hardware.accelerator.cache_clear()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(hardware.torch.cuda, "is_available", lambda: False)
    with pytest.raises(hardware.DeviceError, match=r" is [02], but torch .* finds no GPU"):
        hardware.accelerator()
    for none in ("-1", "", "NoDevFiles"):
        hardware.accelerator.cache_clear()
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", none)
        assert hardware.accelerator().device.type == "cpu"
