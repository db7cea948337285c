"""Judge of whose frequency sets what: the paper argues it (section 4), and we isolate it.

Celebrities are the head, the others the tail. In one sweep the tail gets more people, each of them rarer,
while the number and the frequency of the people in the head stay the same; in the other it is the head that
changes.
"""

import pandas as pd

from pipeline.findings.distributions.head_and_tail import SWEEPS, exponents, frequencies, sweep
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("head_and_tail")
def head_sets_the_plateau_and_tail_the_speed(tables: Tables) -> Result:
    """Exponents with which the plateau grows with the rarity of the head, and learning after it with the
    rarity of the tail; and by how much each is larger than the exponent in the rarity of the other part.
    """
    rows = frequencies(tables)
    sweeps = {part: sweep(rows, part) for part in SWEEPS}
    for part, runs in sweeps.items():
        if runs.empty:
            raise NotMeasuredError(f"the plan does not vary the frequency of the {part} alone")
    checks = []
    for measure, what, own, other in (
        ("plateau", "plateau", "head", "tail"),
        ("learning", "time to learn", "tail", "head"),
    ):
        mine, theirs = (exponents(sweeps[part], part, measure) for part in (own, other))
        checks += [
            Check.of(measure, f"exponent of the {what} in 1 / frequency of the {own}", mine, low=0),
            Check.of(
                f"{measure}_more",
                f"the same - that in 1 / frequency of the {other}",
                (mine - theirs).dropna(),
                low=0,
            ),
        ]
    return checks, pd.concat(sweeps.values()).drop_duplicates("run")
