"""Fine-tuning on new people with something that may keep old facts, and without."""

import numpy as np
import pandas as pd

from pipeline.findings.cells import experiment
from pipeline.findings.fine_tuning.forgetting import NAME
from pipeline.findings.judging import NotMeasuredError
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

NONE, REPLAY, RATE, BATCH = "no cure", "replay", "a lower rate", "a larger batch"
RISE, ATTENTION, EMBEDDING = "a rising rate", "frozen attention", "frozen embedding"
CURES = (REPLAY, BATCH, RATE, RISE, ATTENTION, EMBEDDING)


def _cure(run: pd.Series, plain: pd.Series) -> str:
    """By what a run differs from those without a cure."""
    if run.weight > 0:
        return REPLAY
    if isinstance(run.frozen, str):
        return {"attention": ATTENTION, "embedding": EMBEDDING}[run.frozen]
    if run.rate_warm_up > 0:
        return RISE
    if run.batch > plain.batch:
        return BATCH
    return RATE if run.learning_rate < plain.learning_rate else str(run.case)


def runs(tables: Tables) -> pd.DataFrame:
    """The runs of `cures`, and the plain ones of `forgetting` on as many new people, each with its `cure`."""
    cured, plain = experiment(tables, "cures"), experiment(tables, NAME)
    plain = plain[(plain.weight == 0) & (plain.new == cured.new.iloc[0])]
    if plain.empty:
        raise NotMeasuredError(f"the plan has no runs of {NAME} on {cured.new.iloc[0]:g} new people")
    named = cured.assign(cure=[_cure(run, plain.iloc[0]) for _, run in cured.iterrows()])
    named = named.drop_duplicates(["cure", "seed"])  # of several, as of two rates, the first in the plan
    return pd.concat([plain.assign(cure=NONE), named], ignore_index=True)


def kept(tables: Tables, rows: pd.DataFrame, learned: float) -> pd.DataFrame:
    """(seeds, cures): accuracy on old facts when that on new ones gets to `learned`; NaN if it never does."""
    values = []
    for run in rows.run:
        old, new = tables.curve(run), tables.curve(run, "new")
        step = first_crossing(new.step, new.accuracy, learned, rising=True)
        values.append(np.interp(step, old.step, old.accuracy))
    return rows.assign(kept=values).pivot(index="seed", columns="cure", values="kept")
