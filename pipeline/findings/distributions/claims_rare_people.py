"""Judge of what an imbalance costs those who are met least: ours, the paper shows means over people."""

import pandas as pd

from pipeline.findings.distributions.rare_people import arms, rarest
from pipeline.findings.judging import Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("rare_people")
def imbalance_costs_the_rarest(tables: Tables) -> Result:
    """At the end of runs of one length: accuracy under uniform sampling minus that on the rarest tenth of the
    people under a power law; and accuracy on everyone under the power law minus the uniform one."""
    uniform, law = arms(tables)
    return [
        Check.of(
            "rarest",
            "accuracy when all are met alike - of the rarest tenth",
            uniform.known_accuracy - rarest(tables, law),
            low=0,
        ),
        Check.of(
            "everyone",
            "accuracy on everyone under the power law - under uniform sampling",
            law.known_accuracy - uniform.known_accuracy,
            low=0,
        ),
    ], pd.concat([uniform, law])
