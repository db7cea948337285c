"""Train one run of the plan: pre-training, or fine-tuning from a base run's weights.

    python -m pipeline.stages.train --run ID --population FOLDER --out FOLDER [--base FOLDER] [--state FOLDER]

Writes config.json (the resolved parameters), curve.csv (held-out evaluations), training.csv (the
training log), weights.safetensors and manifest.json (code and inputs, cost, machine, checksums). With
--state, an interrupted run goes on where it stopped when the same command is given again, and ends with
the same bits.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import load, save
from torch import Tensor

from pipeline.artefacts import seal, verify
from pipeline.config import RunConfig
from pipeline.data.population import Population
from pipeline.data.sampler import LeakageError
from pipeline.files import write_atomically
from pipeline.stages import common
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import DivergedError, Result, Trainer
from pipeline.training.state import StateError, StateStore

FILES = ("config.json", "curve.csv", "training.csv", "weights.safetensors")


def read_inputs(
    args: argparse.Namespace, run: RunConfig
) -> tuple[Population, dict[str, Tensor] | None, dict[str, str]]:
    """The people, the base's weights if there is a base, and the checksums of all that decides the result."""
    population = Population.load(args.population)
    people = verify(args.population, "people.safetensors")["files"]["people.safetensors"]
    inputs = {"population": people, "code": common.code_digest()}
    if run.base is None:
        return population, None, inputs
    base = verify(args.base, "config.json", "weights.safetensors")
    if json.loads((args.base / "config.json").read_text()) != run.base.model_dump(mode="json"):
        raise common.StageError(f"{args.base}: not the base of {run.id}; name the folder of {run.base.id}")
    inputs["base"] = base["files"]["weights.safetensors"]
    return population, load((args.base / "weights.safetensors").read_bytes()), inputs


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
    facts: dict[str, Any] = {"run": run.id, "seed": run.seed, "inputs": inputs, "cost": result.cost}
    seal(out, FILES, **facts, environment=common.provenance())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--run", required=True, help="id of the run")
    parser.add_argument("--population", type=Path, required=True, help="folder of the dataset stage")
    parser.add_argument("--base", type=Path, help="folder of the run to start from (fine-tuning)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--state", type=Path, help="folder of what is needed to go on; removed at the end")
    parser.add_argument(
        "--save-every",
        type=float,
        default=os.environ.get("PIPELINE_SAVE_EVERY", 5.0),
        help="seconds between two states, at least (default: $PIPELINE_SAVE_EVERY or 5)",
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    run = common.find_run(args, args.run)
    if (run.base is None) != (args.base is None):
        parser.error("--base goes with a fine-tuning run, and only there")
    population, weights, inputs = read_inputs(args, run)
    trainer = Trainer(run, population, weights)
    store = open_store(args.state, run, inputs) if args.state else None
    result = trainer.train(store, args.save_every)
    if not trainer.accelerator.is_main_process:
        return
    write(args.out, run, inputs, result)
    if store:
        store.clear()


if __name__ == "__main__":
    common.run_stage(main, StateError, DivergedError, InterruptedRunError, LeakageError)
