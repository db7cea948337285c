"""What the time before knowledge leaves behind: facts, or the circuits that recall them later?"""

import pandas as pd

from pipeline.findings.cells import experiment
from pipeline.findings.judging import NotMeasuredError
from pipeline.tables.read import Tables

# Arms of `wrong_warm_up`, by their distribution.
ARMS = {"uniform": "no warm-up", "warm_up": "on right facts", "wrong_warm_up": "on wrong facts"}
GROUPS = {"left": "left", "stayed": "stayed", "unseen": "new"}  # of `leaving`, by the name of their curve


def arms(tables: Tables) -> dict[str, pd.DataFrame]:
    """Runs of each of ARMS. Raises NotMeasuredError if one has none."""
    rows = experiment(tables, "wrong_warm_up")
    found = {name: rows[rows.distribution == kind] for kind, name in ARMS.items()}
    if missing := [name for name, runs in found.items() if runs.empty]:
        raise NotMeasuredError(f"the plan has no runs with a warm-up {missing[0]}")
    return found


def left(tables: Tables) -> pd.DataFrame:
    """The runs of `leaving` by seed, with the accuracy at the end on each of GROUPS."""
    rows = experiment(tables, "leaving").set_index("seed").sort_index()
    final = {
        name: [tables.curve(run, group).accuracy.iloc[-1] for run in rows.run]
        for name, group in GROUPS.items()
    }
    return rows.assign(**final)
