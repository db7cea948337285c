"""Judge of whose frequency sets what: the paper argues it (section 4), we isolate it (Figure HT).

Celebrities are the head, the others the tail. In one sweep the head stays as many and as frequent while
the tail gets more people, each rarer; in the other the tail stays and the head changes so.
"""

import pandas as pd

from pipeline.findings.distributions.head_and_tail import SWEEPS, exponents, frequencies, sweep
from pipeline.findings.verdict import Check, NotMeasuredError, Result, judge
from pipeline.tables.read import Tables


@judge("head_and_tail")
def head_sets_the_plateau_and_tail_the_speed(tables: Tables) -> Result:
    """Exponents with which the plateau grows with the rarity of the head and learning after it with that of
    the tail, and each minus that with the rarity of the other part.
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
            Check.of(f"exponent of the {what} in 1 / frequency of the {own}", mine, low=0),
            Check.of(f"the same - that in 1 / frequency of the {other}", (mine - theirs).dropna(), low=0),
        ]
    return checks, pd.concat(sweeps.values()).drop_duplicates("run")
