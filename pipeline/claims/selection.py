"""Which runs a claim compares: sizes, cells of a grid, and the best setting of a family."""

import pandas as pd

from pipeline.analysis.tables import Tables
from pipeline.claims.verdict import NotVisibleError

# What distinguishes two distributions; NaN where a family has no such parameter.
SETTING = ["distribution", "alpha", "count", "weight", "subset", "warm_up_steps"]
CELL = ["individuals", "steps"]
# Pre-training experiments that vary the distribution only, so that their runs may stand in a common cell.
PRETRAINING = ("phases", "population_size", "power_law", "celebrities", "warm_up")

# The paper reads plateau ends of Figure 4 from 16k individuals on, a quarter of its default: below, the
# plateau merges with the first phase.
SMALLEST_SHARE_OF_DEFAULT = 1 / 4


def by_seed(rows: pd.DataFrame, column: str, values: str) -> pd.DataFrame:
    """(seeds, settings): `values` of runs that differ in `column` and seed only."""
    return rows.pivot(index="seed", columns=column, values=values)


def one_per_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """The first run of each cell, setting and seed: experiments share most runs, or repeat them with
    other checkpoints."""
    return rows.drop_duplicates([*CELL, *SETTING, "seed"])


def censored_plateau_end(rows: pd.DataFrame) -> pd.Series:
    """End of the plateau in steps; the whole run, a lower bound, where a run is still on it."""
    return rows.plateau_end.fillna(rows.steps)


def uniform_runs(tables: Tables) -> pd.DataFrame:
    """One uniform pre-training run a cell and seed."""
    rows = pd.concat([tables.of(name) for name in PRETRAINING])
    return one_per_seed(rows[rows.distribution == "uniform"])


def with_uniform(tables: Tables, experiment: str) -> pd.DataFrame:
    """The experiment's runs and the uniform ones of its cells, as power laws of alpha 0."""
    mine = tables.of(experiment)
    shared = uniform_runs(tables).merge(mine[CELL].drop_duplicates(), on=CELL)
    rows = one_per_seed(pd.concat([mine, shared]))
    return rows.assign(alpha=rows.alpha.mask(rows.distribution == "uniform", 0.0))


def at_default_budget(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the default run's steps and at least a quarter of its individuals."""
    default = tables.of("phases").iloc[0]
    enough = rows.individuals >= SMALLEST_SHARE_OF_DEFAULT * default.individuals
    return rows[enough & (rows.steps == default.steps)]


def hard_cells(
    tables: Tables, rows: pd.DataFrame, shortest: float, longest: float
) -> dict[tuple[int, int], float]:
    """(individuals, steps) cells of `rows` in which uniform training spends a fair share on the plateau.

    Maps a cell to that share, averaged over seeds; those from `shortest` to `longest`. Distributions
    differ where data is short relative to the population; this says so at any scale (paper: 0.37 at
    64k individuals and 8k steps, 0.33 at 128k and 16k). Raises NotVisibleError if there is none.
    """
    uniform = uniform_runs(tables).merge(rows[CELL].drop_duplicates(), on=CELL)
    share = censored_plateau_end(uniform) / uniform.steps
    shares = share.groupby([uniform.individuals, uniform.steps]).mean().to_dict()
    found = {cell: s for cell, s in shares.items() if shortest <= s <= longest}
    if not found:
        measured = ", ".join(f"{s:.2f} (N={n}, {steps} steps)" for (n, steps), s in shares.items())
        raise NotVisibleError(
            f"no cell in which the uniform plateau takes {shortest:g} to {longest:g} of the run: {measured}"
        )
    return found


def in_cell(rows: pd.DataFrame, cell: tuple[int, int]) -> pd.DataFrame:
    return rows[(rows.individuals == cell[0]) & (rows.steps == cell[1])]


def best_setting(rows: pd.DataFrame) -> pd.DataFrame:
    """Runs, by seed, of the setting with the lowest final loss on average over seeds."""
    settings = [runs for _, runs in rows.groupby(SETTING, dropna=False)]
    return min(settings, key=lambda runs: runs.known_loss.mean()).set_index("seed")
