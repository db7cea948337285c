"""Side by side on this machine: our training step, Hugging Face's `Trainer`, a plain PyTorch loop.

    python -m benchmarks.bench --out results/bench.json [--rounds 3]

Tokens a second, each contender at its best number of threads; core-seconds until the end of the plateau is
known; where our step goes, by batch and beside the peak of matrix products; whether a token costs the same
for more people and in longer runs; what the workflow itself costs; with a GPU, what a run of the paper
scale takes on it. All train the same model on the same biographies. Rounds alternate between them, because
shared machines drift: what counts is the ratio of medians measured in one call.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from benchmarks.worker import WARM_UP, config, people
from pipeline.execution.processes import KEEP_MEMORY
from pipeline.stages import common
from pipeline.store import provenance
from pipeline.store.files import write_atomically
from pipeline.training import hardware
from pipeline.training.cost import flops_per_token

CORES = len(os.sched_getaffinity(0))
# As in the workflow's jobs, of which these few steps are a sample: kernels compiled, memory kept.
AS_A_JOB = {**os.environ, **KEEP_MEMORY, "PIPELINE_COMPILE": "1"}


def together(*commands: list[str], env: dict[str, str] | None = None) -> list[dict]:
    """Run python modules at the same time; the JSON that each prints last."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", *c], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        for c in commands
    ]
    finished = [(process, *process.communicate()) for process in started]
    for process, _, errors in finished:
        if process.returncode:
            raise common.StageError(f"benchmark failed: {errors.strip().splitlines()[-1]}")
    return [json.loads(output.splitlines()[-1]) for _, output, _ in finished]


def rate(way: str, steps: int, jobs: int, threads: int) -> tuple[float, float]:
    """Tokens a second of `jobs` processes at once, and the seconds from start to first step."""
    command = ["benchmarks.worker", way, "--steps", str(steps), "--threads", str(threads)]
    results = together(*[command] * jobs, env=AS_A_JOB if way == "pipeline" else None)
    return (
        sum(r["tokens_per_second"] for r in results),
        statistics.median(r["seconds_to_first_step"] for r in results),
    )


# Jobs at once, and threads of each: as the workflow does it, or one job on all cores.
A_JOB_A_CORE, ON_ALL_CORES = (CORES, 1), (1, CORES)
EITHER = tuple(dict.fromkeys([A_JOB_A_CORE, ON_ALL_CORES]))
OURS = "pipeline"
# The worker's way, and the arrangements of which the best counts.
CONTENDERS = {
    OURS: ("pipeline", (A_JOB_A_CORE,)),
    "Trainer, fp32": ("trainer-fp32", EITHER),
    "Trainer, bf16": ("trainer-bf16", EITHER),
    "plain PyTorch loop, fp32": ("plain", EITHER),
}
YARDSTICK = (2, 128, 32)  # layers, width, batch: times of other machines are scaled by a step of this shape
BATCHES = (4, 8, 32)  # at the shape that is compared; the last is what the others are measured by
KNOWN = 0.9  # share of b below which the end of the plateau, at .99, is known


def profiled(layers: int, width: int, *batches: int) -> list[dict]:
    """Of one job while others like it keep the other cores busy."""
    shape = ["--layers", str(layers), "--width", str(width), "--batch", *map(str, batches)]
    return cast(list[dict], together(*[["benchmarks.profile", *shape]] * CORES, env=AS_A_JOB)[0])


def measure(rounds: int, steps: int, bf16: bool) -> dict[str, Any]:
    """Every contender in every round, and beside them the matrix-product peak with all cores busy. `bf16`:
    whether this machine multiplies in it; emulated it is ten times as slow, and one short round is enough."""
    rates: dict[str, dict[tuple[int, int], list[float]]] = {
        name: {arrangement: [] for arrangement in arrangements}
        for name, (_, arrangements) in CONTENDERS.items()
    }
    peaks: list[dict[str, float]] = []
    profiles: list[list[dict]] = []
    first_steps: list[float] = []
    model = config(steps).model
    for k in range(rounds):
        for name, (way, arrangements) in CONTENDERS.items():
            emulated = way == "trainer-bf16" and not bf16
            if emulated and k:
                continue
            for jobs, threads in arrangements:
                tokens, first = rate(way, WARM_UP + 4 if emulated else steps, jobs, threads)
                rates[name][jobs, threads].append(tokens)
                if name == OURS:
                    first_steps.append(first)
                said = f"{name}, {jobs} jobs x {threads} threads: {tokens:,.0f} tok/s"
                print(f"round {k + 1}/{rounds}  {said}", flush=True)
        at_once = together(*[["benchmarks.gemm"]] * CORES)
        peaks.append({kind: sum(p[kind] for p in at_once) for kind in at_once[0]})
        profiles.append([*profiled(model.layers, model.width, *BATCHES), *profiled(*YARDSTICK)])
    return {"rates": rates, "peaks": peaks, "first_steps": first_steps, "profiles": profiles}


def best(rates: dict[tuple[int, int], list[float]]) -> tuple[int, int]:
    """The arrangement with the highest median."""
    return max(rates, key=lambda arrangement: statistics.median(rates[arrangement]))


