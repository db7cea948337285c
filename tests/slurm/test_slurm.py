"""A small workflow through a Slurm of this one machine, by the profiles as they are."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
import yaml

from pipeline.config import run as cfg
from pipeline.config.experiments import Params, distinct_runs, expand
from tests import params
from tests.tree import ENV, copy_tree

pytestmark = pytest.mark.slow

LOCAL = Path(__file__).parent / "local.sh"
NO_PACKAGES = 77  # what it ends with then
RESULTS = Path("results", "laptop")
TARGET = str(RESULTS / "claims.json")  # figures and page only take time: they run beside Snakemake
SECONDS = 600  # that a call may take

# A run or two of most rules; long ones can be struck in the middle.
LONG = {"training.steps": 500}
OBSERVED = {**LONG, "observe": {"sequences": 32, "snapshots": [0, 60]}}
EXPERIMENTS = {
    "phases": {"set": LONG},
    "population_size": {"grid": {"population.individuals": [32]}},
    "finetune_sizes": {
        "finetune": True,
        "set": LONG,
        "cases": {f"new-{n}": {"distribution": {"kind": "replay", "new": n}} for n in (8, 32)},
    },
    "attention": {"set": OBSERVED},
}
STRUCK = "step 112/500"  # a line in the middle of a long run's log

calls: list[subprocess.Popen] = []


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    needs = "Slurm is installed from the distribution's packages: needs root, apt-get and its archive"
    if os.geteuid() or not shutil.which("apt-get"):
        pytest.skip(needs)
    with subprocess.Popen([LOCAL, "start"], stdout=subprocess.DEVNULL) as start:
        code = start.wait()
    if code == NO_PACKAGES:
        pytest.skip(needs)
    try:
        assert code == 0
        yield
    finally:
        for process in calls:  # of a test that failed
            process.terminate()
        subprocess.run([LOCAL, "stop"], check=True)


def plan() -> dict[str, Any]:
    """Parameters of few runs."""
    given = params.content()
    given["toy"]["seeds"] = [0]
    return {**given, "experiments": EXPERIMENTS}


def write_yaml(path: Path, change: Callable[[dict], object]) -> None:
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


@pytest.fixture(scope="module")
def clone(cluster, tmp_path_factory) -> Path:
    """A copy of the tree with few runs, an impatient Snakemake, and little time for observed runs."""
    folder = copy_tree(tmp_path_factory.mktemp("slurm") / "a clone")
    (folder / "params.yaml").write_text(yaml.safe_dump(plan(), sort_keys=False))
    profiles = folder / "profiles"
    for name in ("slurm", "slurm-gpu"):
        soon = {"slurm-init-seconds-before-status-checks": 2}
        write_yaml(profiles / name / "config.yaml", lambda profile, soon=soon: profile.update(soon))
    # Slurm's limits are whole minutes. Two for the second attempt.
    limit = {"train": {"runtime": f"(1 if wildcards.run == '{observed_run()}' else 10) * attempt"}}
    write_yaml(profiles / "slurm" / "config.yaml", lambda profile: profile["set-resources"].update(limit))
    return folder


def call(folder: Path, profile: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.slurm.impatient", "--profile", f"profiles/{profile}"]
    with (folder / "slurm.log").open("ab") as log:
        calls.append(subprocess.Popen([*command, *arguments], cwd=folder, env=ENV, stdout=log, stderr=log))
    return calls[-1]


def said(folder: Path) -> str:
    return (folder / "slurm.log").read_text()[-4000:]


def end(folder: Path, process: subprocess.Popen) -> int:
    """The exit code of a call."""
    try:
        return process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        pytest.fail(f"after {SECONDS} s: {said(folder)}")


def jobs(*states: str) -> list[str]:
    asked = ["squeue", "--noheader", "--format", "%i", "--states", ",".join(states)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def run_id(wanted: Callable[[cfg.RunConfig], bool]) -> str:
    """The one run of the copy's plan that is as wanted."""
    planned = distinct_runs(expand(Params.model_validate(plan())))
    (found,) = (name for name, run in planned.items() if wanted(run))
    return found


def long_run() -> str:
    return run_id(lambda run: run.training.steps == 500 and not run.base and not run.observe)


def observed_run() -> str:
    return run_id(lambda run: run.observe is not None and not run.base)


def log_of(folder: Path, run: str) -> Path:
    return folder / "logs" / "laptop" / "train" / f"{run}.log"


