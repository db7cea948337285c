"""Compare two runs, or the verdicts of two sets of results.

    python -m pipeline.commands.compare FOLDER FOLDER                  of the train stage
    python -m pipeline.commands.compare claims.json claims.json

Of runs: what made them, and how far apart they came out. Of claims: which verdicts, estimates and intervals
differ, and which claims only one has. Exit code 0 when nothing differs (of runs: config, inputs and bits), 1
when something does (as `diff`), 2 when a file is damaged.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import load_file

from pipeline.findings import ledger
from pipeline.stages import common
from pipeline.store.artefacts import verify

_OF_A_CHECK = ("estimate", "interval", "low", "high", "paper", "margin", "verdict", "size")


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Dotted paths and leaves of nested mappings."""
    if not isinstance(value, Mapping):
        return {path: value}
    return {k: v for key, part in value.items() for k, v in flat(part, f"{path}.{key}".strip(".")).items()}


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """One line a leaf that differs."""
    left, right = flat(a), flat(b)
    keys = [key for key in {**left, **right} if left.get(key) != right.get(key)]
    return [f"{key}: {left.get(key)} -> {right.get(key)}" for key in keys]


def largest_gap(a: Path, b: Path) -> str:
    """How far two files of numbers are apart."""
    if a.suffix == ".csv":
        read = lambda path: {k: v.to_numpy() for k, v in pd.read_csv(path).select_dtypes("number").items()}  # noqa: E731
    else:
        read = load_file
    left, right = read(a), read(b)
    if left.keys() != right.keys() or any(left[k].shape != right[k].shape for k in left):
        return "of other shapes"
    gaps = {k: float(np.abs(left[k] - right[k]).max(initial=0.0)) for k in left}
    worst = max(gaps, key=gaps.__getitem__)
    return f"largest difference {gaps[worst]:.3g}, in {worst}"


def compare(a: Path, b: Path) -> dict[str, list[str]]:
    """Differences by part: config, inputs, environment, cost, and each file of results."""
    first, second = verify(a), verify(b)
    configs = [json.loads((folder / "config.json").read_text()) for folder in (a, b)]
    parts = {"config": changes(*configs)}
    for part in ("inputs", "environment", "cost"):
        parts[part] = changes(first[part], second[part])
    for name in ("curve.csv", "training.csv", "weights.safetensors"):
        same = first["files"][name] == second["files"][name]
        parts[name] = [] if same else [largest_gap(a / name, b / name)]
    return parts


def judged(claims: Path) -> dict[str, dict[str, Any]]:
    """What a file of claims decides: by claim, its verdict, size, seeds, runs, rules and regimes, and
    each check's numbers. Files of before some of these were kept have None."""
    decided = {}
    for claim in ledger.read(claims):
        checks = {c["quantity"]: {k: c.get(k) for k in _OF_A_CHECK} for c in claim["checks"]}
        regime = {r["id"]: r["state"] for r in claim.get("regime", ())}
        mine = {k: claim.get(k) for k in ("verdict", "size", "seeds", "runs", "digest")}
        decided[claim["id"]] = mine | {"regime": regime, "checks": checks}
    return decided


def verdicts(a: Path, b: Path) -> dict[str, list[str]]:
    """Differences by claim, of those that differ."""
    first, second = judged(a), judged(b)
    found = {name: changes(first.get(name, {}), second.get(name, {})) for name in {**first, **second}}
    return {name: lines for name, lines in found.items() if lines}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("paths", type=Path, nargs=2, metavar="PATH", help="two folders, or two claims.json")
    paths = parser.parse_args().paths
    if all(path.is_file() for path in paths):
        parts = verdicts(*paths)
        print(f"{len(parts)} claims differ")
    else:
        parts = compare(*paths)
    for part, lines in parts.items():
        print(f"{part:20} {'the same' if not lines else lines[0]}")
        for line in lines[1:]:
            print(" " * 21 + line)
    sys.exit(any(lines for part, lines in parts.items() if part not in ("environment", "cost")))


if __name__ == "__main__":
    common.run_stage(main)
