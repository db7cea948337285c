"""Judges of what the model does with people it has never seen (paper, appendix F; Figures 5 left, M).

Known people on held-out templates against people that the run is never trained on, in the default run and in
one on a growing population. b is the no-knowledge baseline, t(0.99) the step at which the loss on known
people falls below 0.99 b.
"""

import math

import numpy as np
import pandas as pd

from pipeline.findings.cells import default_runs
from pipeline.findings.curves import over_chance
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import first_crossing, plateau_end
from pipeline.tables.read import Tables


def _emerged(tables: Tables, learned: float) -> pd.DataFrame:
    """The default runs. Raises OutOfRegimeError where they never come to know people."""
    rows = default_runs(tables)
    if rows.known_accuracy.mean() < learned or rows.plateau_end.isna().any():
        raise OutOfRegimeError(f"no knowledge yet: final accuracy {rows.known_accuracy.mean():.3g}")
    return rows


def _onset(curve: pd.DataFrame, rise: float, steps: float) -> tuple[float, pd.DataFrame]:
    """Step at which the loss on never-seen people is `rise` x its minimum, and their curve since then.

    Hallucination that never starts is later than any tolerance: it counts as the length of the run.
    """
    since = curve.iloc[curve.loss.argmin() :]
    step = first_crossing(since.step, since.loss, rise * since.loss.iloc[0], rising=True)
    return (steps if math.isnan(step) else step), since


@judge("phases")
def hallucination_starts_with_knowledge(
    tables: Tables, *, rise: float, earliest: float, latest: float, kept: float, learned: float
) -> Result:
    """Step at which the loss on never-seen people is `rise` x its minimum, over t(0.99); its final value
    over b, and over its largest one since the minimum (1 if it keeps rising).
    """
    rows = _emerged(tables, learned)
    onset, over_baseline, over_largest = [], [], []
    for row in rows.itertuples():
        step, since = _onset(tables.curve(row.run, "new"), rise, row.steps)
        onset.append(step / row.plateau_end)
        over_baseline.append(since.loss.iloc[-1] / row.baseline)
        over_largest.append(since.loss.iloc[-1] / since.loss.max())
    return [
        Check.ratio("onset", "onset / t(0.99)", onset, earliest, latest),
        Check.ratio("above", "final loss on never-seen people / b", over_baseline, low=1),
        Check.ratio("rising", "final / largest loss on never-seen people", over_largest, low=kept),
    ], rows


@judge("phases")
def never_seen_loss_far_above_baseline(
    tables: Tables, *, loss: float, accuracy_over_chance: float, start: float, learned: float
) -> Result:
    """Final loss on never-seen people over b, and their final accuracy over chance.

    Chance is their accuracy on the plateau, from `start` x t(0.99) to t(0.99).
    """
    rows = _emerged(tables, learned)
    accuracies = [over_chance(tables, row, start, row.new_accuracy) for row in rows.itertuples()]
    return [
        Check.ratio("loss", "final loss on never-seen people / b", rows.new_loss_over_b, low=loss),
        Check.of(
            "accuracy", "final accuracy on never-seen people / chance", accuracies, high=accuracy_over_chance
        ),
    ], rows


@judge("phases")
def confidence_gap_opens_with_knowledge(
    tables: Tables, *, probability_gap: float, entropy_gap: float, opened_before: float, learned: float
) -> Result:
    """Known minus never-seen: mean maximum probability and entropy (nats) of value tokens at the end,
    and the share of the final probability gap that is there at t(0.99).
    """
    rows = _emerged(tables, learned)
    before = []
    for row in rows.itertuples():
        known, new = tables.curve(row.run), tables.curve(row.run, "new")
        gap = known.max_probability - new.max_probability
        # A share of a gap that does not exist means nothing.
        opened = np.interp(row.plateau_end, known.step, gap)
        before.append(opened / gap.iloc[-1] if gap.iloc[-1] > 0 else math.nan)
    probability = rows.known_max_probability - rows.new_max_probability
    return [
        Check.of("probability", "final gap in maximum probability", probability, low=probability_gap),
        Check.of("entropy", "final gap in entropy", rows.new_entropy - rows.known_entropy, low=entropy_gap),
        Check.of("opened", "share of the gap at t(0.99)", before, high=opened_before),
    ], rows


@judge("growing")
def hallucination_starts_with_knowledge_of_the_first(
    tables: Tables, *, rise: float, earliest: float, latest: float, learned: float
) -> Result:
    """In a growing population: the step at which the loss on never-seen people is `rise` x its minimum, over
    t(0.99) of the people that it starts from; and its final value over b.
    """
    rows = tables.of("growing")
    onset = []
    for row in rows.itertuples():
        first = tables.curve(row.run, "group-1")
        if first.empty:
            raise NotMeasuredError(f"the first people of {row.run} were not evaluated apart")
        known_from = plateau_end(first.step, first.loss, row.baseline)
        if math.isnan(known_from) or row.known_accuracy < learned:
            raise OutOfRegimeError(f"no knowledge yet: final accuracy {row.known_accuracy:.3g}")
        onset.append(_onset(tables.curve(row.run, "new"), rise, row.steps)[0] / known_from)
    return [
        Check.ratio("onset", "onset / t(0.99) of the first people", onset, earliest, latest),
        Check.ratio("above", "final loss on never-seen people / b", rows.new_loss_over_b, low=1),
    ], rows