def trainer(run: str) -> psutil.Process:
    """The process that trains the run: Slurm's nodes are this machine."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            if run in words and "pipeline.stages.train" in words and "SLURM_JOB_ID" in process.environ():
                return process
    raise LookupError(run)


def slurm_job(process: psutil.Process) -> str:
    return process.environ()["SLURM_JOB_ID"]


def in_the_middle(
    folder: Path, process: subprocess.Popen, do: dict[str, Callable[[psutil.Process], object]]
) -> None:
    """For each run: do that to the process that trains it, in the middle of its training."""
    until, waiting = time.monotonic() + SECONDS, dict(do)
    while waiting:
        assert process.poll() is None and time.monotonic() < until, said(folder)
        for run in list(waiting):
            log = log_of(folder, run)
            if log.exists() and STRUCK in log.read_text():
                waiting.pop(run)(trainer(run))
        time.sleep(0.1)


@pytest.fixture(scope="module")
def finished(clone) -> tuple[Path, str]:
    """The copy after one call in which a job was cancelled and another met its time limit, and that one's
    number. What has to last longer than a minute on any machine is suspended: its node hangs."""
    held: list[str] = []

    def suspend(training: psutil.Process) -> None:
        training.suspend()
        held.append(slurm_job(training))

    def cancel(training: psutil.Process) -> None:
        subprocess.run(["scancel", slurm_job(training)], check=True)

    process = call(clone, "slurm", "--", TARGET)
    in_the_middle(clone, process, {observed_run(): suspend, long_run(): cancel})
    assert end(clone, process) == 0, said(clone)
    return clone, held[0]


def resumed_at(log: Path) -> int:
    """The step that the last attempt began at; its log replaces those of the earlier ones."""
    found = re.search(r"resumed at step (\d+) of 500", log.read_text())
    assert found, log.read_text()
    return int(found[1])


def test_the_workflow_ends_although_jobs_are_cancelled_and_meet_their_limit(finished):
    folder, timed_out = finished
    assert json.loads((folder / TARGET).read_text())
    used = len(jobs("all"))
    assert 7 <= used <= 11, f"{used} Slurm jobs for 10 of the workflow and two attempts more"
    assert timed_out in jobs("TIMEOUT") and jobs("CANCELLED")
    assert list((folder / "logs" / "slurm").rglob("*.log")), "the logs of the jobs that failed"
    for run in (long_run(), observed_run()):
        assert resumed_at(log_of(folder, run)) >= 112


@pytest.mark.parametrize("struck", [long_run, observed_run])
def test_a_run_that_was_struck_has_the_bits_of_an_undisturbed_one(finished, tmp_path, struck):
    (folder, _), run = finished, struck()
    there = RESULTS / "runs" / run
    config = cfg.RunConfig.model_validate_json((folder / there / "config.json").read_text())
    population = RESULTS / "populations" / config.population_id
    stage = ["pipeline.stages.train", "--run", run, "--population", population]
    command = [sys.executable, "-m", "pipeline.execution.launch", *stage, "--out", tmp_path / "out"]
    subprocess.run(command, cwd=folder, env=ENV, capture_output=True, check=True)
    made = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"weights.safetensors", "curve.csv", "training.csv"} < made
    for name in made - {"manifest.json"}:  # it says how long the run took
        assert (tmp_path / "out" / name).read_bytes() == (folder / there / name).read_bytes(), name


def test_two_nodes_train_a_run_and_take_it_up_after_preemption(finished):
    folder, _ = finished
    run = long_run()
    there, log = folder / RESULTS / "runs" / run, log_of(folder, run)
    alone = pd.read_csv(there / "curve.csv")
    shutil.rmtree(there)
    log.unlink()
    wish = [f"train:{r}" for r in ("nodes=2", "tasks=2", "mpi=srun", "processes=2", "runtime=10")]
    target = str(there.relative_to(folder) / "weights.safetensors")
    process = call(folder, "slurm", "--set-resources", *wish, "--", target)

    def preempt(training: psutil.Process) -> None:
        subprocess.run(["scontrol", "requeue", slurm_job(training)], check=True)

    in_the_middle(folder, process, {run: preempt})
    assert end(folder, process) == 0, said(folder)
    assert resumed_at(log) >= 112
    cost = json.loads((there / "manifest.json").read_text())["cost"]
    assert cost["processes"] == 2
    together = pd.read_csv(there / "curve.csv")
    # The order of sums matters more with every step, and with fewer digits: closely compared soon after it.
    near = {"fp32": 1e-4, "bf16": 2e-2}[cost["precision"]]
    early = alone["step"] <= 200
    assert early.sum() >= 10 and list(alone["step"]) == list(together["step"])
    pd.testing.assert_series_equal(alone["loss"][early], together["loss"][early], rtol=near)
    pd.testing.assert_series_equal(alone["loss"], together["loss"], rtol=0.05)


def test_a_scheduler_by_its_commands(finished):
    folder, _ = finished
    few = ["--forcerun", "evaluate", "--until", "evaluate"]
    assert end(folder, call(folder, "cluster-generic", *few, "--", TARGET)) == 0, said(folder)


def test_a_gpu_reaches_the_job(finished):
    """There is none behind this Slurm's: the stage says so, rather than train on the CPU for weeks."""
    folder, _ = finished
    run = long_run()
    target = RESULTS / "runs" / run / "weights.safetensors"
    (folder / target).unlink()
    assert end(folder, call(folder, "slurm-gpu", "--retries", "0", "--", str(target)))
    assert "SLURM_GPUS_ON_NODE is 1, but torch" in log_of(folder, run).read_text()
