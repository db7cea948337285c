"""What `dvc repro` runs: Snakemake, confined to some rules, on all cores.

    python -m pipeline.repro RULE [RULE ...]

DVC decides whether a stage runs, Snakemake which of its jobs. After a clone or in `dvc exp run --temp`
Snakemake remembers nothing of how a file was made; so what is stale is told from the manifests, and removed
first: results outside of the plan, of other code, or made from other inputs. What is left then counts as
made, whatever its times.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import config as cfg
from pipeline.artefacts import MANIFEST, ArtefactError, verify
from pipeline.plan import chosen
from pipeline.stages import common
from pipeline.training import snapshots

# What DVC leaves in place (`persist` in dvc.yaml), by the rules that make it; the rest it removes itself.
KINDS = {"dataset": "populations", "evaluate": "evaluations"}
KINDS |= dict.fromkeys(("pretrain", "pretrain_observed", "finetune", "finetune_observed", "patch"), "runs")
# A run's inputs by their names in its manifest, and what the plan's run expects them to be.
Checksums = dict[str, str | None]


def _judged(folders: Path, planned: set[str]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Name and manifest of each folder, and what is wrong with it alone: "" if nothing is."""
    for folder in sorted(folders.glob("*/")):
        try:
            made, why = verify(folder), ""
        except ArtefactError:
            made, why = {}, "damaged or unfinished"
        yield folder.name, made, why if folder.name in planned else "not in the plan"


def members(kind: str, planned: dict[str, cfg.RunConfig]) -> list[str]:
    """Names of the folders of a kind that the plan asks for."""
    return list(planned) if kind == "runs" else sorted({run.population_id for run in planned.values()})


def stale(results: Path, planned: dict[str, cfg.RunConfig]) -> dict[Path, str]:
    """Populations, runs and evaluations that the plan would not make as they are, each with the reason.

    What was made from something stale is stale too.
    """
    out: dict[Path, str] = {}
    people: Checksums = {}  # of what is current
    files: dict[str, Checksums] = {}
    for name, made, why in _judged(results / "populations", set(members("populations", planned))):
        if not why and made["inputs"] != {"code": common.code_digest("data")}:
            why = "made by other code"
        if why:
            out[results / "populations" / name] = why
        else:
            people[name] = made["files"]["people.safetensors"]

    found = {name: (made, why) for name, made, why in _judged(results / "runs", set(planned))}
    for name in [*(name for name in planned if name in found), *(set(found) - set(planned))]:
        made, why = found[name]
        if not why:  # a base comes before the runs that start from it
            run = planned[name]
            expected: Checksums = {"population": people.get(run.population_id), "code": common.code_digest()}
            if run.base:
                start = snapshots.FILE if run.patching else "weights.safetensors"
                expected["base"] = files.get(run.base.id, {}).get(start)
            why = "" if made["inputs"] == expected else "made from other people, code or base"
        if why:
            out[results / "runs" / name] = why
        else:
            files[name] = made["files"]

    for name, made, why in _judged(results / "evaluations", set(members("evaluations", planned))):
        expected = {"population": people.get(name), "code": common.code_digest()}
        mine = [run for run, config in planned.items() if config.population_id == name]
        expected |= {run: files.get(run, {}).get("weights.safetensors") for run in mine}
        if why or made["inputs"] != expected:
            out[results / "evaluations" / name] = why or "made from other runs, people or code"
    return out


def adopt(results: Path, planned: dict[str, cfg.RunConfig], kinds: set[str]) -> None:
    """Remove what is stale of `kinds`; give the rest times in the DAG's order, which Snakemake goes by."""
    for folder, why in stale(results, planned).items():
        if folder.parent.name in kinds:
            print(f"removed {folder}: {why}", flush=True)
            shutil.rmtree(folder)
    runs = [results / "runs" / name for name in planned]
    for folder in [*(results / "populations").glob("*/"), *runs, *(results / "evaluations").glob("*/")]:
        for file in folder.glob("*"):
            os.utime(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rules", nargs="+", metavar="RULE", help="rules of the Snakefile")
    rules = parser.parse_args().rules
    wanted = ["--until", *rules]
    if kinds := {KINDS[rule] for rule in rules if rule in KINDS}:
        results, params = Path("results") / cfg.DEFAULT_SCALE, cfg.load()
        adopt(results, cfg.distinct_runs(cfg.expand(params)), kinds)
        planned = cfg.distinct_runs(cfg.expand(chosen(params, results / "runs")))
        # Named one by one: `--until pretrain` would end there for the runs that start from one, too.
        wanted = [str(results / kind / name / MANIFEST) for kind in kinds for name in members(kind, planned)]
    sys.exit(subprocess.call(["snakemake", "--cores", "all", *wanted]))


if __name__ == "__main__":
    common.run_stage(main)
