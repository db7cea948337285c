"""In which way old facts are lost in fine-tuning: by a shift of logits that people share, or otherwise."""

import pandas as pd

from pipeline.findings.cells import experiment
from pipeline.findings.judging import NotMeasuredError
from pipeline.tables.read import Tables

RESTORED = ("shift_removed", "top_removed")
NAME, NARROW = "forgetting", "narrow"


def snapshots(tables: Tables, name: str = NAME) -> pd.DataFrame:
    """One row a snapshot of a run of an experiment, ascending in step: the run's parameters and what
    pipeline/probes/forgetting.py measured; `start`, the accuracy before fine-tuning; and for each of RESTORED
    (`of_shift_removed`) which part of the accuracy that is lost comes back so."""
    rows = experiment(tables, name).drop(columns="start")
    rows = rows.merge(tables.forgetting, on="run").sort_values("step", kind="stable")
    rows["start"] = rows.groupby("run").accuracy.transform("first")
    lost = (rows.start - rows.accuracy).where(lambda lost: lost > 0)
    return rows.assign(**{f"of_{way}": (rows[way] - rows.accuracy) / lost for way in RESTORED})


def at(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Of each run the snapshot that is nearest to a share of it, by seed."""
    away = (rows.step / rows.steps - share).abs()
    return rows.loc[away.groupby(rows.run).idxmin()].set_index("seed").sort_index()


def narrow(tables: Tables) -> pd.DataFrame:
    """Snapshots of the runs on most new people whose values are of half of each list."""
    rows = snapshots(tables, NARROW)
    return rows[rows.new == rows.new.max()]


def largest(tables: Tables, *, replay: bool) -> pd.DataFrame:
    """Snapshots of the runs on most new people, those without replay, or with least of it."""
    rows = snapshots(tables)
    rows = rows[(rows.weight > 0) == replay]
    if rows.empty:
        raise NotMeasuredError(f"the plan has no runs {'with' if replay else 'without'} replay")
    rows = rows[rows.new == rows.new.max()]
    return rows[rows.weight == rows.weight.min()]
