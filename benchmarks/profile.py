"""Where a training step of the default run goes: one line of JSON, milliseconds a step by part.

    python -m benchmarks.profile

One job on one core, compiled as the workflow's jobs are, after the first steps. `product_gflops` is the rate
at which the products with weights run, over the rows that are computed, padding of the packing included.
"""

import json

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.worker import default_run, people
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


def main() -> None:
    torch.set_num_threads(1)
    run = default_run()
    trainer = Trainer(run, people(run))
    for step in range(BEFORE):
        trainer.step(step)
    with profile(activities=[ProfilerActivity.CPU]) as record:
        for step in range(BEFORE, BEFORE + STEPS):
            trainer.step(step)
    milliseconds = dict.fromkeys([*PARTS, "the rest"], 0.0)
    for event in record.key_averages():
        milliseconds[part_of(event.key)] += event.self_cpu_time_total / 1e3 / STEPS
    rows = 0
    for step in range(BEFORE, BEFORE + STEPS):
        batch = trainer.sampler.batch(step, run.training.batch)
        rows += len(pack(batch.kind[:, 1:] != PADDING).at)
    model = run.model
    weights = model.layers * (4 + 2 * model.mlp_ratio) * model.width**2
    weights += trainer.population.vocabulary * model.width
    # Twice a weight and row, forward and for both gradients.
    flops = 6 * weights * rows / STEPS
    print(
        json.dumps(
            {
                "milliseconds": {part: round(ms, 2) for part, ms in milliseconds.items()},
                "product_gflops": flops / 1e6 / milliseconds["products with weights"],
            }
        )
    )


if __name__ == "__main__":
    main()
