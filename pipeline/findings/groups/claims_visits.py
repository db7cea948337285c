"""Judge of two groups of people that alternate (paper, Figure V)."""

import pandas as pd

from pipeline.findings.groups.windows import windows
from pipeline.findings.judging import OutOfRegimeError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("alternating")
def forgetting_shrinks_with_revisits(tables: Tables, *, learned: float, rise: float) -> Result:
    """Share of a group's accuracy that the other group's window costs, from the first to the last visit that
    leaves the group at an accuracy of `learned` or more, mean over both groups: the last over the first, and
    the largest rise from one visit to the next (Figure V). The learning rate falls meanwhile.
    """
    seen = windows(tables, tables.of("alternating")).dropna(subset=["later"])
    seen = seen.assign(visit=(seen.window - 1) // seen.groups + 1, lost=1 - seen.later / seen.reached)
    known = seen[seen.reached >= learned]
    checks, used = [], []
    for repeats, mine in known.groupby("repeats"):
        # A visit counts where every seed has learned: which ones are compared must not depend on the seed.
        lost = mine.groupby(["seed", "visit"]).lost.mean().unstack().dropna(axis=1)
        if lost.shape[1] < 2 or len(lost) < seen.seed[seen.repeats == repeats].nunique():
            continue
        first, last = lost.columns[[0, -1]]
        checks += [
            Check.of(
                "last",
                f"forgotten share, visit {last} / {first} of {repeats}",
                lost[last] / lost[first],
                high=1,
            ),
            Check.of(
                "rise",
                f"its largest rise at a revisit, {repeats} visits",
                lost.diff(axis=1).max(axis=1),
                high=rise,
            ),
        ]
        used.append(mine)
    if not checks:
        raise OutOfRegimeError(
            f"no two visits after which a group is known: accuracy {seen.reached.max():.3g}"
        )
    return checks, tables.runs[tables.runs.run.isin(pd.concat(used).run)]
