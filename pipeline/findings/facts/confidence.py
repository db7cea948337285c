"""Which confidence tells answers about rows that a model was trained on from those about never-seen ones."""

import math

import numpy as np
import pandas as pd

from pipeline.findings.facts.answer import Answer, Value
from pipeline.findings.facts.learning import default_runs
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

PASS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.7,
)  # shares of the answers about never-seen rows that may pass
TOLD = 0.05
ROC = "{:.0%} of never-seen pass: share of seen that pass"


def curve(bins: pd.DataFrame) -> pd.DataFrame:
    """ROC of one run's histogram of confidences, from no answer to all: log_odds, the threshold; seen,
    unseen: shares of the answers that are at least so confident."""
    counts = bins.pivot_table(index="log_odds", columns="group", values="values", aggfunc="sum").fillna(0)
    above = counts.sort_index(ascending=False).cumsum() / counts.sum()
    out = pd.DataFrame({"log_odds": above.index, "seen": above.known.values, "unseen": above.new.values})
    return pd.concat([pd.DataFrame({"log_odds": [math.inf], "seen": [0.0], "unseen": [0.0]}), out])


def confidence(tables: Tables) -> Answer | None:
    """Which confidence is safe?"""
    rows = default_runs(tables)
    rows = rows[rows.run.isin(tables.confidences.run)]
    if rows.empty:
        return None
    curves = [curve(tables.confidences[tables.confidences.run == run]) for run in rows.run]
    area = Interval.share([np.trapezoid(c.seen, c.unseen) for c in curves])
    values = [Value.of("area under the ROC curve", area)]
    for most in PASS:
        values.append(
            Value.of(ROC.format(most), Interval.share([np.interp(most, c.unseen, c.seen) for c in curves]))
        )
    # The lowest threshold that lets no more pass; thresholds are edges of bins.
    edges = [c[c.unseen <= TOLD].iloc[-1] for c in curves]
    doubt = Interval.geometric([1 / (1 + math.exp(edge.log_odds)) for edge in edges])
    values += [
        Value.of(f"1 - confidence up to which at most {TOLD:.0%} of never-seen pass", doubt),
        Value.of("share of seen that pass with it", Interval.share([edge.seen for edge in edges])),
    ]
    said = (
        f"To turn away {1 - TOLD:.0%} of the answers about never-seen rows takes a confidence above "
        f"{1 - doubt.centre:.6g}, and {values[-1]} of those about rows that were trained on are as sure. "
        f"The area under the ROC curve is {values[0]}."
    )
    return Answer("Which confidence tells seen rows from others?", said, values, list(rows.run))
