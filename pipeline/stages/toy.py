"""Pre-train and fine-tune the toy associative memory of one seed (paper, Figures Q and R).

    python -m pipeline.stages.toy --seed 0 --out FOLDER

Writes toy.csv, one row a read-out, fine-tuning condition (new pairs, weight of an old one) and measured
step: loss in nats and accuracy, on all old pairs and on the condition's new ones. Step 0 is the end of
pre-training.
"""

import argparse
from pathlib import Path

import pandas as pd
import torch

from pipeline.config.errors import ConfigError
from pipeline.memory import training
from pipeline.stages import common
from pipeline.store import code, provenance
from pipeline.store.artefacts import seal
from pipeline.store.files import write_atomically


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--seed", type=int, required=True, help="one of the toy's seeds")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    torch.set_num_threads(1)
    toy = common.parameters(args).toy
    if toy is None or args.seed not in toy.seeds:
        allowed = ", ".join(map(str, toy.seeds)) if toy else f"none, as scale {args.scale} has no toy"
        raise ConfigError(f"seed: given {args.seed}, allowed: {allowed}")
    rows = pd.DataFrame(training.run(toy, args.seed))
    write_atomically(args.out / "toy.csv", rows.to_csv(index=False))
    inputs = {"code": code.digest("toy")}
    seal(args.out, ["toy.csv"], seed=args.seed, inputs=inputs, environment=provenance.environment())
    for read_out, start in rows[rows.step == 0].groupby("read_out"):
        print(f"{read_out}: {start.old_accuracy.iloc[0]:.4f} of {toy.pairs} pairs known after pre-training")


if __name__ == "__main__":
    common.run_stage(main)
