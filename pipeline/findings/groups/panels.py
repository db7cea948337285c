"""Figures of groups of people that come in turn: each group over the whole run, as the paper draws them."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.findings.groups.schedule import switches
from pipeline.paper import published
from pipeline.tables.read import Tables

PAPER_STEPS = 16_000
# Numbers of groups in Figures S and T, of visits in Figure V.
PANELS = ("S_4", "S_8", "S_16", "T_4", "T_8", "T_16", "V_2", "V_4", "V_8")
_NAMES = {"loss": "loss", "accuracy": "acc"}  # of measures in the names of its panels


def mark_switches(ax: Axes, rows: pd.DataFrame) -> None:
    """Grey lines where the next group takes over, on an axis of shares of the run, which they label."""
    for share in switches(rows):
        ax.axvline(share, color="0.85", linewidth=0.8, zorder=0.5)
    ax.set(xlim=(0, 1), xlabel=f"share of the run ({rows.steps.iloc[0]:,} steps)")


def _colour(group: int, groups: int, alternating: bool) -> Any:
    """By the order in which they come; two that alternate have none."""
    if alternating:
        return (style.BLUE, style.RED)[group - 1]
    return style.SEQUENTIAL((group - 1) / (groups - 1))


def _draw_paper(ax: Axes, panel: str, measure: str, alternating: bool = False) -> None:
    """Loss or accuracy of each group over the paper's run."""
    names = published.names(f"{panel}_{_NAMES[measure]}")
    for k, name in enumerate(names, 1):
        curve = published.curve(f"{panel}_{_NAMES[measure]}", name)
        colour = _colour(k, len(names), alternating)
        style.draw_paper(ax, curve.steps / curve.steps[-1], curve.relative(measure), color=colour, label="_")


def _draw_measure(ax: Axes, tables: Tables, rows: pd.DataFrame, measure: str, panel: str | None) -> None:
    """Loss or accuracy of each group over the run; `panel`: the paper's, if it has one."""
    groups = int(rows.groups.iloc[0])
    alternating = groups == 2 and bool((rows.repeats > 1).all())
    if panel:
        _draw_paper(ax, panel, measure, alternating)
    for k in range(1, groups + 1):
        steps, mean = averages.mean_curve(tables, rows, f"group-{k}", measure)
        # Names for those that a reader looks for; the others lie between them in colour.
        named = {1: "first group", groups: "last group"}.get(k, "_")
        width = 1.8 if groups < 6 else 1.3
        colour = _colour(k, groups, alternating)
        style.draw_average(ax, steps / steps[-1], mean, color=colour, label=named, linewidth=width)
    mark_switches(ax, rows)
    style.measure_axis(ax, measure)


def _paper_highest(panel: str) -> float:
    """The highest accuracy on any group at the end."""
    name = f"{panel}_acc"
    return max(published.curve(name, group).values[-1] for group in published.names(name))


def _draw_beside(column: NDArray[Any], panel: str) -> None:
    """The paper's loss and accuracy in two panels of their own."""
    groups = len(published.names(f"{panel}_loss"))
    steps = int(published.curve(f"{panel}_loss", "group-1").steps[-1])
    for ax, measure in zip(column, _NAMES, strict=True):
        _draw_paper(ax, panel, measure)
        mark_switches(ax, pd.DataFrame({"groups": [groups], "repeats": [1], "steps": [steps]}))
        style.measure_axis(ax, measure)
    column[0].set_title(f"{groups} groups (paper)", loc="left", fontweight="bold")


@dataclass(frozen=True)
class InTurn:
    """A figure of one experiment: loss above accuracy, a column for each setting, or side by side where there
    is one; with the paper's curves where its figure has any of that setting.

    letter: of the paper's figure. varied: what the settings differ in, which `title` quotes. beside: those
    of the paper's that are drawn beside ours, where groups are too many to share a panel.
    """

    experiment: str
    letter: str
    varied: str = "groups"
    title: str = "{} groups"
    beside: str = ""

    def _settings(self, tables: Tables) -> list[tuple[int, pd.DataFrame]]:
        """Value and runs of each setting, ascending."""
        rows = experiment(tables, self.experiment)
        return [(int(value), runs) for value, runs in rows.groupby(self.varied)]

    def facts(self, tables: Tables) -> dict[str, str]:
        """Those of the last setting, where settings differ."""
        shown = self._settings(tables)
        rows = shown[-1][1]
        first, groups = rows.iloc[0], int(rows.groups.iloc[0])
        names = [f"group-{k}" for k in range(1, groups + 1)]
        final = [tables.curve(run, name).accuracy.iloc[-1] for run in rows.run for name in names]
        seeds = averages.seeds_sentence(*(runs for _, runs in shown))
        return {
            "individuals": f"{first.individuals:,}",
            "groups": f"{groups}",
            "size": f"{first.individuals // groups:,}",
            "steps": f"{first.steps:,}",
            "paper_steps": f"{PAPER_STEPS:,}",
            "rate": f"{first.learning_rate:g}",
            "highest": f"{max(final):.2g}",
            "seeds": seeds,
        } | ({"paper_highest": f"{_paper_highest(self.beside):.2g}"} if self.beside else {})

    def draw(self, tables: Tables) -> Figure:
        shown = self._settings(tables)
        panels = [
            panel if panel in PANELS else None for panel in (f"{self.letter}_{value}" for value, _ in shown)
        ]
        columns = len(shown) + bool(self.beside)
        alone = columns == 1
        size = (1, 2, 12, 5) if alone else (2, columns, max(12, 4.8 * columns), 7.6)
        fig, axes = style.new_figure(*size, sharey=False if alone else "row")
        if self.beside:
            _draw_beside(axes[:, -1], self.beside)
        for column, (value, rows), panel in zip(axes if alone else axes.T, shown, panels, strict=False):
            for ax, measure in zip(column, _NAMES, strict=True):
                _draw_measure(ax, tables, rows, measure, panel)
            column[0].set_title(self.title.format(value), loc="left", fontweight="bold")
        if any(panels) or self.beside:
            style.paper_entry(axes[0, 0], "paper")
        style.legend_of_all(fig, axes[0, 0])
        return fig
