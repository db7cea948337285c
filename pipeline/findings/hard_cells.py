"""Which runs a claim compares: sizes, and cells of a grid that are hard enough."""

import numpy as np
import pandas as pd

from pipeline.findings.cells import default_steps, plateau_shares, uniform_like
from pipeline.findings.judging import OutOfRegimeError
from pipeline.tables.read import Tables

# t(0.99) under uniform sampling, 2,970 of 8,000 steps, in the cell of Figures G, H and I.
PAPER_CELL_PLATEAU_SHARE = 0.37

# The paper reads plateau ends of Figure 4 from 16k individuals on, a quarter of its default: below, the
# plateau merges with the first phase.
SMALLEST_SHARE_OF_DEFAULT = 1 / 4


def by_seed(rows: pd.DataFrame, column: str, values: str) -> pd.DataFrame:
    """(seeds, settings): `values` of runs that differ in `column` and seed only."""
    return rows.pivot(index="seed", columns=column, values=values)


def best_elsewhere(values: pd.DataFrame) -> pd.Series:
    """For each seed, its value at the setting that is lowest in the other seeds, mean of logarithms; `values`
    are (seeds, settings), positive. NaN where a seed lacks one.

    The lowest of several values that scatter alike lies below each of them. A setting that is chosen by the
    seed that is compared would win even if settings did nothing.
    """
    logs = np.log(values.dropna())
    others = logs.sum() - logs if len(logs) > 1 else logs
    best = others.idxmin(axis=1)
    return pd.Series({seed: values.at[seed, b] for seed, b in best.items()}, dtype=float).reindex(
        values.index
    )


def large_enough(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with at least a quarter of the default run's individuals."""
    default = tables.of("phases").individuals.iloc[0]
    return rows[rows.individuals >= SMALLEST_SHARE_OF_DEFAULT * default]


def at_default_budget(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Large enough rows with the default run's steps, or the longest where none has those."""
    return large_enough(tables, rows[rows.steps == default_steps(tables, rows)])


def hard_cells(
    tables: Tables, rows: pd.DataFrame, shortest: float, longest: float
) -> dict[tuple[int, int], float]:
    """(individuals, steps) cells of `rows` in which uniform training spends a fair share on the plateau.

    Maps a cell to that share, averaged over seeds; those from `shortest` to `longest` (paper: 0.37 at 64k
    individuals and 8k steps, 0.33 at 128k and 16k). Raises OutOfRegimeError if there is none.
    """
    shares = plateau_shares(uniform_like(tables, rows))
    found = {cell: s for cell, s in shares.items() if shortest <= s <= longest}
    if not found:
        measured = ", ".join(f"{s:.2f} (N={n}, {steps} steps)" for (n, steps), s in shares.items())
        raise OutOfRegimeError(
            f"no cell in which the uniform plateau takes {shortest:g} to {longest:g} of the run: {measured}"
        )
    return found


def papers_cell(tables: Tables, rows: pd.DataFrame, shortest: float, longest: float) -> tuple[int, int]:
    """The hard cell whose uniform plateau takes a share of the run nearest to that of Figures G, H and I."""
    shares = hard_cells(tables, rows, shortest, longest)
    return min(shares, key=lambda cell: abs(shares[cell] - PAPER_CELL_PLATEAU_SHARE))