def plateau_ends(arrangements: dict[str, tuple[int, int]]) -> dict[str, dict]:
    """Steps and core-seconds of one default run until the end of its plateau is known, by contender."""
    found = {}
    for name, (jobs, threads) in arrangements.items():
        way = CONTENDERS[name][0]
        command = ["benchmarks.worker", way, "--below", str(KNOWN), "--threads", str(threads)]
        results = together(*[command] * jobs, env=AS_A_JOB if way == "pipeline" else None)
        seconds = statistics.median(r["seconds"] for r in results) * threads
        found[name] = {"steps": results[0]["steps"], "core_seconds": round(seconds, 1)}
        print(f"end of the plateau known, {name}: {found[name]}", flush=True)
    return found


def step_profile(profiles: list[dict]) -> dict[str, Any]:
    """Medians over the rounds of one shape: phases, parts, and the rate of its products with weights."""
    middle = {
        kind: {
            part: round(statistics.median(p[kind][part] for p in profiles), 2) for part in profiles[0][kind]
        }
        for kind in ("phases", "milliseconds")
    }
    return {
        "milliseconds": middle["phases"]["step"],
        "phases": {name: ms for name, ms in middle["phases"].items() if name != "step"},
        "parts": middle["milliseconds"],
        "product_gflops": round(statistics.median(p["product_gflops"] for p in profiles), 1),
    }


def summarise(measured: dict[str, Any], flops: float, precision: str) -> dict[str, Any]:
    """Medians, ratios and shares; `flops` a token."""
    chosen = {name: best(rates) for name, rates in measured["rates"].items()}
    pairs = {name: rates[chosen[name]] for name, rates in measured["rates"].items()}
    medians = {name: statistics.median(values) for name, values in pairs.items()}
    peak = {kind: statistics.median(p[kind] for p in measured["peaks"]) for kind in measured["peaks"][0]}
    used = peak["bfloat16" if precision == "bf16" else "float32"]
    steps = [step_profile(list(of_a_shape)) for of_a_shape in zip(*measured["profiles"], strict=True)]
    compared = dict(zip(BATCHES, steps, strict=False))
    whole = compared[BATCHES[-1]]["milliseconds"] / BATCHES[-1]
    return {
        "tokens_per_second": {
            name: {
                "median": round(medians[name]),
                "jobs": chosen[name][0],
                "threads": chosen[name][1],
                "others": {
                    f"{jobs} jobs x {threads} threads": round(statistics.median(values))
                    for (jobs, threads), values in rates.items()
                    if (jobs, threads) != chosen[name]
                },
            }
            for name, rates in measured["rates"].items()
        },
        "ratios": {
            name: {
                "ratio": round(medians[OURS] / medians[name], 2),
                "pairs": [round(a / b, 2) for a, b in zip(pairs[OURS], pairs[name], strict=False)],
            }
            for name in medians
            if name != OURS
        },
        "gemm_peak_gflops": {kind: round(value) for kind, value in peak.items()},
        "share_of_gemm_peak": round(medians[OURS] * flops / 1e9 / used, 3),
        "share_of_gemm_peak_in_products": round(compared[BATCHES[-1]]["product_gflops"] * CORES / used, 3),
        "step_by_batch": compared,
        "tokens_per_second_beside_the_largest_batch": {
            batch: round(whole / (step["milliseconds"] / batch), 2) for batch, step in compared.items()
        },
        "yardstick": {
            **dict(zip(("layers", "width", "batch"), YARDSTICK, strict=True)),
            "milliseconds_a_step": steps[-1]["milliseconds"],
        },
        "seconds_to_first_step": round(statistics.median(measured["first_steps"]), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=24, help="of each measurement (default: 24)")
    args = parser.parse_args()
    run = config(args.steps)
    population = people(run)
    length = population.meta["tokens_per_biography"]
    flops = flops_per_token(run.model, population.vocabulary, length)
    device = hardware.accelerator().device
    precision = hardware.precision(device)
    measured = measure(args.rounds, args.steps, precision == "bf16")
    found = summarise(measured, flops, precision)
    trainers = [name for name in CONTENDERS if name.startswith("Trainer")]
    fastest = max(trainers, key=lambda name: found["tokens_per_second"][name]["median"])
    result = {
        "model": run.model.model_dump(),
        "batch": run.training.batch,
        "vocabulary": population.vocabulary,
        "tokens_per_biography": round(length, 1),
        "flops_per_token": round(flops),
        "cores": CORES,
        "device": hardware.device_name(device),
        "precision": precision,
        "rounds": args.rounds,
        **found,
        "until_the_plateau_end_is_known": plateau_ends(
            {name: best(measured["rates"][name]) for name in (OURS, fastest)}
        ),
        "cost_of_a_token": together(["benchmarks.flat"], env=AS_A_JOB)[0],
        "workflow": together(["benchmarks.workflow"])[0],
        "paper_run": together(["benchmarks.whole_run"])[0] if device.type == "cuda" else None,
        **provenance.environment(),
    }
    write_atomically(args.out, json.dumps(result, indent=1) + "\n")
    print(args.out.read_text())


if __name__ == "__main__":
    common.run_stage(main)
