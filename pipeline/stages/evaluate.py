"""Measure the final weights of every run of a population on a larger held-out set, by attribute.

    python -m pipeline.stages.evaluate --population FOLDER --runs FOLDER [FOLDER ...] --out FILE

Writes one row a run, group of people and attribute: loss in nats a value, exact-match accuracy, mean
maximum probability and entropy over value tokens, number of value tokens.
"""

import argparse
import json
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file

from pipeline.config import RunConfig
from pipeline.data.pools import ATTRIBUTES
from pipeline.data.population import Population
from pipeline.data.sampler import Sampler
from pipeline.files import write_atomically
from pipeline.model.transformer import Transformer
from pipeline.probes.recall import groups, measure
from pipeline.stages import common
from pipeline.training import hardware


def evaluate(run: RunConfig, weights: dict[str, torch.Tensor], population: Population) -> list[dict]:
    accelerator = hardware.accelerator()
    model = Transformer(run.model, population.vocabulary, population.longest_biography())
    model.load_state_dict(weights)
    model.to(accelerator.device)
    sampler = Sampler(population, run.distribution, run.seed, accelerator.device)
    rows = []
    with accelerator.autocast():
        for group, (first, count) in groups(run).items():
            recall = measure(model, sampler, first, count, run.evaluation.final_sequences)
            for a, attribute in enumerate(ATTRIBUTES):
                rows.append(
                    {
                        "run": run.id,
                        "group": group,
                        "attribute": attribute,
                        "loss": recall.loss[a].item(),
                        "accuracy": recall.accuracy[a].item(),
                        "max_probability": recall.max_probability[a].item(),
                        "entropy": recall.entropy[a].item(),
                        "tokens": int(recall.tokens[a]),
                    }
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--population", type=Path, required=True, help="folder of the dataset stage")
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of the train stage")
    parser.add_argument("--out", type=Path, required=True, help="table to write")
    args = parser.parse_args()
    torch.set_num_threads(1)
    population = Population.load(args.population)
    rows = []
    for folder in args.runs:
        run = RunConfig.model_validate(json.loads((folder / "config.json").read_text()))
        rows += evaluate(run, load_file(folder / "weights.safetensors"), population)
        print(f"{run.id}: done", flush=True)
    write_atomically(args.out, pd.DataFrame(rows).to_csv(index=False))


if __name__ == "__main__":
    common.run_stage(main, hardware.DeviceError)
