"""Old facts against exposures of the new people, by their number and by the steps between two exposures."""

import itertools

import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import experiment
from pipeline.tables.read import Tables

LINES = ("-", ":", "--", "-.")


def cells(tables: Tables) -> list[tuple[float, float, pd.DataFrame]]:
    """New people, steps from one exposure of a new person to the next, and the runs."""
    rows = experiment(tables, "exposures")
    return [(new, every, runs) for (new, every), runs in rows.groupby(["new", rows.new / rows.batch])]


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "exposures")
    return {
        "rate": f"{rows.learning_rate.iloc[0]:g}",
        "seeds": f"{averages.seeds_sentence(rows)} The paper varies sizes at one batch.",
    }


def draw(tables: Tables) -> Figure:
    found = cells(tables)
    colours = style.colours([every for _, every, _ in found], log=True)
    lines = dict(zip(sorted({new for new, _, _ in found}), itertools.cycle(LINES), strict=False))
    fig, axes = style.new_figure(1, 2, 11, 4.6, sharey=True)
    for ax, group, people in zip(axes[0], ("known", "new"), ("old", "new"), strict=True):
        for new, every, runs in found:
            steps, mean = averages.mean_curve(tables, runs, group, "accuracy")
            label = f"{numbers.short(new)} new, every {every:g} steps"
            style.draw_average(
                ax, steps / every, mean, color=colours[every], linestyle=lines[new], label=label
            )
        ax.set(xlabel="exposures of a new person", ylabel=f"accuracy on {people} facts")
        style.share_axis(ax)
    style.legend_of_all(fig, axes[0, 0])
    return fig
