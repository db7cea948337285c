"""Patched runs by the age of their reference, beside the paper's."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import experiment, of_any
from pipeline.findings.time_axis import TimeAxis, time_axis
from pipeline.paper import published
from pipeline.tables.read import Tables


@dataclass(frozen=True)
class Patches:
    """rows: patched runs. unpatched: their bases. time: the common axis, which ages are counted in too."""

    rows: pd.DataFrame
    unpatched: pd.DataFrame
    time: TimeAxis

    @classmethod
    def of(cls, tables: Tables, *experiments: str) -> "Patches":
        """Runs of those of the experiments that have any."""
        unpatched = experiment(tables, "attention")
        time = time_axis(unpatched)
        return cls(of_any(tables, experiments).drop_duplicates("run"), unpatched, time)

    def colour(self, age: float) -> tuple:
        """Equal ages, equal colours, here and in the paper; the oldest is the paper's."""
        oldest = max(self.rows.reference.max() / self.time.unit, 16_000 / self.time.paper)
        # Linear near 0, where a logarithm has no place for the initial weights.
        return style.SEQUENTIAL(float(np.arcsinh(age / 0.1) / np.arcsinh(oldest / 0.1)))

    def ages(self, steps: pd.Series | np.ndarray) -> list[str]:
        """Labels of rows and columns of a map, or of lines: step and age."""
        return [f"{numbers.short(s)} ({s / self.time.unit:.2g})" for s in steps]


def draw_losses(ax: Axes, tables: Tables, patches: Patches, rows: pd.DataFrame, panel: str) -> None:
    """Loss over time of patched runs, one line a reference, between those of unpatched runs."""
    time = patches.time
    for name in published.names(panel):
        paper = published.curve(panel, name)
        step = published.number(name)
        # Figure D's last is never frozen, our black line.
        colour = (
            style.BLACK if (panel, name) == ("D_mid_freeze", "16k") else patches.colour(step / time.paper)
        )
        style.draw_paper(ax, paper.steps / time.paper, paper.relative(), color=colour, label="_")
    lines: list[tuple[str, Any, pd.DataFrame]] = [("never", style.BLACK, patches.unpatched)]
    for step, runs in rows.groupby("reference"):
        lines.append((patches.ages([step])[0], patches.colour(step / time.unit), runs))
    for label, colour, runs in lines:
        steps, mean = averages.mean_curve(tables, runs, "known", "loss")
        style.draw_average(ax, steps / time.unit, mean, color=colour, label=label)
        if steps[0] > 0:
            ax.plot(steps[0] / time.unit, mean.centre[0], "o", color=colour, markersize=5)
    style.paper_entry(ax, "paper")
    style.measure_axis(ax, "loss")
    ax.set_xlabel(time.label)
