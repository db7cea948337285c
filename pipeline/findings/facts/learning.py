"""What pre-training on a table answers: how long the loss is flat, and how often a fact must be met.

An exposure is a biography of one row: after step t of batches of B rows, each of N rows was met B t / N times
in the mean, and each of a part of n rows that is the share s of what is drawn B t s / n times. b is the
no-knowledge baseline, t(0.99) the step at which the loss on known rows falls below 0.99 b.
"""

import math
from collections.abc import Callable

import pandas as pd

from pipeline.findings.facts.answer import Answer, Value
from pipeline.findings.statistics import Interval
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

KNOWN = (0.5, 0.9, 0.99)


def uniform(tables: Tables) -> pd.DataFrame:
    """Runs that are pre-trained on all rows alike, in most wordings, of the number of rows that most have;
    one a seed and length, and one that was measured by attribute rather than its twin that was not."""
    rows = tables.every_run
    rows = rows[(rows.kind == "pretrain") & (rows.distribution == "uniform")]
    read = rows.wordings.astype(float).fillna(math.inf)  # unlimited
    rows = rows[(read == read.max()) & rows.individuals.isin(rows.individuals.mode().tail(1))]
    measured = rows.run.isin(tables.observed["by_attribute"].run)
    rows = rows.assign(measured=measured).sort_values("measured", ascending=False)
    return rows.drop_duplicates(["seed", "steps"]).sort_values(["steps", "seed"])


def default_runs(tables: Tables) -> pd.DataFrame:
    """Those of them that are trained for longest."""
    rows = uniform(tables)
    return rows[rows.steps == rows.steps.max()]


def _exposures(rows: pd.DataFrame, steps: pd.Series) -> pd.Series:
    return steps * rows.batch / rows.individuals


def plateau(tables: Tables, expected: float | None = None) -> Answer | None:
    """Does a flat loss mean wait or stop? expected: exposures at t(0.99) of as many drawn people."""
    rows = default_runs(tables)
    if rows.empty:
        return None
    ends = Value.of("t(0.99), steps", Interval.geometric(rows.plateau_end))
    met = Value.of("t(0.99), exposures of a row", Interval.geometric(_exposures(rows, rows.plateau_end)))
    share = Value.of("t(0.99) / run", Interval.geometric(rows.plateau_end / rows.steps))
    values = [ends, met, share]
    if expected:
        values.append(Value("t(0.99) of as many drawn people, exposures", expected, None, 0))
    if ends.estimate is None:
        said = (
            f"The loss stays at the baseline for all {rows.steps.iloc[0]:,} steps in some seed: train longer."
        )
    else:
        said = f"Wait: the loss leaves the baseline after {ends} steps, when each row was met {met} times"
        said += f"; of as many people drawn at random, {expected:.3g} were expected." if expected else "."
    return Answer("How long is the loss flat?", said, values, list(rows.run))


def _crossings(
    rows: pd.DataFrame, curves: Callable[[str], pd.DataFrame], level: float, often: pd.Series | float = 1.0
) -> Interval:
    """Exposures of a row at which an accuracy is reached. often: by run, how often one of these rows is met
    for every time that a mean one is."""
    steps = [first_crossing((c := curves(run)).step, c.accuracy, level, rising=True) for run in rows.run]
    return Interval.geometric(_exposures(rows, pd.Series(steps, rows.index)) * often)


def _by_frequency(tables: Tables) -> list[Value]:
    """Exposures of a row by how often it is met, of runs that met rows as often as the table says."""
    rows, values = tables.every_run, []
    rows = rows[(rows.kind == "pretrain") & (rows.distribution == "frequencies")].drop_duplicates("seed")
    met = tables.parts[tables.parts.run.isin(rows.run)]
    for part, those in met.groupby("part", sort=False):
        of = rows.merge(those.rename(columns={"people": "rows_of_part"}), on="run")
        often = of.share / of.rows_of_part * of.individuals

        def curve(run: str, part: str = str(part)) -> pd.DataFrame:
            return tables.curve(run, part)

        label = f"frequencies as given, {part}"
        values.append(Value.of(f"{label}: share of the biographies", Interval.share(of.share)))
        values += [
            Value.of(f"{label}: exposures until {level:.0%} are known", _crossings(of, curve, level, often))
            for level in KNOWN
        ]
    return values


def exposures(tables: Tables) -> Answer | None:
    """How often must a fact be met?"""
    rows = default_runs(tables)
    if rows.empty:
        return None
    values = [
        Value.of(f"exposures until {level:.0%} of the facts are known", _crossings(rows, tables.curve, level))
        for level in KNOWN
    ]
    seen = tables.observed["by_attribute"]
    mine = rows[rows.run.isin(seen.run)]
    for attribute in seen[seen.run.isin(mine.run)].attribute.unique():
        of = seen[seen.attribute == attribute]

        def curve(run: str, of: pd.DataFrame = of) -> pd.DataFrame:
            return of[of.run == run].sort_values("step")

        values += [
            Value.of(f"{attribute}: exposures until {level:.0%} are known", _crossings(mine, curve, level))
            for level in KNOWN
        ]
    values += _by_frequency(tables)
    told = "; ".join(f"{level:.0%}: {value}" for level, value in zip(KNOWN, values, strict=False))
    return Answer(
        "How often must a fact be met?",
        f"Exposures of a row until so much is known: {told}.",
        values,
        list(rows.run),
    )
