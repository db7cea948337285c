"""What `dvc repro` runs: Snakemake, asked for one kind of results, on all cores.

    python -m pipeline.commands.dvc runs
    python -m pipeline.commands.dvc code        what DVC compares to tell whether a stage's code changed

DVC decides whether a stage runs, Snakemake which of its jobs. Both ask pipeline/store: Snakemake directly,
DVC through the digests that the first stage writes.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.config import scales
from pipeline.config.experiments import Params, distinct_runs, expand, toys
from pipeline.stages import common
from pipeline.store import code
from pipeline.store.artefacts import MANIFEST
from pipeline.store.files import write_atomically
from pipeline.store.plan import plan

# Rules by what DVC calls their results; folders are left in place (`persist` in dvc.yaml), as an edit leaves
# most of what they hold.
FOLDERS = ("populations", "runs", "evaluations", "toy")
RULES = ("tables", "claims", "figures", "page")
CODE, SHELF = "code", "shelf"


def members(kind: str, params: Params) -> list[str]:
    """Names of the folders of a kind that the parameters ask for."""
    planned = expand(params)
    runs = distinct_runs(planned)
    return {
        "populations": sorted({run.population_id for run in runs.values()}),
        "runs": list(runs),
        "evaluations": list(dict.fromkeys(run.experiment for run in planned)),
        "toy": list(toys(params)),
    }[kind]


def shelve(results: Path, kind: str, wanted: list[str]) -> None:
    """Put away the folders of a kind that are not wanted, and take back those that are: what DVC leaves in
    place it does not restore, and an edit that is taken back should train nothing."""
    kept, shelf = results / kind, results / SHELF / kind
    moves = [(folder, shelf / folder.name) for folder in kept.glob("*/") if folder.name not in wanted]
    moves += [(shelf / name, kept / name) for name in wanted if not (kept / name).exists()]
    for origin, target in moves:
        if origin.exists():
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            origin.rename(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kind", choices=(CODE, *FOLDERS, *RULES))
    kind = parser.parse_args().kind
    results = Path("results") / scales.DEFAULT
    if kind == CODE:
        for stage in code.STAGES:
            write_atomically(results / CODE / stage, f"{code.digest(stage)}\n")
        return
    call = plan(scales.load(), results)
    if kind in FOLDERS:
        # What is complete counts before it is put away, and what comes back from the shelf is complete.
        shelve(results, kind, members(kind, call.params))
        call = plan(scales.load(), results)
        targets = [str(results / kind / name / MANIFEST) for name in members(kind, call.making)]
    elif kind == "tables":
        targets = [str(results / kind / name / MANIFEST) for name in call.made]
    else:
        targets = [kind]
    sys.exit(subprocess.call([sys.executable, "-m", "snakemake", "--cores", "all", *targets]))


if __name__ == "__main__":
    common.run_stage(main)
