"""The queue for a machine that is at hand for minutes: its order, its limit and what it says of them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import ROOT
from pipeline.commands import queue
from pipeline.config import scales

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


def called(tmp_path: Path, seconds: float, slow: str = "", broken: str = "") -> subprocess.CompletedProcess:
    standin = tmp_path / "snakemake"
    standin.write_text(STANDIN.format(python=sys.executable, slow=slow, broken=broken))
    standin.chmod(0o755)
    minutes = (queue._SECONDS_TO_STOP + seconds) / 60
    return subprocess.run(
        [sys.executable, "-m", "pipeline.commands.queue", "--scale", "paper", "--minutes", f"{minutes}"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_order_is_that_of_the_file():
    names = queue.order(scales.load("paper"))
    assert names[:3] == ["phases", "population_size", "power_law"] and names[-1] == "warm_up_grid"
    assert "patching" not in queue.order(scales.load("laptop")), "an extended experiment"


def test_all_that_there_is_time_for_is_made_in_turn(tmp_path):
    done = called(tmp_path, 60)
    asked = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("asked")]
    assert done.returncode == 0 and asked == queue.order(scales.load("paper"))
    assert done.stdout.splitlines()[-1] == "all done"


def test_at_the_limit_it_is_stopped_and_what_is_left_named(tmp_path):
    began = time.monotonic()
    done = called(tmp_path, 5, slow="power_law")
    assert done.returncode == 0 and time.monotonic() - began < 30
    assert "told to stop" in done.stdout and "asked celebrities" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("to do: power_law, celebrities")


@pytest.mark.parametrize("broken", ["phases", "warm_up_grid"])
def test_a_failure_ends_it_in_one_line(tmp_path, broken):
    done = called(tmp_path, 60, broken=broken)
    assert done.returncode == 2
    assert done.stderr == f"error: {broken}: Snakemake ended with 1; its log says why\n"
