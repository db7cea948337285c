"""Answers from the runs on a user's table: each with its numbers, their intervals over seeds, and its runs.

An exposure is a biography of one row: after step t of batches of B rows, each of N rows was met B t / N times
in the mean. b is the no-knowledge baseline, t(0.99) the step at which the loss on known rows falls below
0.99 b.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.findings.statistics import Interval
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

USERS = "U"  # origin of an entry
KNOWN = (0.5, 0.9, 0.99)
FLOOR = 0.9  # of what was known before fine-tuning


@dataclass(frozen=True)
class Value:
    """A number: its mean over seeds, 95 % interval (None below two seeds), and how many seeds. estimate: None
    where it is undefined in a seed, as of an accuracy that a run never reaches."""

    quantity: str
    estimate: float | None
    interval: tuple[float, float] | None
    seeds: int

    @classmethod
    def of(cls, quantity: str, found: Interval) -> "Value":
        if math.isnan(found.centre):
            return cls(quantity, None, None, found.seeds)
        return cls(quantity, found.centre, (found.low, found.high) if found.bounded else None, found.seeds)

    def __str__(self) -> str:
        if self.estimate is None:
            return "not in every seed"
        bounds = f" [{self.interval[0]:.3g}, {self.interval[1]:.3g}]" if self.interval else ""
        return f"{self.estimate:.3g}{bounds}"


@dataclass(frozen=True)
class Answer:
    """title: the question. statement: the answer in words."""

    title: str
    statement: str
    values: list[Value]
    runs: list[str]


def _uniform(tables: Tables) -> pd.DataFrame:
    """Default runs: pre-trained on all rows alike, of the size and length that most have; one a seed, and one
    that was measured by attribute rather than its twin that was not."""
    rows = tables.every_run
    rows = rows[(rows.kind == "pretrain") & (rows.distribution == "uniform")]
    for column in ("individuals", "steps"):
        rows = rows[rows[column] == rows[column].mode().max()] if len(rows) else rows
    measured = rows.run.isin(tables.observed["by_attribute"].run)
    return rows.assign(measured=measured).sort_values("measured", ascending=False).drop_duplicates("seed")


def _exposures(rows: pd.DataFrame, steps: pd.Series) -> pd.Series:
    return steps * rows.batch / rows.individuals


def plateau(tables: Tables) -> Answer | None:
    """Does a flat loss mean wait or stop?"""
    rows = _uniform(tables)
    if rows.empty:
        return None
    ends = Value.of("t(0.99), steps", Interval.geometric(rows.plateau_end))
    met = Value.of("t(0.99), exposures of a row", Interval.geometric(_exposures(rows, rows.plateau_end)))
    share = Value.of("t(0.99) / run", Interval.geometric(rows.plateau_end / rows.steps))
    if ends.estimate is None:
        said = (
            f"The loss stays at the baseline for all {rows.steps.iloc[0]:,} steps in some seed: train longer."
        )
    else:
        said = f"Wait: the loss leaves the baseline after {ends} steps, when each row was met {met} times."
    return Answer("How long is the loss flat?", said, [ends, met, share], list(rows.run))


def _crossings(rows: pd.DataFrame, curves: Callable[[str], pd.DataFrame], level: float) -> Interval:
    """Exposures of a row at which an accuracy is reached."""
    steps = [first_crossing((c := curves(run)).step, c.accuracy, level, rising=True) for run in rows.run]
    return Interval.geometric(_exposures(rows, pd.Series(steps, rows.index)))


def exposures(tables: Tables) -> Answer | None:
    """How often must a fact be met?"""
    rows = _uniform(tables)
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
    told = "; ".join(f"{level:.0%}: {value}" for level, value in zip(KNOWN, values, strict=False))
    return Answer(
        "How often must a fact be met?",
        f"Exposures of a row until so much is known: {told}.",
        values,
        list(rows.run),
    )


def schedules(tables: Tables) -> Answer | None:
    """Which schedule learns most in the budget?"""
    uniform, rows = _uniform(tables), tables.experiments.merge(tables.every_run, on="run", suffixes=("", "_"))
    rows = rows[(rows.kind == "pretrain") & (rows.distribution != "uniform")]
    if uniform.empty or rows.empty:
        return None
    plain = uniform.set_index("seed").known_accuracy
    values = [Value.of("uniform: share of the facts known", Interval.share(plain))]
    gains: dict[str, Interval] = {}
    for case, runs in rows[rows.steps == uniform.steps.iloc[0]].groupby("case", sort=False):
        of = runs.drop_duplicates("seed").set_index("seed").known_accuracy
        values.append(Value.of(f"{case}: share of the facts known", Interval.share(of)))
        gains[str(case)] = Interval.mean((of - plain).dropna())
        values.append(Value.of(f"{case}: gain over uniform, by seed", gains[str(case)]))
    if not gains:
        return None
    best = max(gains, key=lambda case: gains[case].centre)
    gain, among = gains[best], f", the best of {len(gains)} on these seeds," if len(gains) > 1 else ""
    if gain.bounded and gain.high < 0:
        said = "Uniform sampling: each of the others ends with fewer facts known."
    elif gain.bounded and gain.low > 0:
        said = f"{best}{among}: {gain:.3g} more of the facts are known than with uniform sampling."
    else:
        said = f"These seeds cannot tell: {best}{among} {gain:.3g} more are known than with uniform sampling."
    return Answer("Which schedule learns most in the budget?", said, values, [*uniform.run, *rows.run])


def _tuned(tables: Tables) -> pd.DataFrame:
    """Fine-tuning runs on held-out rows, with what is known of old rows before and at the lowest."""
    rows = tables.every_run
    rows = rows[(rows.kind == "finetune") & rows.new.notna()].drop_duplicates("run")
    before, lowest = {}, {}
    for run in rows.run:
        old = tables.curve(run).accuracy
        before[run], lowest[run] = old.iloc[0], old.min()
    return rows.assign(before=rows.run.map(before), lowest=rows.run.map(lowest))


def fine_tuning(tables: Tables) -> Answer | None:
    """What becomes of the old facts when new ones are learned?"""
    rows = _tuned(tables)
    rows = rows[rows.weight.fillna(0) == 0]
    if rows.empty:
        return None
    values = []
    for new, runs in rows.groupby("new"):
        for what, column in (
            ("old facts known before", "before"),
            ("old facts known at the lowest", "lowest"),
            ("old facts known in the end", "known_accuracy"),
            ("new facts known in the end", "new_accuracy"),
        ):
            values.append(Value.of(f"{new:g} new rows: {what}", Interval.share(runs[column])))
    most = values[-4:]
    said = (
        f"With {rows.new.max():g} new rows and no replay, {most[0]} of the old facts are known before and "
        f"{most[2]} after; {most[3]} of the new ones are learned."
    )
    return Answer("What does fine-tuning on new rows cost?", said, values, list(rows.run))


def replay(tables: Tables) -> Answer | None:
    """How much of the old must be replayed?"""
    rows = _tuned(tables)
    rows = rows[rows.weight.fillna(0) > 0]
    if rows.empty:
        return None
    values, enough = [], None
    for weight, runs in rows.groupby("weight"):
        # Of what is drawn, how much is old: N rows of this weight beside the new ones.
        share = float(np.mean(weight * runs.individuals / (weight * runs.individuals + runs.new)))
        kept = Interval.mean(runs.known_accuracy / runs.before)
        values += [
            Value.of(f"{share:.2g} of the batches old: old facts kept", kept),
            Value.of(f"{share:.2g} of the batches old: new facts learned", Interval.share(runs.new_accuracy)),
        ]
        if enough is None and kept.bounded and kept.low >= FLOOR:
            enough = share
    said = f"No share that was tried is sure to keep {FLOOR:.0%} of what was known."
    if enough is not None:
        said = (
            f"{enough:.2g} of the batches: that keeps {FLOOR:.0%} of what was known, in the whole interval."
        )
    return Answer("How much of the old must be replayed?", said, values, list(rows.run))


QUESTIONS = (plateau, exposures, schedules, fine_tuning, replay)


def entries(tables: Tables) -> list[dict[str, Any]]:
    """One entry an answer that the runs give, ready for JSON."""
    found = [(number, question(tables)) for number, question in enumerate(QUESTIONS, 1)]
    return [
        {"id": f"{USERS}{number}", "origin": USERS, **asdict(answer)} for number, answer in found if answer
    ]


def told(entries: Iterable[dict[str, Any]]) -> list[str]:
    """Lines for a person: each question, its answer, and its numbers."""
    lines = []
    for entry in entries:
        lines += [f"{entry['id']} {entry['title']} {entry['statement']}"]
        lines += [f"    {value['quantity']}: {Value(**value)}" for value in entry["values"]]
    return lines
