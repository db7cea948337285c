"""Knowledge and hallucination in a population that grows while it is learned."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.findings.groups.schedule import additions
from pipeline.tables.read import Tables

MEASURES = ("loss", "accuracy", "max_probability")


def _groups(rows: pd.DataFrame) -> dict[str, tuple[str, Any]]:
    """Label and colour of each group of people."""
    joined = additions(rows)
    looks: dict[str, tuple[str, Any]] = {"group-1": ("people from the start", style.BLUE)}
    for k, step in enumerate(joined, 1):
        looks[f"group-{k + 1}"] = (f"joined at step {step:,}", style.SEQUENTIAL(0.4 + 0.6 * k / len(joined)))
    return looks | {"new": ("never-seen people", style.RED)}


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "growing")
    return {
        "subset": f"{int(rows.subset.iloc[0]):,}",
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "seeds": f"Not drawn in the paper. {averages.seeds_sentence(rows)}",
    }


def draw(tables: Tables) -> Figure:
    rows = experiment(tables, "growing")
    fig, axes = style.new_figure(1, len(MEASURES), 14, 5)
    for ax, measure in zip(axes[0], MEASURES, strict=True):
        for group, (label, colour) in _groups(rows).items():
            steps, mean = averages.mean_curve(tables, rows, group, measure)
            style.draw_average(ax, steps, mean, color=colour, label=label)
        for step in additions(rows):
            ax.axvline(step, color=style.GREY, linewidth=1, zorder=1)
        ax.set_xlabel("training step")
        style.measure_axis(ax, measure)
    style.legend_of_all(fig, axes[0, 0])
    return fig
