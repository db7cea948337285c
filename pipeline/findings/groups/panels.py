"""What Figures S, T, U and V share: groups of people that come in turn, each over the whole run."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.paper import published
from pipeline.tables.read import Tables

PAPER_STEPS = 16_000
# Numbers of groups in Figure S, of visits in Figure V.
PANELS = ("S_4", "S_8", "S_16", "V_2", "V_4", "V_8")
# In the picture itself, where the paper has curves that are not shown.
HELD_BACK = " The paper's curves are held back."


def settings(tables: Tables, experiment: str, column: str) -> list[tuple[int, pd.DataFrame]]:
    """Runs of an experiment by `column` ("groups" or "repeats"), ascending; one run a seed."""
    rows = averages.experiment(tables, experiment)
    return [(int(value), runs) for value, runs in rows.groupby(column)]


def boundaries(rows: pd.DataFrame) -> np.ndarray:
    """Where the next group takes over, as shares of the run."""
    count = int(rows.groups.iloc[0] * rows.repeats.iloc[0])
    return np.arange(1, count) / count


def mark_switches(ax: Axes, rows: pd.DataFrame) -> None:
    for share in boundaries(rows):
        ax.axvline(share, color="0.85", linewidth=0.8, zorder=0.5)


def _colour(group: int, groups: int, alternating: bool) -> Any:
    """By the order in which they come; two that alternate have none."""
    if alternating:
        return (style.BLUE, style.RED)[group - 1]
    return style.SEQUENTIAL((group - 1) / (groups - 1))


def _paper(ax: Axes, panel: str, loss: bool, alternating: bool) -> None:
    names = published.names(panel)
    for k, name in enumerate(names, 1):
        curve = published.curve(panel, name)
        y = curve.values / (published.baseline() if loss else 1.0)
        style.draw_paper(
            ax, curve.steps / curve.steps[-1], y, color=_colour(k, len(names), alternating), label="_"
        )


def draw_measure(ax: Axes, tables: Tables, rows: pd.DataFrame, measure: str, panel: str | None) -> None:
    """Loss or accuracy of each group over the run; `panel`: the paper's, if it has one."""
    groups, loss = int(rows.groups.iloc[0]), measure == "loss"
    alternating = groups == 2 and bool((rows.repeats > 1).all())
    if panel:
        _paper(ax, panel, loss, alternating)
    for k in range(1, groups + 1):
        steps, values = averages.seed_curves(tables, rows, f"group-{k}", measure)
        if loss:
            values = values / rows.baseline.iloc[0]
        # Names for those that a reader looks for; the others lie between them in colour.
        named = {1: "first group", groups: "last group"}.get(k, "_")
        look = {
            "color": _colour(k, groups, alternating),
            "label": named,
            "linewidth": 1.8 if groups < 6 else 1.3,
        }
        style.draw_average(ax, steps / steps[-1], averages.average(values, log=loss), **look)
    mark_switches(ax, rows)
    if loss:
        style.baseline(ax)
        style.plain_log(ax)
    else:
        ax.set_ylim(-0.03, 1.03)
    ax.set(xlim=(0, 1), xlabel=f"share of the run ({rows.steps.iloc[0]:,} steps)")
    ax.set_ylabel("attribute loss / baseline" if loss else "attribute accuracy")


def draw(tables: Tables, shown: list[tuple[int, pd.DataFrame]], figure: str, title: str) -> Figure:
    """Loss above accuracy, a column for each setting of `shown` (value, runs), or side by side where there is
    one; with the paper's curves where `figure` (its letter) has any of that value. `title` quotes it."""
    panels = [panel if panel in PANELS else None for panel in (f"{figure}_{value}" for value, _ in shown)]
    alone = len(shown) == 1
    size = (1, 2, 12, 5) if alone else (2, len(shown), 4.8 * len(shown), 7.6)
    fig, axes = style.new_figure(*size, sharey=False if alone else "row")
    for column, (value, rows), panel in zip(axes if alone else axes.T, shown, panels, strict=True):
        for ax, measure, name in zip(column, ("loss", "accuracy"), ("loss", "acc"), strict=True):
            draw_measure(ax, tables, rows, measure, panel and f"{panel}_{name}")
        column[0].set_title(title.format(value), loc="left", fontweight="bold")
    if any(panels):
        style.paper_entry(axes[0, 0], "paper")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return fig
