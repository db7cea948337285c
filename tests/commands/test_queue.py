"""The queue for a machine that is at hand for minutes: its order, its limit and what it says of them."""

import functools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.commands import queue
from tests import params, tree

# In the place of Snakemake: notes what it was asked for, and then does as the experiment's name says.
STANDIN = """#!{python}
import signal, sys, time
name = sys.argv[-1].split("/")[-2]
print("asked", name, flush=True)
signal.signal(signal.SIGTERM, lambda *_: (print("told to stop", flush=True), sys.exit(1)))
if name == "{slow}":
    time.sleep(60)
sys.exit(name == "{broken}")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The pipeline with the tests' parameters."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(tree.ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(params.FILE, folder / "params.yaml")
    return folder


@pytest.fixture
def called(project, tmp_path) -> Callable[..., subprocess.CompletedProcess]:
    return functools.partial(call, project, tmp_path)


def call(
    project: Path, tmp_path: Path, seconds: float, slow: str = "", broken: str = ""
) -> subprocess.CompletedProcess:
    """The queue with the time for that many seconds of work."""
    standin = tmp_path / "snakemake"
    standin.write_text(STANDIN.format(python=sys.executable, slow=slow, broken=broken))
    standin.chmod(0o755)
    minutes = (queue._SECONDS_TO_STOP + seconds) / 60
    return subprocess.run(
        [sys.executable, "-m", "pipeline.commands.queue", "--scale", "laptop", "--minutes", f"{minutes}"],
        cwd=project,
        env={**tree.ENV, "PATH": f"{tmp_path}{os.pathsep}{tree.ENV['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_order_is_that_of_the_file():
    core = ["phases", "population_size", "power_law", "celebrities", "warm_up"]
    assert queue.order(params.load()) == [*core, "finetune_sizes", "finetune_replay"]


def test_all_that_there_is_time_for_is_made_in_turn(called):
    done = called(60)
    asked = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("asked")]
    assert done.returncode == 0 and asked == queue.order(params.load())
    assert done.stdout.splitlines()[-1] == "all done"


def test_at_the_limit_it_is_stopped_and_what_is_left_named(called):
    began = time.monotonic()
    done = called(5, slow="power_law")
    assert done.returncode == 0 and time.monotonic() - began < 30
    assert "told to stop" in done.stdout and "asked celebrities" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("to do: power_law, celebrities")


@pytest.mark.parametrize("broken", ["phases", "finetune_replay"])
def test_a_failure_ends_it_in_one_line(called, broken):
    done = called(60, broken=broken)
    assert done.returncode == 2
    assert done.stderr == f"error: {broken}: Snakemake ended with 1; its log says why\n"
