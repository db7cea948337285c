"""Judges of what keeps old facts in fine-tuning: ours, the paper tries replay alone.

Runs are compared when they know as many of the new facts, which take them different numbers of steps.
"""

import pandas as pd

from pipeline.findings.fine_tuning.cures import BATCH, CURES, NONE, REPLAY, RISE, kept, runs
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


def _with(cure: str, tables: Tables, learned: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs, and what each cure keeps. Raises NotMeasuredError if `cure` is not among them."""
    rows = runs(tables)
    if cure not in set(rows.cure):
        raise NotMeasuredError(f"the plan has no runs with {cure}")
    return rows, kept(tables, rows, learned)


@judge("cures", "forgetting")
def a_larger_batch_keeps_most(tables: Tables, *, learned: float) -> Result:
    """Accuracy on old facts when `learned` of the new ones are known: with a larger batch, minus that without
    a cure; and minus that with each other cure that needs no old data."""
    rows, old = _with(BATCH, tables, learned)
    others = [cure for cure in CURES if cure in old and cure not in (BATCH, REPLAY)]
    return [
        Check.of("gain", f"old facts kept with {BATCH} - without a cure", old[BATCH] - old[NONE], low=0),
        *(
            Check.of("best", f"with {BATCH} - with {other}", old[BATCH] - old[other], low=0)
            for other in others
        ),
    ], rows


@judge("cures", "forgetting")
def a_rising_rate_changes_nothing(tables: Tables, *, learned: float, most: float) -> Result:
    """The same with a rate that rises, minus that without a cure."""
    rows, old = _with(RISE, tables, learned)
    quantity = f"old facts kept with {RISE} - without a cure"
    return [Check.of("change", quantity, old[RISE] - old[NONE], low=-most, high=most)], rows


@judge("cures", "forgetting")
def replay_keeps_most(tables: Tables, *, learned: float) -> Result:
    """The same with replay, minus that with each cure that needs no old data."""
    rows, old = _with(REPLAY, tables, learned)
    others = [cure for cure in CURES if cure in old and cure != REPLAY]
    return [
        Check.of("more", f"old facts kept with replay - with {other}", old[REPLAY] - old[other], low=0)
        for other in others
    ], rows
