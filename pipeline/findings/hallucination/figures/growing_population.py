"""Figure GR: knowledge and hallucination in a population that grows while it is learned."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.tables.read import Tables

MEASURES = {
    "loss": "attribute loss / baseline",
    "accuracy": "attribute accuracy",
    "max_probability": "maximum probability",
}


def _additions(rows: pd.DataFrame) -> list[int]:
    """Steps at which people join."""
    until, stages = (int(rows[column].iloc[0]) for column in ("until", "stages"))
    return [k * until // stages for k in range(1, stages + 1)]


def _groups(rows: pd.DataFrame) -> dict[str, tuple[str, Any]]:
    """Label and colour of each group of people."""
    joined = _additions(rows)
    looks: dict[str, tuple[str, Any]] = {"group-1": ("people from the start", style.BLUE)}
    for k, step in enumerate(joined, 1):
        looks[f"group-{k + 1}"] = (f"joined at step {step:,}", style.SEQUENTIAL(0.4 + 0.6 * k / len(joined)))
    return looks | {"new": ("never-seen people", style.RED)}


def facts(tables: Tables) -> dict[str, str]:
    rows = averages.experiment(tables, "growing")
    return {
        "subset": f"{int(rows.subset.iloc[0]):,}",
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "seeds": f"Not drawn in the paper. {averages.seeds_sentence(rows)}",
    }


def draw(tables: Tables) -> Figure:
    rows = averages.experiment(tables, "growing")
    fig, axes = style.new_figure(1, len(MEASURES), 14, 5)
    for ax, (measure, ylabel) in zip(axes[0], MEASURES.items(), strict=True):
        loss = measure == "loss"
        for group, (label, colour) in _groups(rows).items():
            steps, values = averages.seed_curves(tables, rows, group, measure)
            mean = averages.average(values / (rows.baseline.iloc[0] if loss else 1), log=loss)
            style.draw_average(ax, steps, mean, color=colour, label=label)
        for step in _additions(rows):
            ax.axvline(step, color=style.GREY, linewidth=1, zorder=1)
        ax.set(xlabel="training step", ylabel=ylabel)
        if loss:
            style.baseline(ax)
            style.plain_log(ax)
        else:
            ax.set_ylim(-0.03, 1.03)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return fig
