"""Runs in which the frequency of head or tail varies alone (experiment `head_and_tail`)."""

import numpy as np
import pandas as pd

from pipeline.tables.crossings import half_accuracy, plateau_end
from pipeline.tables.read import Tables

# The part whose frequency varies -> what then stays: how many the others are, and how frequent.
SWEEPS = {"head": ("rest", "tail"), "tail": ("count", "head")}


def frequencies(tables: Tables) -> pd.DataFrame:
    """One row a run. head, tail: probability of one of their people; rest: number of people in the tail.

    plateau: t(0.99); learning: steps from there until half of the values are recalled; both of the tail,
    as a loss over everybody falls below 0.99 b early where the head is a larger part of them.
    """
    rows = tables.of("head_and_tail")
    tail = 1 / (rows["count"] * (rows.weight - 1) + rows.individuals)
    rows = rows.assign(rest=rows.individuals - rows["count"], tail=tail, head=tail * rows.weight)
    curves = [tables.curve(run, "tail") for run in rows.run]
    plateau = pd.Series(
        [plateau_end(c.step, c.loss, b) for c, b in zip(curves, rows.baseline, strict=True)], rows.index
    )
    half = pd.Series([half_accuracy(c.step, c.accuracy) for c in curves], rows.index)
    return rows.assign(plateau=plateau, learning=half - plateau)


def sweep(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """Those of the largest set in which only the frequency (and so the number) of the `part` varies."""
    number, frequency = SWEEPS[part]
    # Equal frequencies come from other counts and weights: equal to rounding.
    kept = rows[frequency].map("{:.6g}".format)
    sets = [runs for _, runs in rows.groupby([rows[number], kept]) if runs[part].nunique() > 1]
    return max(sets, key=lambda runs: runs[part].nunique(), default=rows.iloc[:0])


def exponents(rows: pd.DataFrame, part: str, measure: str) -> pd.Series:
    """Of `measure` as a power of 1 / frequency of the `part`, one a seed: slope of the log-log fit; NaN where
    a run has no such measure."""
    slopes = {}
    for seed, runs in rows.groupby("seed"):
        x, y = -np.log(runs[part]), np.log(runs[measure])
        slopes[seed] = float(np.polyfit(x, y, 1)[0]) if y.notna().all() else np.nan
    return pd.Series(slopes)
