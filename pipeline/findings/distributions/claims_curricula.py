"""Judge of growing the population in place of a warm-up, which is ours: the paper has warm-ups only."""

import pandas as pd

from pipeline.findings.distributions.curricula import chosen_again, gain_again
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("curricula", "warm_up", "curricula_again")
def growing_beats_the_best_warm_up(tables: Tables, *, least_gain: float) -> Result:
    """Final accuracy of the best way to grow minus that of the best warm-up, each chosen by its final loss on
    other seeds than those that are compared here.
    """
    gain = gain_again(tables)
    if gain.empty:
        raise NotMeasuredError("the plan has no other seeds of the two that are chosen")
    used = pd.concat(chosen_again(tables))
    return [Check.of("gain", "gain in accuracy on seeds that chose neither", gain, low=least_gain)], used
