"""Side by side on this machine: our training step, Hugging Face's `Trainer`, a plain PyTorch loop.

    python -m benchmarks.bench --out results/bench.json [--rounds 3]

Tokens a second, seconds until half of the facts are known, and where our step goes beside the peak of matrix
products; with a GPU, what a run of the paper scale takes on it. All three train the same model on the same
biographies. Rounds alternate between them, because shared machines drift: what counts is the ratio of medians
measured in one call.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.worker import config, people
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


# way, jobs at once, threads of each. The pipeline runs as the workflow does: a job a core.
CONTENDERS = {
    "pipeline, a job a core": ("pipeline", CORES, 1),
    "Hugging Face Trainer, all cores": ("hf-trainer", 1, CORES),
    "plain PyTorch loop, all cores": ("eager", 1, CORES),
    "plain PyTorch loop, a job a core": ("eager", CORES, 1),
}
OURS = next(iter(CONTENDERS))


def measure(rounds: int, steps: int) -> dict:
    """Every contender in every round, and the matrix-product peak with all cores busy."""
    rates: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    peaks: list[dict[str, float]] = []
    profiles: list[dict] = []
    first_steps: list[float] = []
    for k in range(rounds):
        for name, (way, jobs, threads) in CONTENDERS.items():
            began = time.perf_counter()
            tokens, first = rate(way, steps, jobs, threads)
            rates[name].append(tokens)
            if name == OURS:
                first_steps.append(first)
            print(
                f"round {k + 1}/{rounds}  {name}: {tokens:,.0f} tok/s ({time.perf_counter() - began:.0f} s)",
                flush=True,
            )
        at_once = together(*[["benchmarks.gemm"]] * CORES)
        peaks.append({kind: sum(p[kind] for p in at_once) for kind in at_once[0]})
        profiles.append(together(*[["benchmarks.profile"]] * CORES, env=AS_A_JOB)[0])
    return {"rates": rates, "peaks": peaks, "first_steps": first_steps, "profiles": profiles}


def until_half_is_known() -> dict[str, dict]:
    """Steps and seconds of one default run of the laptop scale to an accuracy of 0.5, by contender. Of the
    pipeline one job is timed while others like it keep the other cores busy, as in the workflow."""
    found = {}
    for name, (way, jobs, threads) in CONTENDERS.items():
        command = ["benchmarks.worker", way, "--accuracy", "0.5", "--threads", str(threads)]
        results = together(*[command] * jobs, env=AS_A_JOB if way == "pipeline" else None)
        seconds = statistics.median(r["seconds"] for r in results)
        found[name] = {"steps": results[0]["steps"], "seconds": round(seconds, 1), "runs_at_once": jobs}
        print(f"half of the facts known, {name}: {found[name]}", flush=True)
    return found


def summarise(measured: dict, flops: float, precision: str) -> dict:
    """Medians, ratios and shares; `flops` a token."""
    medians = {name: statistics.median(values) for name, values in measured["rates"].items()}
    peak = {kind: statistics.median(p[kind] for p in measured["peaks"]) for kind in measured["peaks"][0]}
    used = "bfloat16" if precision == "bf16" else "float32"
    parts = measured["profiles"][0]["milliseconds"]
    profile = {
        part: round(statistics.median(p["milliseconds"][part] for p in measured["profiles"]), 2)
        for part in parts
    }
    products = statistics.median(p["product_gflops"] for p in measured["profiles"])
    return {
        "tokens_per_second": {name: round(value) for name, value in medians.items()},
        "ratios": {
            f"pipeline / {name}": {
                "ratio": round(medians[OURS] / value, 2),
                "medians": [round(medians[OURS]), round(value)],
                "pairs": [
                    round(a / b, 2)
                    for a, b in zip(measured["rates"][OURS], measured["rates"][name], strict=True)
                ],
            }
            for name, value in medians.items()
            if name != OURS
        },
        "gemm_peak_gflops": {kind: round(value) for kind, value in peak.items()},
        "share_of_gemm_peak": round(medians[OURS] * flops / 1e9 / peak[used], 3),
        "milliseconds_of_a_default_step": profile,
        "share_of_gemm_peak_in_products": round(products * CORES / peak[used], 3),
        "seconds_to_first_step": round(statistics.median(measured["first_steps"]), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60, help="training steps of each measurement")
    args = parser.parse_args()
    run = config(args.steps)
    population = people(run)
    length = population.meta["tokens_per_biography"]
    flops = flops_per_token(run.model, population.vocabulary, length)
    device = hardware.accelerator().device
    precision = hardware.precision(device)
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
        **summarise(measure(args.rounds, args.steps), flops, precision),
        "until_half_is_known": until_half_is_known(),
        "paper_run": together(["benchmarks.whole_run"])[0] if device.type == "cuda" else None,
        **provenance.environment(),
    }
    write_atomically(args.out, json.dumps(result, indent=1) + "\n")
    print(f"\n{result['device']}, {CORES} cores, {precision}; {run.model}, batch {run.training.batch}")
    for name, tokens in result["tokens_per_second"].items():
        print(f"{tokens:10,.0f} tok/s  {name}")
    for name, ratio in result["ratios"].items():
        print(f"{ratio['ratio']:10.2f} x      {name}")
    peak = ", ".join(f"{value:,} GFLOP/s {kind}" for kind, value in result["gemm_peak_gflops"].items())
    print(f"GEMM peak of all cores: {peak}; model FLOPs reach {result['share_of_gemm_peak']:.0%} of it")
    step = ", ".join(f"{part} {ms}" for part, ms in result["milliseconds_of_a_default_step"].items())
    print(f"a default step, ms: {step}")
    print(f"its products with weights run at {result['share_of_gemm_peak_in_products']:.0%} of the peak")
    for name, found in result["until_half_is_known"].items():
        runs = f", {found['runs_at_once']} runs at once" if found["runs_at_once"] > 1 else ""
        print(f"{found['seconds']:10.1f} s      to half of the facts, {name}{runs} ({found['steps']} steps)")
    print(f"first step after {result['seconds_to_first_step']} s (compile cache warm)")
    if run_there := result["paper_run"]:
        print(
            "the default run of the paper scale:", *(f"{k} {v}" for k, v in run_there.items()), sep="\n    "
        )


if __name__ == "__main__":
    common.run_stage(main)
