"""Judges of what the time before knowledge leaves behind, facts or circuits: ours, not in the paper."""

import pandas as pd

from pipeline.findings.distributions.circuits_or_facts import arms, left
from pipeline.findings.judging import Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("wrong_warm_up")
def a_warm_up_needs_no_true_facts(tables: Tables, *, least: float) -> Result:
    """Final accuracy on everyone after a warm-up on wrong facts, minus that without a warm-up, over the same
    of one on right facts; and the gain of that one."""
    compared = arms(tables).values()
    none, right, wrong = (runs.set_index("seed").known_accuracy for runs in compared)
    gain = (right - none).dropna()
    return [
        Check.of("kept", "part of the gain with wrong facts", (wrong - none) / gain, low=least),
        Check.of("gain", "accuracy after a warm-up on right facts - without one", gain, low=0),
    ], pd.concat(compared)


@judge("leaving")
def the_plateau_leaves_no_facts(tables: Tables, *, most: float, known: float) -> Result:
    """Accuracy at the end on people who were shown on the plateau alone, minus that on people who were never
    shown; and accuracy on the others."""
    rows = left(tables)
    return [
        Check.of("retained", "accuracy on who left - on never-seen", rows.left - rows.unseen, high=most),
        Check.share("known", "accuracy on who stayed", rows.stayed, low=known),
    ], rows.reset_index()
