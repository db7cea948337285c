"""What old and new facts do during a fine-tuning run, in the few numbers that claims compare.

The new facts set the time scale: the early part of a run ends when half of them are recalled.
"""

import itertools
import math

import pandas as pd

from pipeline.findings.hard_cells import by_seed
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import half_accuracy
from pipeline.tables.read import Tables


def trajectories(tables: Tables, experiment: str) -> pd.DataFrame:
    """One row a run, with what its two curves do. Old facts unless it says new; accuracies and losses.

    half: step at which half of the new facts are recalled, NaN if never; early_end: that or the run's end.
    trough, peak: lowest accuracy and highest loss up to early_end; at_peak: accuracy at the latter.
    rebound: highest accuracy since the trough. first, last, first_loss, last_loss: at both ends.
    """
    rows = tables.of(experiment)
    measured = []
    for row in rows.itertuples():
        old, new = tables.curve(row.run), tables.curve(row.run, "new")
        half = half_accuracy(new.step, new.accuracy)
        early_end = row.steps if math.isnan(half) else half
        early = old[old.step <= early_end]
        trough, peak = early.accuracy.idxmin(), early.loss.idxmax()
        measured.append(
            {
                "half": half,
                "early_end": early_end,
                "trough": old.accuracy[trough],
                "rebound": old.accuracy[trough:].max(),
                "peak": old.loss[peak],
                "at_peak": old.accuracy[peak],
                "first": old.accuracy.iloc[0],
                "last": old.accuracy.iloc[-1],
                "first_loss": old.loss.iloc[0],
                "last_loss": old.loss.iloc[-1],
                "first_new": new.accuracy.iloc[0],
            }
        )
    return rows.join(pd.DataFrame(measured, index=rows.index)).assign(share=rows.new / rows.individuals)


def collapsing(rows: pd.DataFrame, learned: float) -> pd.DataFrame:
    """The trajectories. Raises OutOfRegimeError where there is too little old knowledge to lose."""
    if rows["first"].mean() < learned:
        raise OutOfRegimeError(f"old facts are not known at the start: accuracy {rows['first'].mean():.3g}")
    return rows


def at_least(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    found = rows[rows.share >= share]
    if found.empty:
        raise NotMeasuredError(f"no fine-tuning set of {share:g} of the pre-training people or more")
    return found


def slowdown(rows: pd.DataFrame, column: str) -> list[Check]:
    """Step of half of the new facts over that at the next lower value of `column`.

    A run that does not get there counts as its length, a lower bound; two such have no ratio.
    """
    half, bound = by_seed(rows, column, "half"), by_seed(rows, column, "early_end").dropna()
    half = half.reindex_like(bound)
    values = sorted(bound)
    if len(values) < 2:
        raise NotMeasuredError(f"the plan does not vary {column}")
    ratios = [
        (bound[b] / bound[a]).mask(half[a].isna() & half[b].isna()) for a, b in itertools.pairwise(values)
    ]
    return [
        Check.ratio("slower", f"step of half of the new facts, {column} {b:g} / {a:g}", ratio, low=1)
        for (a, b), ratio in zip(itertools.pairwise(values), ratios, strict=True)
    ]
