"""Train one run of the plan: pre-training, or fine-tuning from a base run's weights.

    python -m pipeline.stages.train --run ID --population FOLDER --out FOLDER [--base FOLDER] [--state FOLDER]

Writes config.json (the resolved parameters), curve.csv (held-out evaluations), training.csv (the
training log), cost.json and weights.safetensors. With --state, an interrupted run goes on where it
stopped when the same command is given again, and ends with the same bits.
"""

import argparse
import json
import os
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from pipeline.config import RunConfig
from pipeline.data.population import Population
from pipeline.files import atomic_path, sha256, write_atomically
from pipeline.stages import common
from pipeline.training.hardware import DeviceError
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import DivergedError, Trainer
from pipeline.training.state import StateError, StateStore


def open_store(args: argparse.Namespace, run: RunConfig) -> StateStore:
    """The state of this run on these people, from this code; other processes are kept out of it."""
    inputs = {
        "population": sha256(args.population / "people.safetensors"),
        "code": common.code_digest(),
    }
    if args.base:
        inputs["base"] = sha256(args.base / "weights.safetensors")
    store = StateStore(args.state, run.digest, inputs)
    if int(os.environ.get("RANK", 0)) == 0:
        store.acquire()
    return store


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
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of all processes on this machine")
    args = parser.parse_args()
    torch.set_num_threads(max(1, args.threads // int(os.environ.get("LOCAL_WORLD_SIZE", 1))))
    run = common.find_run(args, args.run)
    if (run.base is None) != (args.base is None):
        parser.error("--base goes with a fine-tuning run, and only there")
    weights = None
    if run.base is not None:
        base = json.loads((args.base / "config.json").read_text())
        if base != run.base.model_dump(mode="json"):
            raise common.StageError(
                f"{args.base}: not the base of {args.run}; name the folder of {run.base.id}"
            )
        weights = load_file(args.base / "weights.safetensors")
    population = Population.load(args.population)
    store = open_store(args, run) if args.state else None
    trainer = Trainer(run, population, weights)
    result = trainer.train(store, args.save_every)
    trainer.accelerator.end_training()  # from here on the processes need not wait for each other
    if not trainer.accelerator.is_main_process:
        return
    out = args.out
    out.mkdir(parents=True, exist_ok=True)
    config = json.dumps(run.model_dump(mode="json"), indent=1, sort_keys=True)
    write_atomically(out / "config.json", config + "\n")
    write_atomically(out / "curve.csv", pd.DataFrame(result.evaluations).to_csv(index=False))
    write_atomically(out / "training.csv", pd.DataFrame(result.training_log).to_csv(index=False))
    write_atomically(out / "cost.json", json.dumps(result.cost | common.provenance(), indent=1) + "\n")
    with atomic_path(out / "weights.safetensors") as temporary:
        save_file({k: v.contiguous() for k, v in result.model.state_dict().items()}, temporary)
    if store:
        store.clear()


if __name__ == "__main__":
    common.run_stage(main, StateError, DivergedError, DeviceError, InterruptedRunError)
