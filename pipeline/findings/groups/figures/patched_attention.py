"""Everyone is learned with the attention of a run on groups, or on everyone, patched in."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.averages import Array
from pipeline.findings.cells import censored_plateau_end, experiment
from pipeline.findings.groups.panels import PAPER_STEPS
from pipeline.findings.groups.schedule import switches, window_length
from pipeline.findings.statistics import Interval
from pipeline.paper import published
from pipeline.tables.read import Tables

REFERENCES = {
    "sequential_patching": ("a run on groups", style.GREEN, "D-", "W_groups"),
    "patching": ("a run on everyone", style.BLUE, "o-", "W_everyone"),
}


def _base(tables: Tables) -> pd.DataFrame:
    """The runs on groups whose attention is patched in."""
    return tables.runs[tables.runs.run.isin(experiment(tables, "sequential_patching").base)]


def _from_the_start(tables: Tables, name: str) -> pd.DataFrame:
    rows = experiment(tables, name)
    return rows[rows.start == 0]


def facts(tables: Tables) -> dict[str, str]:
    shown = [runs for name in REFERENCES for _, runs in _from_the_start(tables, name).groupby("reference")]
    base = _base(tables)
    groups = int(base.groups.iloc[0])
    return {
        "groups": f"{groups}",
        "paper_steps": f"{PAPER_STEPS:,}",
        "window": f"{window_length(base.iloc[0]):,.0f}",
        "seeds": averages.seeds_sentence(*shown, experiment(tables, "attention")),
    }


def _root(t: Array) -> Array:
    """Odd, so that there is room to the left of step 0."""
    return np.sign(t) * np.sqrt(np.abs(t))


def _against_the_reference(ax: Axes, tables: Tables, measure: Callable[[pd.DataFrame], pd.Series]) -> None:
    for name, (label, colour, marker, _) in REFERENCES.items():
        by_reference = _from_the_start(tables, name).groupby("reference")
        means = [Interval.geometric(measure(runs)) for _, runs in by_reference]
        look: dict[str, Any] = {"fmt": marker, "color": colour, "label": f"attention of {label}"}
        style.error_bars(ax, list(by_reference.groups), means, **look)
    unpatched = Interval.geometric(measure(experiment(tables, "attention")))
    ax.axhline(unpatched.centre, color=style.BLACK, label="not patched")
    base = _base(tables)
    for share in switches(base):
        ax.axvline(share * base.steps.iloc[0], color="0.85", linewidth=0.8, zorder=0.5)
    ax.set_xscale("function", functions=(_root, lambda s: np.sign(s) * np.square(s)))
    steps = sorted(
        {
            *_from_the_start(tables, "patching").reference,
            *_from_the_start(tables, "sequential_patching").reference,
        }
    )
    ax.set_xticks(steps, [numbers.short(s) for s in steps])
    ax.set_xlim(-steps[-1] / 2000, 1.03 * base.steps.iloc[0])
    ax.set_xlabel("attention of step (√ axis)")


def _paper(ax: Axes, steps: float) -> None:
    """The paper's final losses, at the same share of the run, which here takes so many `steps`."""
    for _, colour, marker, panel in REFERENCES.values():
        theirs = published.points(panel)
        at, loss = theirs["reference_step"] * steps / PAPER_STEPS, theirs["loss"] / published.baseline()
        style.draw_paper(ax, at, loss, color=colour, label="_")
        ax.plot(at, loss, marker[0], color=colour, markerfacecolor="white", zorder=1.9)


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 2, 12, 5.2)
    left, right = axes[0]
    _against_the_reference(left, tables, censored_plateau_end)
    left.set_ylabel("end of the plateau (steps)")
    left.set_ylim(bottom=0)
    _against_the_reference(right, tables, lambda runs: runs.loss_over_b)
    _paper(right, _base(tables).steps.iloc[0])
    style.plain_log(right)
    right.set_ylabel("final loss / baseline")
    style.paper_entry(left, "paper, at the same share of the run")
    style.legend_of_all(fig, left)
    return fig
