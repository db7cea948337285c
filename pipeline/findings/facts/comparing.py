"""Comparisons at equal budget: in how many wordings a fact must be met, which schedule learns most.

Each run is compared with the one on all rows alike, in most wordings, of the same seed and as many steps.
"""

import pandas as pd

from pipeline.findings.facts.answer import Answer, Value
from pipeline.findings.facts.learning import uniform
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

CLOSE = 0.02  # accuracies that differ by less are taken for the same


def _beside(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Of these runs those of the most common length, each with `plain`, what its uniform run knows."""
    plain = uniform(tables)
    rows = rows[rows.steps.isin(plain.steps) & rows.individuals.isin(plain.individuals)]
    rows = rows[rows.steps.isin(rows.steps.mode().tail(1))]
    known = plain[["seed", "steps", "known_accuracy", "run"]]
    known = known.rename(columns={"known_accuracy": "plain", "run": "beside"})
    return rows.merge(known, on=["seed", "steps"])


def _shares(label: str, rows: pd.DataFrame, column: str = "known_accuracy") -> Value:
    return Value.of(f"{label}: share of the facts known", Interval.share(rows[column]))


def _runs(rows: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys([*rows.beside, *rows.run]))


def wordings(tables: Tables) -> Answer | None:
    """In how many wordings must a fact be met?"""
    rows = tables.every_run
    rows = rows[(rows.kind == "pretrain") & (rows.distribution == "uniform") & rows.wordings.notna()]
    rows = _beside(tables, rows[~rows.run.isin(uniform(tables).run)])
    if rows.empty:
        return None
    values, enough = [_shares("in all wordings", rows.drop_duplicates("seed"), "plain")], None
    lost: dict[str, Interval] = {}
    for number, runs in rows.groupby("wordings"):
        lost[f"{number:g}"] = Interval.mean(runs.plain - runs.known_accuracy)
        values.append(_shares(f"in {number:g}", runs))
        values.append(Value.of(f"in {number:g}: fewer known than in all, by seed", lost[f"{number:g}"]))
    for number, less in reversed(lost.items()):
        if not (less.bounded and less.high <= CLOSE):
            break
        enough = number
    budget = f"after {rows.steps.iloc[0]:,} steps"
    if enough is None:
        said = (
            f"In all: {budget} it is not sure that with fewer the facts known in other words are within "
            f"{CLOSE:g} of those with all."
        )
    else:
        said = f"In {enough}: {budget} the facts known in other words are within {CLOSE:g} of those with all."
    return Answer("In how many wordings must a fact be met?", said, values, _runs(rows))


def schedules(tables: Tables) -> Answer | None:
    """Which schedule learns most in the budget?"""
    rows = tables.experiments[["case", "run"]].merge(tables.every_run, on="run")
    rows = rows[(rows.kind == "pretrain") & (rows.distribution != "uniform")]
    rows = _beside(tables, rows.drop_duplicates(["case", "seed", "steps"]))
    if rows.empty:
        return None
    values = [_shares("uniform", rows.drop_duplicates("seed"), "plain")]
    gains: dict[str, Interval] = {}
    for case, runs in rows.groupby("case", sort=False):
        gains[str(case)] = Interval.mean(runs.known_accuracy - runs.plain)
        values.append(_shares(str(case), runs))
        values.append(Value.of(f"{case}: gain over uniform, by seed", gains[str(case)]))
    best = max(gains, key=lambda case: gains[case].centre)
    gain, among = gains[best], f" (the best of {len(gains)} on these seeds)" if len(gains) > 1 else ""
    after = f"after {rows.steps.iloc[0]:,} steps"
    if gain.bounded and gain.high < 0:
        said = f"Uniform sampling: {after} fewer facts are known with each of the others."
    elif gain.bounded and gain.low > 0:
        said = f"{best}{among}: {after} {gain:.3g} more of the facts are known than with uniform sampling."
    else:
        said = f"These seeds cannot tell: {best}{among} {after} {gain:.3g} more are known than with uniform."
    return Answer("Which schedule learns most in the budget?", said, values, _runs(rows))
