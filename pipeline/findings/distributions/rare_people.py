"""What people know who are met seldom, under a distribution that ends the plateau early, and under none."""

import numpy as np
import pandas as pd

from pipeline.findings.cells import experiment
from pipeline.findings.judging import NotMeasuredError
from pipeline.tables.read import Tables


def arms(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The uniform runs of `rare_people`, and those of the largest exponent; both by seed."""
    rows = experiment(tables, "rare_people")
    uniform, law = rows[rows.alpha == 0], rows[rows.alpha == rows.alpha.max()]
    if uniform.empty or not (law.alpha > 0).all():
        raise NotMeasuredError("the plan has no runs under a power law, or none under uniform sampling")
    return uniform.set_index("seed").sort_index(), law.set_index("seed").sort_index()


def by_part(tables: Tables, runs: pd.DataFrame) -> pd.DataFrame:
    """One row a run and part of its people, the most frequent first: seed, part, accuracy at the end and
    exposures, how often one of them is met in the run."""
    found = []
    for seed, run in runs.iterrows():
        met = tables.parts[tables.parts.run == run.run]
        found.append(
            pd.DataFrame(
                {
                    "seed": seed,
                    "part": np.arange(1, len(met) + 1),
                    "accuracy": [tables.curve(run.run, part).accuracy.iloc[-1] for part in met.part],
                    "exposures": met.share.to_numpy() * run.batch * run.steps / met.people.to_numpy(),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def rarest(tables: Tables, runs: pd.DataFrame) -> pd.Series:
    """Accuracy at the end on the part that is met least, by seed."""
    rows = by_part(tables, runs)
    return rows[rows.part == rows.part.max()].set_index("seed").accuracy
