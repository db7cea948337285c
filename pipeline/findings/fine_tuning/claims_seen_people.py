"""Judges of fine-tuning on people who were seen in pre-training (paper, appendix F; Figure P).

The base has celebrities, who are known (the head), and others, about whom half is known (the tail).
"""

import numpy as np
import pandas as pd

from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


def _tuned_on(tables: Tables, part: str, least_known: float, most_known: float) -> pd.DataFrame:
    """Runs that are fine-tuned on the `part`. Raises OutOfRegimeError where the tail has nothing to gain or
    to lose."""
    rows = tables.of("finetune_seen")
    rows = rows[rows.skip > 0] if part == "tail" else rows[rows.skip == 0]
    if rows.empty:
        raise NotMeasuredError(f"the plan has no fine-tuning on the {part}")
    known = np.mean([tables.curve(run, "tail").accuracy.iloc[0] for run in rows.run])
    if not least_known <= known <= most_known:
        raise OutOfRegimeError(
            f"accuracy on rare people is {known:.3g} at the start, "
            f"needed: from {least_known:g} to {most_known:g}"
        )
    return rows


@judge("finetune_seen")
def rare_people_gain(
    tables: Tables, *, least_gain: float, largest_loss: float, least_known: float, most_known: float
) -> Result:
    """Fine-tuned on the tail: its accuracy at the end minus that at the start; and the largest loss of
    accuracy on the head at any time (Figure P)."""
    rows = _tuned_on(tables, "tail", least_known, most_known)
    tails = [tables.curve(run, "tail").accuracy for run in rows.run]
    heads = [tables.curve(run, "head").accuracy for run in rows.run]
    gains = [tail.iloc[-1] - tail.iloc[0] for tail in tails]
    lost = [head.iloc[0] - head.min() for head in heads]
    return [
        Check.of("gain", "gain of accuracy on rare people", gains, low=least_gain),
        Check.share("loss", "largest loss of accuracy on frequent people", lost, high=largest_loss),
    ], rows


@judge("finetune_seen")
def rare_people_erode(
    tables: Tables,
    *,
    least_erosion: float,
    early: float,
    early_share: float,
    least_known: float,
    most_known: float,
) -> Result:
    """Fine-tuned on the head: accuracy that is lost on the tail by the end, and the part of it that is lost
    in the first `early` of the run, which a collapse would take most of (Figure P)."""
    rows = _tuned_on(tables, "head", least_known, most_known)
    lost, part = [], []
    for row in rows.itertuples():
        tail = tables.curve(row.run, "tail")
        first, last = tail.accuracy.iloc[0], tail.accuracy.iloc[-1]
        soon = np.interp(early * row.steps, tail.step, tail.accuracy)
        lost.append(first - last)
        part.append((first - soon) / (first - last) if last < first else np.nan)
    return [
        Check.of("erosion", "loss of accuracy on rare people", lost, low=least_erosion),
        Check.of("early", f"part of it in the first {early:g} of the run", part, high=early_share),
    ], rows
