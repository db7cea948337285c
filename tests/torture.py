"""Kill the smoke workflow at random moments, call it once more, and compare with an undisturbed run.

    python -m tests.torture --kills 50 --seed 0 --out results/torture.json
    python -m tests.torture --kills 3 --calm .        the undisturbed run is the one in this folder's results

A kill is SIGKILL: to one job, or to Snakemake with all of its jobs. After each kill every visible output
must be whole: equal, to the bit, to that of the undisturbed run. When the workflow ends before the kills
are used up, its results are deleted and it starts again. The last call is left in peace.
"""

import argparse
import collections
import contextlib
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil

from tests import tree

COMMAND = ["snakemake", "--cores", "2", "--config", "scale=smoke"]
# The runs are short; state is still saved for 2 % of the time at most
ENV = tree.ENV | {"PIPELINE_SAVE_EVERY": "0.1"}
# What differs between two runs of the same computation: times, what is made of them, the day, and the
# commit, which a copy of the tree does not know.
TIMES = ("seconds", "device_seconds", "seconds_evaluating", "seconds_to_first_step", "tokens_per_second")
SECONDS_PER_CALL = 600


def call(folder: Path) -> subprocess.Popen:
    with (folder / "torture.log").open("ab") as log:
        return subprocess.Popen(COMMAND, cwd=folder, env=ENV, stdout=log, stderr=log, start_new_session=True)


def content(path: Path) -> str:
    """Checksum of a result, its times, day and commit left out."""
    if path.name.endswith("manifest.json"):
        manifest = json.loads(path.read_text())
        manifest["cost"] = {k: v for k, v in manifest.get("cost", {}).items() if k not in TIMES}
        for name in ("commit", "date"):
            manifest.get("environment", {}).pop(name, None)
        manifest.pop("used", None)
        # Its files are compared themselves; some inputs are checksums of manifests and tables with times.
        manifest |= {"files": list(manifest["files"]), "checksum": None}
        for name in ("measured", "tables", "shown"):
            manifest.get("inputs", {}).pop(name, None)
        return json.dumps(manifest)
    if path.name == "runs.csv":
        return pd.read_csv(path).drop(columns=[*TIMES, "commit", "date"]).to_csv()
    return hashlib.sha256(path.read_bytes()).hexdigest()


def results(folder: Path, scale: str = "smoke") -> dict[str, str]:
    """Every visible result by its path; the page shows times and is left out, as is the training state."""
    base = folder / "results" / scale
    found = {}
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base).as_posix()
        if not path.is_file() or path.name.startswith(".") or name.startswith(("state/", "report/")):
            continue
        with contextlib.suppress(FileNotFoundError):  # a job that starts clears its outputs
            found[name] = content(path)
    return found


def jobs(snakemake: psutil.Process) -> list[tuple[psutil.Process, str]]:
    """Running jobs and their stages."""
    found = []
    for child in snakemake.children(recursive=True):
        with contextlib.suppress(psutil.Error):
            stage = next((a for a in child.cmdline() if a.startswith("pipeline.stages.")), None)
            if stage:
                found.append((child, stage.rpartition(".")[2]))
    return found


def strike(process: subprocess.Popen, rng: random.Random) -> tuple[str, list[str]] | None:
    """One kill; what was hit, or None if there was nothing left to kill."""
    try:
        snakemake = psutil.Process(process.pid)
        running = jobs(snakemake)
        if running and rng.random() < 0.5:
            victim, stage = rng.choice(running)
            victim.kill()
            return "job", [stage]
        everybody = [snakemake, *snakemake.children(recursive=True)]
        for each in everybody:
            with contextlib.suppress(psutil.Error):
                each.send_signal(signal.SIGKILL)
        process.wait()
        return "snakemake", [stage for _, stage in running]
    except psutil.Error:
        return None


def torture(kills: int, seed: int, longest_wait: float, calm: Path | None = None) -> dict:
    rng, began = random.Random(seed), time.perf_counter()
    hits: dict[str, int] = collections.Counter()
    stages: dict[str, int] = collections.Counter()
    with tempfile.TemporaryDirectory() as temporary:
        hurt = tree.copy_tree(Path(temporary) / "hurt")
        if calm is None:
            calm = tree.copy_tree(Path(temporary) / "calm")
            assert call(calm).wait(SECONDS_PER_CALL) == 0, (calm / "torture.log").read_text()[-3000:]
        expected = results(calm)
        assert expected, f"{calm}: no results of the smoke scale"
        print(f"undisturbed: {len(expected)} results, {time.perf_counter() - began:.0f} s", flush=True)
        process, starts = call(hurt), 1
        while sum(hits.values()) < kills:
            time.sleep(rng.uniform(0.1, longest_wait))
            hit = strike(process, rng) if process.poll() is None else None
            if hit:
                hits[hit[0]] += 1
                stages.update(hit[1] or ["between jobs"])
                broken = [name for name, value in results(hurt).items() if value != expected.get(name)]
                assert not broken, f"after {sum(hits.values())} kills: {broken}"
            if process.poll() is not None:
                if set(results(hurt)) >= set(expected):
                    shutil.rmtree(hurt / "results" / "smoke")
                process, starts = call(hurt), starts + 1
        process.wait(SECONDS_PER_CALL)
        last = call(hurt)
        code = last.wait(SECONDS_PER_CALL)
        identical = results(hurt) == expected
        resumed = sum("resumed at step" in log.read_text() for log in hurt.glob("logs/smoke/*/*.log"))
        if code or not identical:
            print((hurt / "torture.log").read_text()[-3000:], file=sys.stderr)
    return {
        "kills": sum(hits.values()),
        "killed": dict(sorted(hits.items())),
        "stages_hit": dict(sorted(stages.items())),
        "calls": starts + 1,
        "runs_resumed_in_the_last_calls": resumed,
        "results_compared": len(expected),
        "last_call_succeeded": code == 0,
        "identical": identical,
        "seed": seed,
        "seconds": round(time.perf_counter() - began),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest-wait", type=float, default=16.0, help="seconds between two kills, at most")
    parser.add_argument(
        "--calm", type=Path, help="a tree with the results of an undisturbed run (default: one more run)"
    )
    parser.add_argument("--out", type=Path, help="JSON file to write")
    args = parser.parse_args()
    result = torture(args.kills, args.seed, args.longest_wait, args.calm)
    print(json.dumps(result, indent=1))
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(not (result["identical"] and result["last_call_succeeded"]))


if __name__ == "__main__":
    main()
