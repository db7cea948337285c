"""Whether a token costs the same for more people and in longer runs: one line of JSON.

    python -m benchmarks.flat

Nanoseconds a token by people and by length of the run, one job on one core, the default run otherwise. The
cases take turns, as shared machines drift; what counts is the largest median over the smallest.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.worker import default_run, people
from pipeline.config import run as cfg
from pipeline.training.loop import Trainer

PEOPLE = (256, 2048, 16384)
LENGTHS = (600, 6_000, 60_000)  # steps
ROUNDS, STEPS = 9, 10


def trainers(default: cfg.RunConfig, numbers: Sequence[int], lengths: Sequence[int]) -> dict[str, Trainer]:
    """By what is varied, each after its first step."""
    runs = {}
    for number in numbers:
        population = default.population.model_copy(update={"individuals": number})
        runs[f"{number} people"] = default.model_copy(update={"population": population})
    for steps in lengths:
        training = default.training.model_copy(update={"steps": steps})
        runs[f"{steps} steps"] = default.model_copy(update={"training": training})
    found = {name: Trainer(run, people(run)) for name, run in runs.items()}
    for trainer in found.values():
        trainer.step(0)
    return found


def measure(cases: dict[str, Trainer], rounds: int, steps: int) -> dict[str, Any]:
    """Medians over the rounds, and how far apart they are."""
    costs: dict[str, list[float]] = {name: [] for name in cases}
    for k in range(rounds):
        for name, trainer in cases.items():
            before = trainer.tally.read()[0][3]
            began = time.perf_counter()
            for step in range(1 + k * steps, 1 + (k + 1) * steps):
                trainer.step(step)
            took = time.perf_counter() - began
            costs[name].append(1e9 * took / (trainer.tally.read()[0][3] - before))
    medians = {name: round(statistics.median(values)) for name, values in costs.items()}
    return {
        "nanoseconds_a_token": medians,
        "largest_over_smallest": round(max(medians.values()) / min(medians.values()), 3),
    }


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    torch.set_num_threads(1)
    print(json.dumps(measure(trainers(default_run(), PEOPLE, LENGTHS), ROUNDS, STEPS)))


if __name__ == "__main__":
    main()
