"""Which runs a figure draws, and what it draws of several seeds: means, intervals, common axes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.config.experiments import TOY
from pipeline.findings.cells import CELL
from pipeline.findings.statistics import half_width
from pipeline.paper import published
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES
from pipeline.tables.read import Tables

Array = NDArray[np.float64]


class MissingExperimentError(ValueError):
    """The tables have no runs of an experiment that the figure needs."""


def require(tables: Tables, *experiments: str) -> None:
    """Raises MissingExperimentError, which names one that has no runs."""
    for name in experiments:
        if name not in tables:
            target = TOY if name in (TOY_SIZES, TOY_REPLAY) else name
            raise MissingExperimentError(
                f"experiment {name!r} has no runs in the tables; `snakemake --cores all {target}` makes "
                "them, if it is among the scale's experiments"
            )


def experiment(tables: Tables, name: str) -> pd.DataFrame:
    """One row a run, each run once; the uniform distribution counts as a power law of exponent 0."""
    require(tables, name)
    rows = tables.of(name).drop_duplicates("run")
    return rows.assign(alpha=rows.alpha.mask(rows.distribution == "uniform", 0.0))


def seed_curves(tables: Tables, rows: pd.DataFrame, group: str, measure: str) -> tuple[Array, Array]:
    """steps (S,) and values (seeds, S) of runs that differ in seed only."""
    curves = [tables.curve(run, group) for run in rows.run]
    steps = curves[0].step.to_numpy(float)
    assert all(np.array_equal(steps, c.step) for c in curves), "runs of one setting, evaluated at other steps"
    return steps, np.stack([c[measure].to_numpy(float) for c in curves])


@dataclass(frozen=True)
class Average:
    """Mean over seeds and its 95 % t interval, element by element; NaN bounds with one seed."""

    centre: Array
    low: Array
    high: Array
    seeds: int


def average(values: Array, *, log: bool) -> Average:
    """Over the first axis (seeds). With `log`, the geometric mean: what a logarithmic axis shows."""
    x = np.log(values) if log else np.asarray(values, float)
    centre, half = x.mean(0), half_width(x)
    low, high = centre - half, centre + half
    if log:
        return Average(np.exp(centre), np.exp(low), np.exp(high), len(x))
    return Average(centre, low, high, len(x))


@dataclass(frozen=True)
class TimeAxis:
    """The common time axis of learning curves: steps are divided by `unit` (here) or `paper` (paper), the
    step of `what`."""

    unit: float
    paper: float
    what: str
    label: str
    sentence: str


def time_axis(uniform: pd.DataFrame, paper: published.Curve | None = None) -> TimeAxis:
    """Time in plateau lengths of uniform training, or in run lengths if no run leaves the plateau.

    `paper`: the loss of its run; that of its default run (Figure 2 left) unless given.
    """
    paper = paper or published.curve("2_left", "loss")
    ends = uniform.plateau_end.dropna()
    unit, theirs, what = ends.mean(), paper.plateau_end(), "end of the plateau"
    if ends.empty:
        unit, theirs, what = float(uniform.steps.max()), float(paper.steps[-1]), "length of the run"
    why = " as no run here left the plateau" if ends.empty else ""
    return TimeAxis(
        unit,
        theirs,
        what,
        f"step / {what}\n(here {unit:,.0f} steps, paper {theirs:,.0f})",
        f"Time is relative to the {what}{why}: {unit:,.0f} steps here, {theirs:,.0f} in the paper.",
    )


def seeds_sentence(*parts: pd.DataFrame) -> str:
    """How many seeds stand behind lines and bands: those of each case in each cell of its grid."""
    counts = sorted(
        {
            runs.seed.nunique()
            for rows in parts
            for _, runs in rows.groupby(["case", *(c for c in CELL if c in rows)], dropna=False)
        }
    )
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if counts == [1]:
        return "1 seed: no intervals."
    return f"Mean over {many} seeds (geometric on logarithmic axes); bands and bars: its 95 % t interval."


def seeds_label(seeds: int) -> str:
    return "1 seed" if seeds == 1 else f"mean of {seeds} seeds, 95 % interval"


def short(number: float) -> str:
    """Thousands as the paper writes them: 64000 -> 64k, 512 -> 512."""
    return f"{number / 1000:g}k" if number >= 1000 and number % 500 == 0 else f"{number:,.0f}"


def ratio(value: float) -> str:
    """A ratio as the paper writes it: 0.125 -> 1/8, 2 -> 2."""
    if 0 < value < 1 and np.isclose(1 / value, round(1 / value), rtol=0.01):
        return f"1/{round(1 / value)}"
    return f"{value:.3g}"
