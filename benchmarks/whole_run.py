"""What the first run of a scale takes on this device, from some of its steps and slots: one line of JSON.

python -m benchmarks.whole_run --scale paper

MFU is flops_per_token (pipeline.training.cost: 6 a weight and 12 x layers x width x context / 2) x tokens of
a step / its seconds / the rate that large products reach here in the run's precision. Padding is no token.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch

from benchmarks import gemm
from benchmarks.worker import people
from pipeline.config import run as cfg
from pipeline.config import scales
from pipeline.config.experiments import expand
from pipeline.data.population import Population
from pipeline.training import hardware
from pipeline.training.cost import flops_per_token
from pipeline.training.loop import Trainer

WINDOWS = 5


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Of the work, with all that it asked of the device."""
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def _memory(device: torch.device) -> int:
    """Bytes of the device that were in use at most; of the process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(run: cfg.RunConfig, population: Population, steps: int) -> dict:
    """`steps`: of each of the windows, whose median counts."""
    trainer = Trainer(run, population)
    device, sequences = trainer.accelerator.device, run.evaluation.sequences
    first_step = seconds(lambda: trainer.step(0), device)
    first_slot = seconds(lambda: trainer.evaluate(0, sequences), device)
    for step in range(1, steps + 1):  # the GPU's clock, the allocator
        trainer.step(step)
    began = trainer.tally.read()[0][3]

    def window(first: int) -> None:
        for step in range(first, first + steps):
            trainer.step(step)

    firsts = range(steps + 1, (WINDOWS + 1) * steps + 1, steps)
    a_step = statistics.median(seconds(partial(window, first), device) for first in firsts) / steps
    tokens = (trainer.tally.read()[0][3] - began) / (WINDOWS * steps)
    a_slot = statistics.median(seconds(lambda: trainer.evaluate(0, sequences), device) for _ in range(3))
    flops = tokens * flops_per_token(run.model, population.vocabulary, trainer.biography)
    precision = hardware.precision(device)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    peak = gemm.rate(dtype, *gemm.LARGE[device.type], device=device)
    whole = first_step + first_slot + run.training.steps * a_step + len(run.slots) * a_slot
    return {
        "run": run.id,
        "device": hardware.device_name(device),
        "precision": precision,
        "seconds_compiling": round(first_step + first_slot, 1),
        "milliseconds_a_step": round(1e3 * a_step, 3),
        "seconds_a_slot": round(a_slot, 3),
        "tokens_a_step": round(tokens),
        "teraflops": round(flops / a_step / 1e12, 3),
        "gemm_peak_teraflops": round(peak / 1e12, 3),
        "mfu": round(flops / a_step / peak, 3),
        "gigabytes": round(_memory(device) / 1e9, 2),
        "seconds_of_the_run": round(whole, 1),
        "runs_an_hour": round(3600 / whole, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scale", default="paper")
    parser.add_argument("--steps", type=int, default=100, help="of each window")
    args = parser.parse_args()
    run = expand(scales.load(args.scale))[0].config
    print(json.dumps(measure(run, people(run), args.steps)))


if __name__ == "__main__":
    main()
