"""What the workflow itself costs: seconds to plan, and core-seconds a job whose stage does nothing.

    python -m benchmarks.workflow --jobs 100 1000

One line of JSON. Each number of jobs is a scale of as many seeds in a copy of the project, whose `dataset`
stage only leaves its files. What is counted is Snakemake, its checks of the results, and start and end of a
job's process.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import CORES
from pipeline.stages import common
from tests import tree

SCALE = "many"
_STAGE = '''"""Leaves its files."""
import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--out", type=Path)
out = parser.parse_known_args()[0].out
out.mkdir(parents=True, exist_ok=True)
for name in ("people.safetensors", "population.json", "tokenizer.json", "manifest.json"):
    (out / name).write_text("{}")
'''
_IDS = f"""
from pipeline.config import scales
from pipeline.config.experiments import expand

print(*sorted({{planned.config.population_id for planned in expand(scales.load("{SCALE}"))}}))
"""


def seconds(command: list[str], folder: Path) -> float:
    """Of a command; StageError with its last line if it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise common.StageError(f"{command[0]} failed: {done.stderr.strip().splitlines()[-1]}")
    return time.perf_counter() - began


def measure(jobs: int, folder: Path) -> dict[str, float]:
    """Of a call that only plans, and of one that makes as many populations as `jobs`."""
    scale = f"over: smoke\nexperiments:\n  phases:\n    seeds: {list(range(jobs))}\n"
    (folder / "scales" / f"{SCALE}.yaml").write_text(scale)
    asked = [sys.executable, "-c", _IDS]
    ids = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    call = [sys.executable, "-m", "snakemake", "--cores", str(CORES), "--config", f"scale={SCALE}"]
    targets = ["--", *(f"results/{SCALE}/populations/{name}/manifest.json" for name in ids)]
    plan = seconds([*call, "--dry-run", *targets], folder)
    made = seconds([*call, *targets], folder)
    shutil.rmtree(folder / "results" / SCALE)
    return {
        "seconds_to_plan": round(plan, 1),
        "seconds": round(made, 1),
        "core_seconds_a_job": round(CORES * (made - plan) / jobs, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs="+", default=[100, 1000])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = tree.copy_tree(Path(folder, "tree"))
        (copy / "pipeline/stages/dataset.py").write_text(_STAGE)
        print(json.dumps({str(jobs): measure(jobs, copy) for jobs in args.jobs}))


if __name__ == "__main__":
    common.run_stage(main)
