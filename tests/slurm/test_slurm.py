"""The smoke workflow through a Slurm of this one machine, by the profiles as they are."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from pipeline import config as cfg
from tests.test_workflow import ENV, IGNORED

pytestmark = pytest.mark.slow

LOCAL = Path(__file__).parent / "local.sh"
RESULTS = Path("results", "smoke")
SECONDS = 600  # that a call may take


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    if os.geteuid() or not shutil.which("apt-get"):
        pytest.skip("Slurm is installed from the distribution's packages: needs root and apt-get")
    with subprocess.Popen([LOCAL, "start"], stdout=subprocess.DEVNULL) as start:
        assert start.wait() == 0
    yield
    subprocess.run([LOCAL, "stop"], check=True)


@pytest.fixture(scope="module")
def clone(cluster, tmp_path_factory) -> Path:
    """A copy of the tree in which one run, that of the celebrities, takes long enough to be struck."""
    folder = tmp_path_factory.mktemp("slurm") / "a clone"
    shutil.copytree(cfg.ROOT, folder, ignore=IGNORED)
    (folder / "results").mkdir()
    scale = folder / "scales" / "smoke.yaml"
    text = scale.read_text()
    assert text.count("  celebrities:\n") == 1
    scale.write_text(text.replace("  celebrities:\n", "  celebrities:\n    set: {training.steps: 500}\n"))
    return folder


def call(folder: Path, profile: str, *arguments: str) -> subprocess.Popen:
    command = ["snakemake", "--profile", f"profiles/{profile}", "--config", "scale=smoke"]
    with (folder / "slurm.log").open("ab") as log:
        return subprocess.Popen([*command, *arguments], cwd=folder, env=ENV, stdout=log, stderr=log)


def soon(profile: str) -> list[str]:
    """Have the Slurm plugin look at its jobs sooner than a real cluster would like."""
    return ["--slurm-init-seconds-before-status-checks", "2"] if profile.startswith("slurm") else []


def said(folder: Path) -> str:
    return (folder / "slurm.log").read_text()[-4000:]


def finish(folder: Path, profile: str, *arguments: str) -> None:
    assert call(folder, profile, *soon(profile), *arguments).wait(SECONDS) == 0, said(folder)


def jobs(*states: str) -> list[str]:
    asked = ["squeue", "--noheader", "--format", "%i", "--states", ",".join(states)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def strike(folder: Path, process: subprocess.Popen, log: Path, how: Callable[[str], list[str]]) -> None:
    """Stop the Slurm job of a training run in the middle, then let the call end."""
    until = time.monotonic() + SECONDS
    while not log.exists() or "step 112/500" not in log.read_text():
        assert process.poll() is None and time.monotonic() < until, said(folder)
        time.sleep(0.1)
    (running,) = jobs("RUNNING")
    subprocess.run(how(running), check=True)
    assert process.wait(SECONDS) == 0, said(folder)
    assert "resumed at step" in log.read_text()


def long_run(folder: Path) -> str:
    """The id of the copy's run of celebrities."""
    listed = "from pipeline import config as c; print(*c.distinct_runs(c.expand(c.load('smoke'))))"
    ids = subprocess.run(
        [sys.executable, "-c", listed], cwd=folder, capture_output=True, text=True, check=True
    )
    (found,) = (name for name in ids.stdout.split() if name.startswith("celebrities"))
    return found


@pytest.fixture(scope="module")
def finished(clone) -> Path:
    """The long run first, its job cancelled in the middle; then the whole workflow."""
    run = long_run(clone)
    target = str(RESULTS / "runs" / run / "weights.safetensors")
    log = clone / "logs" / "smoke" / "pretrain" / f"{run}.log"
    first = call(clone, "slurm", *soon("slurm"), "--", target)
    strike(clone, first, log, lambda job: ["scancel", job])
    finish(clone, "slurm")
    return clone


def test_the_workflow_ends_although_a_job_was_cancelled(finished):
    assert len(json.loads((finished / RESULTS / "claims.json").read_text())) == 53
    assert (finished / RESULTS / "report" / "index.html").stat().st_size > 10_000
    used = len(jobs("all"))
    assert 5 <= used <= 14, f"{used} Slurm jobs for 40 of the workflow"
    assert list((finished / "logs" / "slurm").rglob("*.log")), "the log of the cancelled job"


def test_the_run_that_was_cancelled_has_the_bits_of_an_undisturbed_one(finished, tmp_path):
    run = long_run(finished)
    there = finished / RESULTS / "runs" / run
    config = cfg.RunConfig.model_validate_json((there / "config.json").read_text())
    population = RESULTS / "populations" / config.population_id
    stage = ["pipeline.stages.train", "--scale", "smoke", "--run", run, "--population", population]
    command = [sys.executable, "-m", "pipeline.launch", *stage, "--out", tmp_path / "out"]
    subprocess.run(command, cwd=finished, env=ENV, capture_output=True, check=True)
    for name in ("weights.safetensors", "curve.csv", "training.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (there / name).read_bytes(), name


def test_two_nodes_train_a_run_and_take_it_up_after_preemption(finished):
    run = long_run(finished)
    there, log = finished / RESULTS / "runs" / run, finished / "logs" / "smoke" / "pretrain" / f"{run}.log"
    alone = pd.read_csv(there / "curve.csv")
    shutil.rmtree(there)
    log.unlink()
    wish = [f"pretrain:{r}" for r in ("nodes=2", "tasks=2", "mpi=srun", "processes=2", "runtime=10")]
    target = str(there.relative_to(finished) / "weights.safetensors")
    process = call(finished, "slurm", *soon("slurm"), "--set-resources", *wish, "--", target)
    strike(finished, process, log, lambda job: ["scontrol", "requeue", job])
    assert json.loads((there / "manifest.json").read_text())["cost"]["processes"] == 2
    together = pd.read_csv(there / "curve.csv")
    # The order of sums matters more with every step: compared closely soon after the interruption.
    early = alone["step"] <= 200
    assert early.sum() == 10 and list(alone["step"]) == list(together["step"])
    pd.testing.assert_series_equal(alone["loss"][early], together["loss"][early], rtol=1e-4)
    pd.testing.assert_series_equal(alone["loss"], together["loss"], rtol=0.05)


def test_a_scheduler_by_its_commands(finished):
    finish(finished, "cluster-generic", "--forcerun", "evaluate", "--until", "evaluate")


def test_a_gpu_reaches_the_job(finished):
    """There is none behind this Slurm's: the stage says so, rather than train on the CPU for weeks."""
    run = long_run(finished)
    target = RESULTS / "runs" / run / "weights.safetensors"
    (finished / target).unlink()
    assert call(finished, "slurm-gpu", *soon("slurm-gpu"), "--retries", "0", "--", str(target)).wait(SECONDS)
    log = finished / "logs" / "smoke" / "pretrain" / f"{run}.log"
    assert "SLURM_GPUS_ON_NODE is 1, but torch" in log.read_text()
