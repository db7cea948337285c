"""What Figures 3 and D share: patched runs by the age of their reference, beside the paper's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.findings import averages, style
from pipeline.paper import published
from pipeline.tables.read import Tables


@dataclass(frozen=True)
class Patches:
    """rows: patched runs. unpatched: their bases. time: the common axis, which ages are counted in too."""

    rows: pd.DataFrame
    unpatched: pd.DataFrame
    time: averages.TimeAxis

    @classmethod
    def of(cls, tables: Tables) -> "Patches":
        unpatched = averages.experiment(tables, "attention")
        time = averages.time_axis(unpatched)
        return cls(averages.experiment(tables, "patching"), unpatched, time)

    def colour(self, age: float) -> tuple:
        """Equal ages, equal colours, here and in the paper; the oldest is the paper's."""
        oldest = max(self.rows.reference.max() / self.time.unit, 16_000 / self.time.paper)
        # Linear near 0, where a logarithm has no place for the initial weights.
        return style.SEQUENTIAL(float(np.arcsinh(age / 0.1) / np.arcsinh(oldest / 0.1)))

    def ages(self, steps: pd.Series | np.ndarray) -> list[str]:
        """Labels of rows and columns of a map, or of lines: step and age."""
        return [f"{averages.short(s)} ({s / self.time.unit:.2g})" for s in steps]


def paper_step(name: str) -> float:
    """ "16k" -> 16000."""
    return 1000 * float(name[:-1]) if name.endswith("k") else float(name)


def draw_losses(ax: Axes, tables: Tables, patches: Patches, rows: pd.DataFrame, panel: str) -> None:
    """Loss over time of patched runs, one line a reference, between those of unpatched runs."""
    time, b = patches.time, patches.unpatched.baseline.iloc[0]
    for name in published.names(panel):
        paper = published.curve(panel, name)
        step = paper_step(name)
        # Figure D's last is never frozen, our black line.
        colour = (
            style.BLACK if (panel, name) == ("D_mid_freeze", "16k") else patches.colour(step / time.paper)
        )
        y = paper.values / published.baseline()
        style.draw_paper(ax, paper.steps / time.paper, y, color=colour, label="_")
    lines: list[tuple[str, Any, pd.DataFrame]] = [("never", style.BLACK, patches.unpatched)]
    for step, runs in rows.groupby("reference"):
        lines.append((patches.ages([step])[0], patches.colour(step / time.unit), runs))
    for label, colour, runs in lines:
        steps, values = averages.seed_curves(tables, runs, "known", "loss")
        mean = averages.average(values / b, log=True)
        style.draw_average(ax, steps / time.unit, mean, color=colour, label=label)
        if steps[0] > 0:
            ax.plot(steps[0] / time.unit, mean.centre[0], "o", color=colour, markersize=5)
    style.paper_entry(ax, "paper")
    style.baseline(ax)
    style.plain_log(ax)
    ax.set(xlabel=time.label, ylabel="attribute loss / baseline")
