"""Measure the final weights of every run of an experiment on a larger held-out set, by attribute.

    python -m pipeline.stages.evaluate --populations FOLDER ... --runs FOLDER ... --out FOLDER

Writes
final.csv        one row a run, group of people and attribute: loss in nats a value, exact-match accuracy,
                 mean maximum probability and entropy over value tokens, number of value tokens
confidences.csv  one row a run, group and bin of confidence: lower edge in log-odds, values, right ones
parts.csv        one row a run and part of its people (evaluation.apart): how many people, and their share of
                 the biographies that it was trained on
forgetting.csv   one row a run and snapshot of fine-tuning: what has become of old facts, and in which way

A run that ends early (training.ends_below) has none of the first two.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from safetensors.torch import load

from pipeline.config.probes import OF_FINAL
from pipeline.config.run import RunConfig
from pipeline.data import told
from pipeline.data.population import Population
from pipeline.data.sampler import Sampler, probabilities
from pipeline.execution.processes import used
from pipeline.model.patching import PatchedTransformer
from pipeline.model.transformer import Transformer
from pipeline.probes import forgetting
from pipeline.probes.confidence import Histogram
from pipeline.probes.recall import measure
from pipeline.stages import common
from pipeline.store import provenance
from pipeline.store.artefacts import checksum, seal, verify
from pipeline.store.files import write_atomically
from pipeline.training import hardware, snapshots

COLUMNS = {
    "final": ("run", "group", "attribute", "loss", "accuracy", "max_probability", "entropy", "tokens"),
    **OF_FINAL,
}


def _made(
    run: RunConfig, population: Population, reference: dict[str, torch.Tensor] | None = None
) -> tuple[Accelerator, Transformer, Sampler]:
    """A model of the run's size, and what draws the biographies that it is measured on."""
    accelerator = hardware.accelerator()
    size = (run.model, population.vocabulary, population.longest_biography())
    model = Transformer(*size) if reference is None else PatchedTransformer(*size, reference)
    sampler = Sampler(population, run.distribution, run.seed, accelerator.device, run.training.steps)
    return accelerator, model.to(accelerator.device), sampler


def evaluate(
    run: RunConfig,
    weights: dict[str, torch.Tensor],
    population: Population,
    reference: dict[str, torch.Tensor] | None,
) -> tuple[list[dict], list[dict]]:
    """Rows of final.csv and of confidences.csv. `reference`: weights of a patched run's reference, whose
    attention it keeps."""
    accelerator, model, sampler = _made(run, population, reference)
    model.load_state_dict(weights)
    rows, confidences = [], []
    with accelerator.autocast():
        for group, (first, count) in run.groups.items():
            sure = Histogram()
            recall = measure(model, sampler, first, count, run.evaluation.final_sequences, each=sure.add)
            confidences += [{"run": run.id, "group": group, **row} for row in sure.rows()]
            for a, attribute in enumerate(population.schema.names):
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
    return rows, confidences


def parts(run: RunConfig, population: Population) -> list[dict]:
    """Rows of parts.csv: the shares are means over the run's steps."""
    if not run.evaluation.apart:
        return []
    who, steps = run.population, run.training.steps
    phases = probabilities(
        run.distribution, who.individuals, population.people, steps, population.frequencies
    )
    ends = [*(first for first, _ in phases[1:]), steps]
    lasted = [(end - first) / steps for (first, _), end in zip(phases, ends, strict=True)]
    drawn = np.average([p for _, p in phases], axis=0, weights=lasted)
    return [
        {"run": run.id, "part": name, "people": count, "share": float(drawn[first : first + count].sum())}
        for name, (first, count) in run.parts.items()
    ]


def forgotten(run: RunConfig, folder: Path, population: Population) -> list[dict]:
    """Rows of forgetting.csv, of a fine-tuning run in `folder` that keeps weights from its first on."""
    kept = run.observe.snapshots if run.observe and run.kind == "finetune" else []
    if kept[:1] != [0]:
        return []
    accelerator, model, sampler = _made(run, population)
    weights = dict(zip(kept, snapshots.read(folder, *kept), strict=True))
    known, sequences = run.groups["known"], run.evaluation.final_sequences
    with accelerator.autocast():
        rows = forgetting.measure(model, population, sampler, known, sequences, weights)
    return [{"run": run.id, **row} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--populations", type=Path, nargs="+", required=True, help="folders of the dataset stage"
    )
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="folders of the train stage")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    torch.set_num_threads(1)
    runs = {}
    for folder in args.runs:
        verify(folder, "config.json")
        runs[folder] = RunConfig.model_validate(json.loads((folder / "config.json").read_text()))
    rows: dict[str, list[dict]] = {name: [] for name in COLUMNS}
    inputs = {"code": provenance.code_of("evaluate")}
    for people in args.populations:
        drawn = Population.load(people)
        inputs[people.name] = checksum(people, "people.safetensors")
        for folder, run in runs.items():
            if run.population_id != people.name:
                continue
            population = told.told(drawn, run)
            weights, reference = checksum(folder, "weights.safetensors"), None
            if run.base and run.patching:
                # Folders of runs lie side by side.
                (reference,) = snapshots.read(folder.parent / run.base.id, run.patching.reference)
            if run.training.ends_below is None:  # else its weights are final in name only
                trained = load((folder / "weights.safetensors").read_bytes())
                final, confidences = evaluate(run, trained, population, reference)
                rows["final"] += final
                rows["confidences"] += confidences
            rows["parts"] += parts(run, population)
            rows["forgetting"] += forgotten(run, folder, population)
            inputs[run.id] = weights
            print(f"{run.id}: done", flush=True)
    if missing := {run.population_id for run in runs.values() if run.id not in inputs}:
        raise common.StageError(f"--populations: name the folder of {', '.join(sorted(missing))}")
    for name, columns in COLUMNS.items():
        content = pd.DataFrame(rows[name], columns=columns).to_csv(index=False)
        write_atomically(args.out / f"{name}.csv", content)
    seal(
        args.out,
        [f"{name}.csv" for name in COLUMNS],
        inputs=inputs,
        environment=provenance.environment(),
        used=used(),
    )


if __name__ == "__main__":
    common.run_stage(main, hardware.DeviceError)
