"""Judges of what keeps old facts in fine-tuning: ours, the paper tries replay alone.

Runs are compared when they know as many of the new facts, which take them different numbers of steps.
"""

from pipeline.findings.fine_tuning.cures import BATCH, CURES, NONE, REPLAY, RISE, kept, runs
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


def _needed(found: object, *cures: str) -> None:
    if lacking := [cure for cure in cures if cure not in found]:  # type: ignore[operator]
        raise NotMeasuredError(f"the plan has no runs with {', '.join(lacking)}")


@judge("cures", "forgetting")
def a_larger_batch_keeps_most(tables: Tables, *, learned: float) -> Result:
    """Accuracy on old facts when `learned` of the new ones are known: with a larger batch, minus that without
    a cure; and minus that with each other cure that needs no old data."""
    rows = runs(tables)
    old = kept(tables, rows, learned)
    _needed(old, BATCH)
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
    rows = runs(tables)
    old = kept(tables, rows, learned)
    _needed(old, RISE)
    quantity = f"old facts kept with {RISE} - without a cure"
    return [Check.of("change", quantity, old[RISE] - old[NONE], low=-most, high=most)], rows


@judge("cures", "forgetting")
def replay_keeps_most(tables: Tables, *, learned: float) -> Result:
    """The same with replay, minus that with each cure that needs no old data."""
    rows = runs(tables)
    old = kept(tables, rows, learned)
    _needed(old, REPLAY)
    others = [cure for cure in CURES if cure in old and cure != REPLAY]
    return [
        Check.of("more", f"old facts kept with replay - with {other}", old[REPLAY] - old[other], low=0)
        for other in others
    ], rows
