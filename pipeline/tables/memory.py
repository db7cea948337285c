"""The toy's measurements in the form of the training runs', so that figures and claims read both alike.

Its pairs are the individuals, its old ones the group "known". Losses are in nats.
"""

import numpy as np
import pandas as pd

TOY_SIZES, TOY_REPLAY = "toy_sizes", "toy_replay"  # experiments: without and with replay
TOY_PREFIX = "toy-"
_GROUPS = {"known": "old", "new": "new"}
TOY_COLUMNS = ["read_out", "seed", "pairs", "values", "step", "new", "weight"]
TOY_COLUMNS += [f"{group}_{measure}" for group in ("old", "new") for measure in ("loss", "accuracy")]


def _named(toy: pd.DataFrame) -> pd.DataFrame:
    settings = zip(toy.read_out, toy.new, toy.weight, toy.seed, strict=True)
    return toy.assign(run=[f"{TOY_PREFIX}{out}-n{n}-w{w:g}-s{seed}" for out, n, w, seed in settings])


def toy_runs(toy: pd.DataFrame) -> pd.DataFrame:
    """One row a fine-tuning run, in the columns of `Tables.of` that apply to it, and its read-out.

    baseline: loss of who knows no pair, the logarithm of the number of values.
    """
    last = _named(toy.sort_values("step", kind="stable")).groupby("run", sort=False).tail(1)
    ends = {f"{g}_{m}": last[f"{name}_{m}"] for g, name in _GROUPS.items() for m in ("loss", "accuracy")}
    return last[["run", "read_out", "seed", "new", "weight"]].assign(
        experiment=np.where(last.weight > 0, TOY_REPLAY, TOY_SIZES),
        case=[f"new-{n}-weight-{w:g}" for n, w in zip(last.new, last.weight, strict=True)],
        individuals=last.pairs,
        steps=last.step,
        baseline=np.log(last["values"].astype(float)),
        distribution="replay",
        alpha=np.nan,
        **ends,
    )


def toy_curves(toy: pd.DataFrame) -> pd.DataFrame:
    """Every measurement: run, step, group, loss, accuracy."""
    named = _named(toy)
    columns = {g: {f"{name}_loss": "loss", f"{name}_accuracy": "accuracy"} for g, name in _GROUPS.items()}
    parts = [
        named[["run", "step", *names]].rename(columns=names).assign(group=group)
        for group, names in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)
