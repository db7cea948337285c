"""Train one run of the plan: pre-training, fine-tuning from a base run's weights, or patched with the
attention of a base run's snapshot.

    python -m pipeline.stages.train --run ID --population FOLDER --out FOLDER [--base FOLDER] [--state FOLDER]

Writes config.json (the resolved parameters), curve.csv (held-out evaluations), training.csv (the
training log), weights.safetensors and manifest.json (code and inputs, cost, machine, checksums). With
--state, an interrupted run goes on where it stopped when the same command is given again, and ends with
the same bits. An observed run also writes a table for its probes (attention.csv: where its attention goes)
and snapshots.safetensors (its weights at several steps).
"""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load, save
from torch import Tensor

from pipeline.config.run import RunConfig
from pipeline.data import told
from pipeline.data.population import Population
from pipeline.data.sampler import LeakageError
from pipeline.execution.processes import used
from pipeline.stages import common
from pipeline.store import provenance
from pipeline.store.artefacts import checksum, seal, verify
from pipeline.store.files import write_atomically
from pipeline.training import snapshots
from pipeline.training.hardware import DeviceError
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import DivergedError, Result, Trainer
from pipeline.training.state import StateError, StateStore

FILES = ("config.json", "curve.csv", "training.csv", "weights.safetensors")


@dataclass(frozen=True)
class Inputs:
    """What a run reads. weights: to start from; reference: those whose attention is patched in;
    checksums: of all that decides the result besides the run's parameters."""

    population: Population
    checksums: dict[str, str]
    weights: dict[str, Tensor] | None = None
    reference: dict[str, Tensor] | None = None


def read_inputs(args: argparse.Namespace, run: RunConfig) -> Inputs:
    """Raises ArtefactError for a damaged file, StageError for the folder of another base."""
    population = told.load(args.population, run)
    people = checksum(args.population, "people.safetensors")
    checksums = {"population": people, "code": provenance.code_of("train")}
    if run.base is None:
        return Inputs(population, checksums)
    file = snapshots.FILE if run.patching else "weights.safetensors"
    verify(args.base, "config.json")
    checksums["base"] = checksum(args.base, file)
    if json.loads((args.base / "config.json").read_text()) != run.base.model_dump(mode="json"):
        raise common.StageError(f"{args.base}: not the base of {run.id}; name the folder of {run.base.id}")
    if run.patching is None:
        return Inputs(population, checksums, load((args.base / file).read_bytes()))
    start, reference = snapshots.read(args.base, run.patching.start, run.patching.reference)
    return Inputs(population, checksums, start, reference)


def open_store(folder: Path, run: RunConfig, inputs: dict[str, str]) -> StateStore:
    """The state of this run from these inputs; other processes are kept out of it."""
    store = StateStore(folder, run.digest, inputs)
    if int(os.environ.get("RANK", 0)) == 0:
        store.acquire()
    return store


def write(out: Path, run: RunConfig, inputs: dict[str, str], result: Result) -> None:
    config = json.dumps(run.model_dump(mode="json"), indent=1, sort_keys=True)
    write_atomically(out / "config.json", config + "\n")
    write_atomically(out / "curve.csv", pd.DataFrame(result.evaluations).to_csv(index=False))
    write_atomically(out / "training.csv", pd.DataFrame(result.training_log).to_csv(index=False))
    weights = {k: v.contiguous() for k, v in result.model.state_dict().items()}
    write_atomically(out / "weights.safetensors", save(weights))
    files = list(FILES)
    if run.observe:
        for table, rows in result.observed.items():
            write_atomically(out / f"{table}.csv", pd.DataFrame(rows).to_csv(index=False))
            files.append(f"{table}.csv")
        snapshots.write(out, result.snapshots)
        files.append(snapshots.FILE)
    facts: dict[str, Any] = {"run": run.id, "seed": run.seed, "inputs": inputs, "cost": result.cost}
    seal(out, files, **facts, environment=provenance.environment(), used=used())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--run", required=True, help="id of the run")
    parser.add_argument("--population", type=Path, required=True, help="folder of the dataset stage")
    parser.add_argument("--base", type=Path, help="folder of the run to start from (fine-tuning, patching)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--state", type=Path, help="folder of what is needed to go on; removed at the end")
    parser.add_argument(
        "--save-every",
        type=float,
        default=os.environ.get("PIPELINE_SAVE_EVERY", 5.0),
        help="seconds between two states, at least (default: $PIPELINE_SAVE_EVERY or 5)",
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of all processes on this machine")
    args = parser.parse_args()
    torch.set_num_threads(max(1, args.threads // int(os.environ.get("LOCAL_WORLD_SIZE", 1))))
    run = common.find_run(args, args.run)
    if (run.base is None) != (args.base is None):
        parser.error("--base goes with a run that has a base, and only there")
    inputs = read_inputs(args, run)
    store = open_store(args.state, run, inputs.checksums) if args.state else None
    trainer = Trainer(run, inputs.population, inputs.weights, inputs.reference)
    result = trainer.train(store, args.save_every)
    trainer.accelerator.end_training()  # from here on the processes need not wait for each other
    if not trainer.accelerator.is_main_process:
        return
    write(args.out, run, inputs.checksums, result)
    if store:
        store.clear()


if __name__ == "__main__":
    common.run_stage(main, StateError, DivergedError, DeviceError, InterruptedRunError, LeakageError)
