"""Where a training step goes: a JSON list, for each batch milliseconds a step by part and by phase.

    python -m benchmarks.profile                                          the default run
    python -m benchmarks.profile --layers 4 --width 128 --batch 4 8 32    of other shapes

One job on one core, compiled as the workflow's jobs are, after the first steps. `product_gflops` is the rate
at which the products with weights run, over the rows that are computed, padding of the packing included.
Phases are timed without the profiler, and are medians.
"""

import argparse
import json
import statistics
import time
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.worker import default_run, people
from pipeline.config import run as cfg
from pipeline.data.population import Population
from pipeline.data.sampler import PADDING
from pipeline.model.packing import pack
from pipeline.training.loop import Trainer

BEFORE, STEPS = 80, 20
PARTS = {
    "products with weights": ("aten::mm", "aten::addmm"),
    "products of attention": ("aten::bmm", "aten::baddbmm"),
    "optimiser": ("Optimizer.", "aten::_fused_adamw_"),
    "compiled kernels": ("## Call CompiledFxGraph",),
}


def part_of(name: str) -> str:
    return next((part for part, names in PARTS.items() if name.startswith(names)), "the rest")


def timed(owner: Any, name: str, seconds: list[float]) -> None:
    """Have each call of a method note what it took."""
    method = getattr(owner, name)

    def call(*args: Any, **named: Any) -> Any:
        began = time.perf_counter()
        found = method(*args, **named)
        seconds.append(time.perf_counter() - began)
        return found

    setattr(owner, name, call)


def phases(trainer: Trainer, first: int, steps: int) -> dict[str, float]:
    """Milliseconds of a step, and of its phases; a batch that is drawn ahead counts to all of its steps."""
    found: dict[str, list[float]] = {
        name: [] for name in ("drawing", "forward", "backward", "optimiser", "step")
    }
    timed(trainer, "_batch", found["drawing"])
    timed(trainer.model, "forward", found["forward"])
    timed(trainer.accelerator, "backward", found["backward"])
    timed(trainer.optimiser.optimizer, "step", found["optimiser"])
    timed(trainer, "step", found["step"])
    for step in range(first, first + steps):
        trainer.step(step)
    out = {name: statistics.median(seconds) for name, seconds in found.items()}
    out["drawing"] = statistics.mean(found["drawing"])
    return {name: round(1e3 * seconds, 3) for name, seconds in out.items()}


def parts(trainer: Trainer, first: int, steps: int) -> tuple[dict[str, float], float]:
    """Milliseconds of a step by part, and the rate of the products with weights, GFLOP/s."""
    run = trainer.run
    with profile(activities=[ProfilerActivity.CPU]) as record:
        for step in range(first, first + steps):
            trainer.step(step)
    milliseconds = dict.fromkeys([*PARTS, "the rest"], 0.0)
    for event in record.key_averages():
        milliseconds[part_of(event.key)] += event.self_cpu_time_total / 1e3 / steps
    rows = 0
    for step in range(first, first + steps):
        batch = trainer.sampler.batch(step, run.training.batch)
        rows += len(pack(batch.kind[:, 1:] != PADDING).at)
    model = run.model
    weights = model.layers * (4 + 2 * model.mlp_ratio) * model.width**2
    weights += trainer.population.vocabulary * model.width
    # Twice a weight and row, forward and for both gradients.
    flops = 6 * weights * rows / steps
    rate = flops / 1e6 / milliseconds["products with weights"]
    return {part: round(ms, 2) for part, ms in milliseconds.items()}, rate


def measured(run: cfg.RunConfig, population: Population) -> dict[str, Any]:
    trainer = Trainer(run, population)
    for step in range(BEFORE):
        trainer.step(step)
    milliseconds, rate = parts(trainer, BEFORE, STEPS)
    return {
        "batch": run.training.batch,
        "milliseconds": milliseconds,
        "product_gflops": rate,
        "phases": phases(trainer, BEFORE + STEPS, 3 * STEPS),
    }


def main() -> None:
    default = default_run()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--layers", type=int, default=default.model.layers)
    parser.add_argument("--width", type=int, default=default.model.width)
    parser.add_argument("--batch", type=int, nargs="+", default=[default.training.batch], metavar="B")
    args = parser.parse_args()
    torch.set_num_threads(1)
    population = people(default)
    model = default.model.model_copy(update={"layers": args.layers, "width": args.width})
    runs = [
        default.model_copy(
            update={"model": model, "training": default.training.model_copy(update={"batch": batch})}
        )
        for batch in args.batch
    ]
    print(json.dumps([measured(run, population) for run in runs]))


if __name__ == "__main__":
    main()
