"""What groups of people that come in turn do in their windows, in the few numbers that claims compare.

A window is the share of a sequential run that one visit to a group takes. Its group is learned there, and
forgotten in the windows after it.
"""

import math

import numpy as np
import pandas as pd

from pipeline.findings.groups.schedule import window_length
from pipeline.findings.judging import NotMeasuredError
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

# Where forgetting is looked at first, of a window: the paper's 250 of 2,000 steps.
EARLY = 1 / 8


def _rate(row, step: float) -> float:
    """Learning rate at a step of a run, of its peak; a cosine ends so near 0 that its end does not matter."""
    return 1.0 if row.schedule == "constant" else 0.5 * (1 + math.cos(math.pi * step / row.steps))


def windows(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """One row a run and window. Accuracies are of the window's own group; steps are counted from its begin.

    run, seed, groups, repeats; window (from 1), group (from 1), length: steps; rate: at its begin, of the
    peak. half: step at which half is recalled, NaN if that never happens in the window. reached: accuracy at
    its end. Since then, NaN for the run's last: later: accuracy one window on; early: share of what is lost
    by then that is lost in the first EARLY of that window; fall: steps to half of `reached`, at most a
    window. final: accuracy at the run's end. Raises NotMeasuredError if groups were not evaluated apart.
    """
    measured = []
    for row in rows.itertuples():
        count, groups = int(row.groups * row.repeats), int(row.groups)
        length = window_length(row)
        curves = [tables.curve(row.run, f"group-{k + 1}") for k in range(groups)]
        if any(curve.empty for curve in curves):
            raise NotMeasuredError(f"the groups of {row.run} were not evaluated apart")
        for k in range(count):
            curve = curves[k % groups]
            at = lambda step, c=curve: float(np.interp(step, c.step, c.accuracy))  # noqa: E731
            begin, end, then = k * length, (k + 1) * length, (k + 2) * length
            inside = curve[curve.step.between(math.floor(begin), math.ceil(end))]
            after = curve[curve.step.between(math.floor(end), math.ceil(then))]
            reached, is_last = at(end), k == count - 1
            lost = math.nan if is_last else reached - at(then)
            fall = first_crossing(after.step, after.accuracy, 0.5 * reached, rising=False) - end
            measured.append(
                {
                    "run": row.run,
                    "seed": row.seed,
                    "groups": groups,
                    "repeats": int(row.repeats),
                    "window": k + 1,
                    "group": k % groups + 1,
                    "length": length,
                    "rate": _rate(row, begin),
                    "half": first_crossing(inside.step, inside.accuracy, 0.5, rising=True) - begin,
                    "reached": reached,
                    "later": math.nan if is_last else at(then),
                    "early": (reached - at(end + EARLY * length)) / lost if lost > 0 else math.nan,
                    "fall": math.nan if is_last else length if math.isnan(fall) else fall,
                    "final": float(curve.accuracy.iloc[-1]),
                }
            )
    return pd.DataFrame(measured)
