"""Final accuracy by size and length of the warm-up, in two cells: Figures K and L of the paper as one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import CELL, experiment, families, in_cell
from pipeline.paper import published
from pipeline.tables.read import Tables

# Panel of the paper, its individuals and steps.
PAPER = (("K_8k", 64_000, 8_000), ("L_128k", 128_000, 16_000))


def grids(tables: Tables) -> list[tuple[tuple[int, int], pd.DataFrame]]:
    """(individuals, steps) and mean accuracy, subset (descending) x length, NaN where not run: the cells of
    `warm_up_grid` with the fewest and with the most individuals."""
    cells = sorted(experiment(tables, "warm_up_grid").groupby(CELL).groups)
    every = families(tables).query("distribution == 'warm_up'")
    found = []
    for cell in dict.fromkeys((cells[0], cells[-1])):
        mean = in_cell(every, cell).groupby(["subset", "warm_up_steps"]).known_accuracy.mean()
        found.append((cell, mean.unstack("warm_up_steps").sort_index(ascending=False)))
    return found


def facts(tables: Tables) -> dict[str, str]:
    told = []
    for (individuals, _), grid in grids(tables):
        subset, length = grid.stack().idxmax()
        told.append(f"{subset:g} people for {length:g} steps, of {individuals:,}")
    settings = experiment(tables, "warm_up_grid").groupby(["subset", "warm_up_steps"])
    return {"best": "; ".join(told), "seeds": averages.means_sentence(*(runs for _, runs in settings))}


def _map(ax: Axes, grid: pd.DataFrame, individuals: int, steps: int, who: str) -> None:
    values = grid.to_numpy(float)
    texts = [["–" if np.isnan(x) else f"{x:.2f}" for x in row] for row in values]
    rows = [f"{numbers.short(n)} ({numbers.ratio(n / individuals)})" for n in grid.index]
    columns = [f"{numbers.short(s)}\n({s / steps:.2g})" for s in grid.columns]
    style.heat_map(ax, values, texts, rows, columns, Normalize(np.nanmin(values), np.nanmax(values)))
    ax.set(xlabel="steps of the warm-up (share of the run)", ylabel="people (share of all)")
    title = f"{individuals:,} individuals, {steps:,} steps, {who}"
    ax.set_title(title, loc="left", fontweight="bold")


def draw(tables: Tables) -> Figure:
    mine = grids(tables)
    fig, axes = style.new_figure(len(mine), 2, 12, 3.9 * len(mine))
    for row, (cell, grid), (panel, individuals, steps) in zip(axes, mine, PAPER, strict=False):
        _map(row[0], grid, *cell, "here")
        points = published.points(panel)
        _map(
            row[1],
            pd.DataFrame(points["accuracy"], points["subset"], points["steps"]),
            individuals,
            steps,
            "paper",
        )
    return fig
