"""What a figure draws of runs that differ in their seed only, and what it says of their number."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.findings.cells import CELL
from pipeline.findings.statistics import half_width
from pipeline.tables.read import Tables

Array = NDArray[np.float64]

SHARES = ("accuracy", "max_probability")  # measures that are from 0 to 1 by definition


@dataclass(frozen=True)
class Average:
    """Mean over seeds and its 95 % t interval, element by element; NaN bounds with one seed."""

    centre: Array
    low: Array
    high: Array
    seeds: int


def average(values: Array, *, log: bool = False, share: bool = False) -> Average:
    """Over the first axis (seeds). With `log`, the geometric mean: what a logarithmic axis shows. The
    interval of a `share` ends at 0 and at 1."""
    x = np.log(values) if log else np.asarray(values, float)
    centre, half = x.mean(0), half_width(x)
    low, high = centre - half, centre + half
    if log:
        return Average(np.exp(centre), np.exp(low), np.exp(high), len(x))
    if share:
        low, high = np.clip([low, high], 0, 1)
    return Average(centre, low, high, len(x))


def average_of(measure: str, values: Array) -> Average:
    """Of a measure of a group of people: geometric of losses, within its limits of shares."""
    return average(values, log=measure == "loss", share=measure in SHARES)


def stacked(seeds: list[pd.DataFrame], measure: str) -> tuple[Array, Array]:
    """steps (S,) and values (seeds, S) of a measure that every seed has at the same steps; as far as all go,
    where seeds end early (training.ends_below)."""
    shared = min(len(s) for s in seeds)
    steps = seeds[0].step.to_numpy(float)[:shared]
    assert all(np.array_equal(steps, s.step[:shared]) for s in seeds), "runs of one setting, of other steps"
    return steps, np.stack([s[measure].to_numpy(float)[:shared] for s in seeds])


def seed_curves(tables: Tables, rows: pd.DataFrame, group: str, measure: str) -> tuple[Array, Array]:
    """steps (S,) and values (seeds, S) of a measure of a group of people; losses over the baseline."""
    steps, values = stacked([tables.curve(run, group) for run in rows.run], measure)
    return steps, values / rows.baseline.to_numpy()[:, None] if measure == "loss" else values


def mean_curve(tables: Tables, rows: pd.DataFrame, group: str, measure: str) -> tuple[Array, Average]:
    """steps (S,) and the average of the seeds' curves."""
    steps, values = seed_curves(tables, rows, group, measure)
    return steps, average_of(measure, values)


def _how_many(parts: tuple[pd.DataFrame, ...]) -> str:
    """Seeds of each case in each cell of its grid."""
    counts = sorted(
        {
            runs.seed.nunique()
            for rows in parts
            for _, runs in rows.groupby(["case", *(c for c in CELL if c in rows)], dropna=False)
        }
    )
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def means_sentence(*parts: pd.DataFrame) -> str:
    """How many seeds stand behind numbers without intervals."""
    many = _how_many(parts)
    return "1 seed." if many == "1" else f"Mean over {many} seeds."


def seeds_sentence(*parts: pd.DataFrame) -> str:
    """How many seeds stand behind lines and bands."""
    many = _how_many(parts)
    if many == "1":
        return "1 seed: no intervals."
    return f"Mean over {many} seeds (geometric on logarithmic axes); bands and bars: its 95 % t interval."


def seeds_label(seeds: int) -> str:
    return "1 seed" if seeds == 1 else f"mean of {seeds} seeds, 95 % interval"
