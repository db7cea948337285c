"""Train one run of the plan: pre-training, fine-tuning from a base run's weights, or patched with the
attention of a base run's snapshot.

    python -m pipeline.stages.train --run ID --population FOLDER --out FOLDER [--base FOLDER] [--state FOLDER]

Writes config.json (the resolved parameters), curve.csv (held-out evaluations), training.csv (the
training log), cost.json and weights.safetensors. With --state, an interrupted run goes on where it
stopped when the same command is given again, and ends with the same bits. An observed run also writes
attention.csv (where its attention goes) and snapshots.safetensors (its weights at several steps).
"""

import argparse
import json
import os
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline.config import RunConfig
from pipeline.data.population import Population
from pipeline.files import atomic_path, sha256, write_atomically
from pipeline.stages import common
from pipeline.training import snapshots
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import DivergedError, Trainer
from pipeline.training.state import StateError, StateStore


def open_store(args: argparse.Namespace, run: RunConfig) -> StateStore:
    """The state of this run on these people, from this code; other processes are kept out of it."""
    inputs = {
        "population": sha256(args.population / "people.safetensors"),
        "code": common.code_digest(),
    }
    if run.base:
        inputs["base"] = sha256(args.base / f"{'snapshots' if run.patching else 'weights'}.safetensors")
    store = StateStore(args.state, run.digest, inputs)
    if int(os.environ.get("RANK", 0)) == 0:
        store.acquire()
    return store


def from_base(folder: Path, run: RunConfig) -> tuple[dict[str, Tensor], dict[str, Tensor] | None]:
    """Weights to start from, and those whose attention is patched in, if it is."""
    if run.patching is None:
        return load_file(folder / "weights.safetensors"), None
    kept = folder / "snapshots.safetensors"
    return snapshots.read(kept, run.patching.start), snapshots.read(kept, run.patching.reference)


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
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    run = common.find_run(args, args.run)
    if (run.base is None) != (args.base is None):
        parser.error("--base goes with a run that has a base, and only there")
    weights = reference = None
    if run.base is not None:
        base = json.loads((args.base / "config.json").read_text())
        if base != run.base.model_dump(mode="json"):
            raise common.StageError(
                f"{args.base}: not the base of {args.run}; name the folder of {run.base.id}"
            )
        weights, reference = from_base(args.base, run)
    population = Population.load(args.population)
    trainer = Trainer(run, population, weights, reference)
    store = open_store(args, run) if args.state else None
    result = trainer.train(store, args.save_every)
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
    if run.observe:
        write_atomically(out / "attention.csv", pd.DataFrame(result.attention).to_csv(index=False))
        snapshots.write(out / "snapshots.safetensors", result.snapshots)
    if store:
        store.clear()


if __name__ == "__main__":
    common.run_stage(main, StateError, DivergedError, InterruptedRunError)
