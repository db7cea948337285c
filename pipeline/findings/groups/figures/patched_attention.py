"""Figure W: everyone is learned with the attention of a run on groups, or on everyone, patched in."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.averages import Array
from pipeline.findings.groups.panels import HELD_BACK, boundaries
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

REFERENCES = {
    "sequential_patching": ("a run on groups", style.GREEN, "D-"),
    "patching": ("a run on everyone", style.BLUE, "o-"),
}


def _base(tables: Tables) -> pd.DataFrame:
    """The runs on groups whose attention is patched in."""
    return tables.runs[tables.runs.run.isin(averages.experiment(tables, "sequential_patching").base)]


def _from_the_start(tables: Tables, name: str) -> pd.DataFrame:
    rows = averages.experiment(tables, name)
    return _measured(rows[rows.start == 0])


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    """A run that stays on its plateau counts as its length, a lower bound."""
    return rows.assign(end=rows.plateau_end.fillna(rows.steps), loss=rows.known_loss / rows.baseline)


def facts(tables: Tables) -> dict[str, str]:
    shown = [runs for name in REFERENCES for _, runs in _from_the_start(tables, name).groupby("reference")]
    base = _base(tables)
    groups = int(base.groups.iloc[0])
    return {
        "groups": f"{groups}",
        "window": f"{base.steps.iloc[0] / groups:,.0f}",
        "seeds": averages.seeds_sentence(*shown, averages.experiment(tables, "attention")) + HELD_BACK,
    }


def _root(t: Array) -> Array:
    """Odd, so that there is room to the left of step 0."""
    return np.sign(t) * np.sqrt(np.abs(t))


def _against_the_reference(ax: Axes, tables: Tables, column: str) -> None:
    unpatched = _measured(averages.experiment(tables, "attention"))
    for name, (label, colour, marker) in REFERENCES.items():
        by_reference = _from_the_start(tables, name).groupby("reference")
        means = [averages.average(runs[column].to_numpy(), log=True) for _, runs in by_reference]
        centre = np.array([m.centre for m in means])
        bars = [
            np.nan_to_num([m.centre - m.low for m in means]),
            np.nan_to_num([m.high - m.centre for m in means]),
        ]
        look: dict[str, Any] = {
            "fmt": marker,
            "color": colour,
            "capsize": 3,
            "label": f"attention of {label}",
        }
        ax.errorbar(list(by_reference.groups), centre, yerr=bars, **look)
    ax.axhline(Interval.geometric(unpatched[column]).centre, color=style.BLACK, label="not patched")
    base = _base(tables)
    for share in boundaries(base):
        ax.axvline(share * base.steps.iloc[0], color="0.85", linewidth=0.8, zorder=0.5)
    ax.set_xscale("function", functions=(_root, lambda s: np.sign(s) * np.square(s)))
    steps = sorted(
        {
            *_from_the_start(tables, "patching").reference,
            *_from_the_start(tables, "sequential_patching").reference,
        }
    )
    ax.set_xticks(steps, [averages.short(s) for s in steps])
    ax.set_xlim(left=-steps[-1] / 2000)
    ax.set_xlabel("attention of step (√ axis)")


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 2, 12, 5.2)
    left, right = axes[0]
    _against_the_reference(left, tables, "end")
    left.set_ylabel("end of the plateau (steps)")
    left.set_ylim(bottom=0)
    _against_the_reference(right, tables, "loss")
    style.plain_log(right)
    right.set_ylabel("final loss / baseline")
    handles, labels = left.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return fig
