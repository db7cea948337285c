"""Power law, celebrities and warm-up in a short training run: Figures G, H and I of the paper as one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import (
    MissingExperimentError,
    best_setting,
    experiment,
    families,
    in_cell,
    uniform_like,
)
from pipeline.findings.statistics import Interval
from pipeline.findings.time_axis import time_axis
from pipeline.paper import published
from pipeline.tables.read import Tables

PAPER_STEPS = 8_000


@dataclass(frozen=True)
class Panel:
    """A row of the figure: runs of a family that differ in `varied`; `kept` stays at its best value."""

    family: str
    varied: str
    kept: str | None
    paper: str
    title: Callable[[float], str]


PANELS = (
    Panel("power_law", "alpha", None, "G", lambda _: "Power law, exponent α"),
    Panel("celebrities", "count", "weight", "H_n", lambda w: f"Celebrities of weight {w:g},\nnumber"),
    Panel("celebrities", "weight", "count", "H_w", lambda n: f"{numbers.short(n)} celebrities,\nweight"),
    Panel(
        "warm_up", "subset", "warm_up_steps", "I_indiv", lambda s: f"Warm-up of {s:,.0f} steps,\nindividuals"
    ),
    Panel(
        "warm_up", "warm_up_steps", "subset", "I_steps", lambda n: f"Warm-up on {numbers.short(n)},\nsteps"
    ),
)
FAMILIES = tuple(dict.fromkeys(panel.family for panel in PANELS))


def paper_uniform() -> published.Curve:
    return published.curve("G", "0.0")


@dataclass(frozen=True)
class Cell:
    """One (individuals, steps) that all families share; `families` maps each to its non-uniform runs, of
    any experiment."""

    individuals: int
    steps: int
    uniform: pd.DataFrame
    families: dict[str, pd.DataFrame]

    @property
    def uniform_ratio(self) -> float:
        """Final loss of uniform training, as a multiple of the baseline (geometric mean over seeds)."""
        return Interval.geometric(self.uniform.loss_over_b).centre


def cell(tables: Tables) -> Cell:
    """The shared cell whose uniform runs end nearest to the paper's, on a logarithmic scale."""
    named = [experiment(tables, family) for family in FAMILIES]
    shared = set.intersection(*(set(zip(r.individuals, r.steps, strict=True)) for r in named))
    every = families(tables)
    rows = {family: every[every.distribution == family] for family in FAMILIES}
    cells = []
    for individuals, steps in sorted(shared):
        here = {family: in_cell(r, (individuals, steps)) for family, r in rows.items()}
        uniform = uniform_like(tables, pd.concat(here.values()))
        if not uniform.empty and not any(runs.empty for runs in here.values()):
            cells.append(Cell(individuals, steps, uniform, here))
    if not cells:
        raise MissingExperimentError(
            f"{', '.join(FAMILIES)} and uniform runs share no (individuals, steps); give them one in common"
        )
    target = paper_uniform().relative()[-1]
    return min(cells, key=lambda c: abs(np.log(c.uniform_ratio / target)))


def panels(here: Cell) -> list[tuple[Panel, str, pd.DataFrame]]:
    """Panels with at least two values of their parameter (one panel a family in any case)."""
    found: dict[str, list[tuple[Panel, str, pd.DataFrame]]] = {family: [] for family in FAMILIES}
    for panel in PANELS:
        rows = here.families[panel.family]
        kept = np.nan
        if panel.kept:
            kept = best_setting(rows)[panel.kept].iloc[0]
            rows = rows[rows[panel.kept] == kept]
        found[panel.family].append((panel, panel.title(kept), rows))
    out = []
    for entries in found.values():
        several = [entry for entry in entries if entry[2][entry[0].varied].nunique() > 1]
        out += several or entries[:1]
    return out


def facts(tables: Tables) -> dict[str, str]:
    here, paper = cell(tables), paper_uniform()
    return {
        "individuals": f"{here.individuals:,}",
        "steps": f"{here.steps:,}",
        "paper_ratio": f"{paper.relative()[-1]:.2f}",
        "uniform_ratio": f"{here.uniform_ratio:.2g}",
        "time": time_axis(here.uniform, paper).sentence,
        "seeds": averages.seeds_sentence(*here.families.values()),
    }


def draw(tables: Tables) -> Figure:
    here, paper = cell(tables), paper_uniform()
    time = time_axis(here.uniform, paper)
    rows = panels(here)
    final = published.points("J_steps_accuracy")
    at = list(final["steps"]).index(PAPER_STEPS)
    fig, axes = style.new_figure(len(rows), 2, 11.5, 1.2 + 2.6 * len(rows), sharex=True)
    for axes_row, (panel, title, runs) in zip(axes, rows, strict=True):
        settings = [(f"{value:g}", one) for value, one in runs.groupby(panel.varied)]
        tints = style.colours(runs[panel.varied])
        lines: list[tuple[str, Any, pd.DataFrame]] = [("uniform", style.BLACK, here.uniform)]
        lines += [(label, tints[one[panel.varied].iloc[0]], one) for label, one in settings]
        name = min(published.names(panel.paper), key=lambda n: published.curve(panel.paper, n).values[-1])
        for ax, measure in zip(axes_row, ("loss", "accuracy"), strict=True):
            for label, colour, one in lines:
                steps, mean = averages.mean_curve(tables, one, "known", measure)
                style.draw_average(ax, steps / time.unit, mean, color=colour, label=label)
            for label, curve, family, grey in (
                ("paper, uniform", paper, "uniform", "0.62"),
                (f"paper, best: {name}", published.curve(panel.paper, name), panel.family, style.PAPER),
            ):
                if measure == "loss":
                    style.draw_paper(ax, curve.steps / time.paper, curve.relative(), color=grey, label=label)
                else:
                    x = curve.steps[-1] / time.paper
                    ax.plot(x, final[family][at], "D", color=grey, gid="paper", label=f"{label}, final")
            style.measure_axis(ax, measure)
        for ax in axes_row:
            ax.set_xlabel(time.label)
            ax.xaxis.label.set_visible(ax in axes[-1])
        _legend(axes_row, title)
    return fig


def _legend(axes_row: np.ndarray, title: str) -> None:
    """One legend a row: all lines of the loss panel, which has the paper's curves too."""
    handles, labels = axes_row[0].get_legend_handles_labels()
    final = Line2D([], [], marker="D", linestyle="", color=style.PAPER)
    legend = axes_row[1].legend(
        [*handles, final],
        [*labels, "paper, final accuracy"],
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.03, 1.05),
        borderaxespad=0,
        alignment="left",
        labelspacing=0.3,
    )
    legend.get_title().set_fontweight("bold")
