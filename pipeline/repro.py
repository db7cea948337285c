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
from pathlib import Path

from pipeline.artefacts import MANIFEST, ArtefactError, verify
from pipeline.config import run as cfg
from pipeline.config import scales
from pipeline.config.experiments import Params, distinct_runs, expand, toys
from pipeline.plan import only, plan
from pipeline.stages import common

# What DVC leaves in place (`persist` in dvc.yaml), by the rules that make it; the rest it removes itself.
KINDS = {"dataset": "populations", "evaluate": "evaluations", "toy_memory": "toy"}
KINDS |= dict.fromkeys(("pretrain", "pretrain_observed", "finetune", "finetune_observed", "patch"), "runs")
SHELF = "shelf"
UNPLANNED = "not in the plan"
# A run's inputs by their names in its manifest, and what the plan's run expects them to be.
Checksums = dict[str, str | None]


def members(kind: str, params: Params) -> list[str]:
    """Names of the folders of a kind that the parameters ask for; a base comes before its runs."""
    if kind == "toy":
        return list(toys(params))
    planned = expand(params)
    if kind == "evaluations":
        return list(dict.fromkeys(run.experiment for run in planned))
    runs = distinct_runs(planned)
    return list(runs) if kind == "runs" else sorted({run.population_id for run in runs.values()})


def stale(results: Path, params: Params) -> dict[Path, str]:
    """Folders that the parameters, code and inputs of now would not make as they are, with the reason.

    What was made from something stale is stale too.
    """
    out: dict[Path, str] = {}
    files: dict[str, dict[str, Checksums]] = {kind: {} for kind in dict.fromkeys(KINDS.values())}
    planned = distinct_runs(expand(params))

    def expected(kind: str, name: str) -> Checksums:
        """The inputs of an up-to-date folder."""
        if kind in ("populations", "toy"):
            return {"code": common.code_digest("data" if kind == "populations" else "toy")}
        inputs: Checksums = {"code": common.code_digest()}

        def people(run: cfg.RunConfig) -> str | None:
            return files["populations"].get(run.population_id, {}).get("people.safetensors")

        if kind == "evaluations":
            for run, config in distinct_runs(expand(only(params, {name}))).items():
                inputs[config.population_id] = people(config)
                inputs[run] = files["runs"].get(run, {}).get("weights.safetensors")
            return inputs
        inputs["population"] = people(planned[name])
        if base := planned[name].base:
            start = "snapshots" if planned[name].patching else "weights"
            inputs["base"] = files["runs"].get(base.id, {}).get(f"{start}.safetensors")
        return inputs

    for kind in ("populations", "runs", "evaluations", "toy"):
        names = members(kind, params)
        found = {folder.name for folder in (results / kind).glob("*/")}
        for name in [*(name for name in names if name in found), *sorted(found - set(names))]:
            try:
                made, why = verify(results / kind / name), ""
            except ArtefactError:
                made, why = {}, "damaged or unfinished"
            if name not in names:
                why = why or UNPLANNED
            elif not why and made["inputs"] != expected(kind, name):
                why = "made by other code or from other inputs"
            if why:
                out[results / kind / name] = why
            else:
                files[kind][name] = made["files"]
    return out


def adopt(results: Path, params: Params, kinds: set[str]) -> None:
    """Have exactly what counts in the folders of `kinds`, with times in the DAG's order: Snakemake's measure.

    What the plan no longer asks for goes to the shelf and comes back with it: DVC itself does not restore
    outputs that it leaves in place.
    """
    for kind in kinds:
        for name in members(kind, params):
            folder, shelved = results / kind / name, results / SHELF / kind / name
            if shelved.exists() and not folder.exists():
                folder.parent.mkdir(parents=True, exist_ok=True)
                shelved.rename(folder)
    for folder, why in stale(results, params).items():
        if folder.parent.name not in kinds:
            continue
        shelved = results / SHELF / folder.relative_to(results)
        shutil.rmtree(shelved, ignore_errors=True)
        if why == UNPLANNED:
            shelved.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(shelved)
        else:
            shutil.rmtree(folder)
        print(f"removed {folder}: {why}", flush=True)
    for kind in ("populations", "runs", "evaluations", "toy"):
        for name in members(kind, params):
            for file in (results / kind / name).glob("*"):
                os.utime(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rules", nargs="+", metavar="RULE", help="rules of the Snakefile")
    rules = parser.parse_args().rules
    wanted = ["--until", *rules]
    results, params = Path("results") / scales.DEFAULT, scales.load()
    if "tables" in rules:
        # DVC leaves them in place for the sake of those that are only reported; the others are made anew.
        for name in plan(params, results).made:
            shutil.rmtree(results / "tables" / name, ignore_errors=True)
    if kinds := {KINDS[rule] for rule in rules if rule in KINDS}:
        adopt(results, params, kinds)
        params = plan(params, results).making
        # Named one by one: `--until pretrain` would end there for the runs that start from one, too.
        wanted = [str(results / kind / name / MANIFEST) for kind in kinds for name in members(kind, params)]
    sys.exit(subprocess.call(["snakemake", "--cores", "all", *wanted]))


if __name__ == "__main__":
    common.run_stage(main)
