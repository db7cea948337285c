"""Whether people who grow in number are learned better than by a warm-up and a switch (Figure CU)."""

import pandas as pd

from pipeline.analysis.selection import CELL, best_setting, in_cell, one_per_seed
from pipeline.analysis.tables import Tables


def ways_to_grow(tables: Tables) -> list[pd.DataFrame]:
    """Runs of each."""
    rows = tables.of("curricula")
    return [runs for _, runs in rows.groupby(["subset", "until", "stages"])]


def best_warm_up(tables: Tables) -> pd.DataFrame:
    """Runs of the warm-up with the lowest final loss on as many people and in as many steps; none without."""
    rows = tables.of("curricula")
    warm = pd.concat([tables.of("warm_up"), tables.of("warm_up_grid")])
    warm = in_cell(one_per_seed(warm).query("distribution == 'warm_up'"), tuple(rows[CELL].iloc[0]))
    return warm if warm.empty else best_setting(warm)


def gain(tables: Tables) -> pd.Series:
    """Final accuracy of the way to grow with the lowest loss minus that of the best warm-up, by seed. Both
    are chosen on these runs, so it is larger than what others may expect."""
    best = min(ways_to_grow(tables), key=lambda runs: runs.known_loss.mean())
    return _difference(best, best_warm_up(tables))


def gain_again(tables: Tables) -> pd.Series:
    """The same on seeds that had no part in the choice; empty without them."""
    rows = tables.of("curricula_again")
    return _difference(rows[rows.distribution == "growing"], rows[rows.distribution == "warm_up"])


def _difference(growing: pd.DataFrame, warm_up: pd.DataFrame) -> pd.Series:
    return (growing.set_index("seed").known_accuracy - warm_up.set_index("seed").known_accuracy).dropna()
