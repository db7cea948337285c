"""The best setting of each family of distributions, by number of individuals and of steps."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.averages import Array
from pipeline.findings.cells import best_setting, families, in_cell, plateau_shares
from pipeline.findings.distributions.panels import BEST, draw_best
from pipeline.findings.statistics import Interval
from pipeline.paper import published
from pipeline.paper.units import PEOPLE, STEPS
from pipeline.tables.read import Tables


@dataclass(frozen=True)
class Line:
    """Cells along one axis. hardness: share of the run that the uniform plateau takes, by cell; a run that
    stays on it counts as 1. label: of a cell, by (individuals, steps)."""

    rows: pd.DataFrame
    hardness: dict[tuple[int, int], float]
    label: str
    title: str
    paper: tuple[Array, dict[str, dict[str, Array]]]


def _most_varied(rows: pd.DataFrame, fixed: str, varied: str) -> pd.DataFrame:
    """Those at the value of `fixed` for which all families together have the most values of `varied`."""
    count = rows.groupby(fixed)[varied].nunique()
    return rows[rows[fixed] == count.idxmax()]


def _paper(axis: str) -> tuple[Array, dict[str, dict[str, Array]]]:
    """Hardness of the paper's cells, and measure -> family -> values."""
    ends = published.points("4_left")
    at_steps, accuracy = published.points("J_steps_loss"), published.points("J_steps_accuracy")
    if axis == "individuals":
        losses, accuracy = published.points("4_right"), published.points("J_accuracy")
        end = dict(zip(ends["individuals"], ends["plateau_end"][:, 0], strict=True))
        hardness = np.array([end[n] for n in losses["individuals"]]) / STEPS
    else:
        losses = at_steps
        row = list(ends["individuals"]).index(PEOPLE)
        hardness = ends["plateau_end"][row, 0] / losses["steps"]
    relative = {family: losses[family] / published.baseline() for family in BEST}
    return hardness, {"loss": relative, "accuracy": {family: accuracy[family] for family in BEST}}


def lines(tables: Tables) -> list[Line]:
    """Over individuals at one number of steps, and over steps at one number of individuals."""
    rows = families(tables)
    # The number of steps, and of individuals, at which every family was trained.
    every = rows.groupby(["individuals", "steps"]).distribution.nunique()
    whole = rows.set_index(["individuals", "steps"]).index.isin(every[every == every.max()].index)
    rows = rows[whole]
    found = []
    for fixed, varied, label, title in (
        ("steps", "individuals", "N={0:,}", "By individuals, {:,} steps"),
        ("individuals", "steps", "{1:,} steps", "By steps, {:,} individuals"),
    ):
        part = _most_varied(rows, fixed, varied)
        title = title.format(part[fixed].iloc[0])
        hardness = plateau_shares(part[part.distribution == "uniform"])
        found.append(Line(part, hardness, label, title, _paper(varied)))
    return found


def facts(tables: Tables) -> dict[str, str]:
    by_people, by_steps = lines(tables)
    return {
        "steps": f"{by_people.rows.steps.iloc[0]:,}",
        "individuals": f"{by_steps.rows.individuals.iloc[0]:,}",
        "paper_individuals": f"{PEOPLE:,}",
        "paper_steps": f"{STEPS:,}",
        "seeds": averages.seeds_sentence(by_people.rows, by_steps.rows),
    }


def _draw(ax: Axes, line: Line, measure: str) -> None:
    loss = measure == "loss"
    cells = sorted(line.hardness, key=lambda cell: line.hardness[cell])
    x = np.array([line.hardness[cell] for cell in cells])
    hardness, paper = line.paper
    order = np.argsort(hardness)
    for family in BEST:
        runs = [in_cell(line.rows[line.rows.distribution == family], cell) for cell in cells]
        best = [best_setting(rows) if len(rows) else rows for rows in runs]
        if loss:
            means = [Interval.geometric(rows.loss_over_b) for rows in best]
        else:
            means = [Interval.mean(rows.known_accuracy) for rows in best]
        draw_best(ax, x, means, family)
        y = paper[measure][family][order]
        style.draw_paper(ax, hardness[order], y, color=style.FAMILIES[family], label="_")
    style.paper_entry(ax, "paper")
    if loss:
        style.baseline(ax)
    style.plain_log(ax, "xy" if loss else "x")
    for cell, at in zip(cells, x, strict=True):
        text = line.label.format(*cell)
        ax.annotate(text, (at, 1), xycoords=("data", "axes fraction"), ha="center", fontsize=8, color="0.35")
    ax.set(
        xlabel="share of the run on the plateau, uniform",
        ylabel="final loss / baseline" if loss else "final accuracy",
    )


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 2, 12, 8.4, sharex="col", sharey="row")
    for column, line in zip(axes.T, lines(tables), strict=True):
        for ax, measure in zip(column, ("loss", "accuracy"), strict=True):
            _draw(ax, line, measure)
        column[0].set_title(line.title, loc="left", fontweight="bold", pad=18)
        for ax in column:
            ax.tick_params(labelbottom=True, labelleft=True)
    style.legend_of_all(fig, axes[0, 0])
    return fig
