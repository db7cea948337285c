"""The default run with one thing changed (paper, Figures A and C), each setting at its best learning rate."""

from typing import Any

import pandas as pd

from pipeline.tables.read import Tables

# Experiment -> the column that it varies. Size is layers x width^2: the weights without the embedding are a
# multiple of it.
VARIED = {
    "learning_rate": "learning_rate",
    "population_size": "individuals",
    "weight_decay": "weight_decay",
    "batch_size": "batch",
    "model_size": "size",
    "mixer": "mixer",
}
Settings = dict[Any, pd.DataFrame]


def best_rate(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Runs at the learning rate with the lowest final training loss, mean over seeds (section 1.4)."""
    if rows.learning_rate.nunique() == 1:
        return rows
    final = rows.run.map(lambda run: tables.training_of(run).loss_per_token.iloc[-1])
    return rows[rows.learning_rate == final.groupby(rows.learning_rate).mean().idxmin()]


def settings(tables: Tables, experiment: str) -> Settings:
    """Runs of `experiment` by the value of what it varies, ascending, each run once.

    The default run is one of the settings. Sizes of the population have a default of their own, which may
    be shorter. Empty if the tables lack the experiment.
    """
    if experiment not in tables:
        return {}
    rows = tables.of(experiment)
    if experiment != "population_size":
        rows = pd.concat([rows, tables.of("phases")])
    rows = rows.drop_duplicates("run").assign(size=lambda r: r.layers * r.width**2)
    by_value = rows.groupby(VARIED[experiment])
    if experiment == "learning_rate":
        return dict(iter(by_value))
    return {value: best_rate(tables, runs) for value, runs in by_value}


def by_templates(tables: Tables) -> tuple[Settings, Settings]:
    """Runs by the number of training templates, sentences in random order and in a fixed one."""
    rows = tables.of("templates").drop_duplicates("run")
    random, fixed = (
        {n: best_rate(tables, runs) for n, runs in rows[rows.shuffled == order].groupby("templates")}
        for order in (True, False)
    )
    return random, fixed


def in_random_order(tables: Tables, by_number: Settings) -> dict[int, pd.Series]:
    """Loss on known people over b of the same runs, measured on biographies whose sentences come in random
    order: by run and step, where the runs were so observed."""
    seen, out = tables.observed["random_order"], {}
    for number, runs in by_number.items():
        mine = seen[seen.run.isin(runs.run)].sort_values("step").set_index(["run", "step"])
        if not mine.empty:
            out[number] = mine.loss / runs.set_index("run").baseline.reindex(mine.index, level="run")
    return out
