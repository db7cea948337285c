"""Training on a population that grows, beside a warm-up and a switch to everyone (experiment `curricula`)."""

import pandas as pd

from pipeline.findings.cells import CELL, SETTING, best_setting, in_cell, of_any, one_per_seed
from pipeline.tables.read import Tables


def ways_to_grow(tables: Tables) -> list[pd.DataFrame]:
    """Runs of each."""
    return [runs for _, runs in tables.of("curricula").groupby(SETTING, dropna=False)]


def ways_to_adapt(tables: Tables) -> list[pd.DataFrame]:
    """Runs of each way to grow as people become known; none where they are not measured."""
    if "adaptive_settings" not in tables:
        return []
    return [runs for _, runs in tables.of("adaptive_settings").groupby(SETTING, dropna=False)]


def best_warm_up(tables: Tables) -> pd.DataFrame:
    """Runs of the warm-up with the lowest final loss on as many people and in as many steps; none without."""
    rows = tables.of("curricula")
    warm = of_any(tables, ("warm_up", "warm_up_grid"))
    warm = in_cell(one_per_seed(warm).query("distribution == 'warm_up'"), tuple(rows[CELL].iloc[0]))
    return warm if warm.empty else best_setting(warm)


def _chosen(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The way to grow with the lowest final loss, and the best warm-up."""
    return best_setting(tables.of("curricula")), best_warm_up(tables)


def gain(tables: Tables) -> pd.Series:
    """Final accuracy of the way to grow with the lowest loss minus that of the best warm-up, by seed. Both
    are chosen on these runs, so it is larger than what others may expect."""
    return _difference(*_chosen(tables))


def chosen_again(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs of the two that are chosen, on seeds that had no part in the choice."""
    rows = tables.of("curricula_again")
    growing, warm_up = (rows.merge(one[SETTING].iloc[:1], on=SETTING) for one in _chosen(tables))
    return growing, warm_up


def gain_again(tables: Tables) -> pd.Series:
    """The gain on seeds that had no part in the choice; empty where the two that are chosen have none."""
    if "curricula_again" not in tables:
        return pd.Series(dtype=float)
    return _difference(*chosen_again(tables))


def _difference(growing: pd.DataFrame, warm_up: pd.DataFrame) -> pd.Series:
    return (growing.set_index("seed").known_accuracy - warm_up.set_index("seed").known_accuracy).dropna()
