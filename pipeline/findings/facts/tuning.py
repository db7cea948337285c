"""What fine-tuning on rows that were held out answers: what it costs of the old facts, and how much of these
must be replayed."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.findings.facts.answer import Answer, Value
from pipeline.findings.statistics import Interval
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

FLOORS = (0.5, 0.8, 0.9, 0.95)  # of what was known before fine-tuning
WANTED = 0.9


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


def _least(shares: list[float], kept: list[float], floor: float) -> float:
    """The smallest share of replay that keeps `floor`: between those that were tried linear in the share's
    logarithm; the smallest that was tried where that does; NaN where none does."""
    return math.exp(first_crossing(np.log(shares), kept, floor, rising=True))


def replay(tables: Tables) -> Answer | None:
    """How much of the old must be replayed?"""
    rows = _tuned(tables)
    rows = rows[rows.weight.fillna(0) > 0]
    if rows.empty:
        return None
    values = []
    # Of what is drawn, how much is old: N rows of this weight beside the new ones.
    rows = rows.assign(share=rows.weight * rows.individuals / (rows.weight * rows.individuals + rows.new))
    rows = rows.assign(kept=rows.known_accuracy / rows.before).sort_values("share")
    for share, runs in rows.groupby("share"):
        values += [
            Value.of(f"{share:.2g} of the batches old: old facts kept", Interval.mean(runs.kept)),
            Value.of(f"{share:.2g} of the batches old: new facts learned", Interval.share(runs.new_accuracy)),
        ]
    for floor in FLOORS:
        least = [_least(list(of.share), list(of.kept), floor) for _, of in rows.groupby("seed")]
        found = Value.of(f"share of the batches to keep {floor:.0%}", Interval.geometric(least))
        # Less was not tried: it may do as well.
        enough = found.estimate is not None and max(least) <= rows.share.min() * 1.001
        values.append(replace(found, quantity=f"{found.quantity}, at most") if enough else found)
    wanted = next(value for value in values if f"keep {WANTED:.0%}" in value.quantity)
    if wanted.estimate is None:
        said = f"No share that was tried keeps {WANTED:.0%} of what was known in every seed."
    elif wanted.quantity.endswith("at most"):
        said = f"{wanted.estimate:.2g} of the batches, the least that was tried, keeps {WANTED:.0%} or more."
    else:
        said = f"{wanted} of the batches: that keeps {WANTED:.0%} of what was known."
    return Answer("How much of the old must be replayed?", said, values, list(rows.run))
