"""A population that grows, in place of a warm-up and a switch."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import MissingExperimentError, experiment, uniform_like
from pipeline.findings.distributions.curricula import (
    best_warm_up,
    gain,
    gain_again,
    ways_to_adapt,
    ways_to_grow,
)
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables


def schedules(tables: Tables) -> dict[str, list[tuple[str, pd.DataFrame]]]:
    """Label and runs of each schedule, by its family."""
    rows, warm = experiment(tables, "curricula"), best_warm_up(tables)
    if warm.empty:
        raise MissingExperimentError("warm_up has no runs of as many people and steps as curricula")
    label = "from {subset:,.0f}, by {by:,.0f} until {until:,.0f}"
    return {
        "uniform": [("everyone", uniform_like(tables, rows))],
        "warm_up": [(f"{warm.subset.iloc[0]:,.0f}, everyone from {warm.warm_up_steps.iloc[0]:,.0f}", warm)],
        "growing": [
            (label.format(by=(one.individuals - one.subset) / one.stages, **one[["subset", "until"]]), runs)
            for runs in ways_to_grow(tables)
            for one in [runs.iloc[0]]
        ],
        "adaptive": [
            (f"from {one.subset:,.0f}, doubled below {one.known:g} b", runs)
            for runs in ways_to_adapt(tables)
            for one in [runs.iloc[0]]
        ],
    }


def facts(tables: Tables) -> dict[str, str]:
    rows = pd.concat([runs for _, runs in schedules(tables)["growing"]])
    again, told = gain_again(tables), "not tried on others"
    if len(again):
        told = f"{Interval.mean(again):.2f} on {len(again)} others"
    return {
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "gain": f"{Interval.mean(gain(tables)):.2f}",
        "again": told,
        "seeds": f"Not in the paper. {averages.seeds_sentence(tables.of('curricula'))}",
    }


def draw(tables: Tables) -> Figure:
    shown = schedules(tables)
    colours: dict[str, list[Any]] = {name: [style.FAMILIES[name]] for name in ("uniform", "warm_up")}
    colours["growing"] = [style.SEQUENTIAL(x) for x in np.linspace(0, 0.45, len(shown["growing"]))]
    colours["adaptive"] = [style.SEQUENTIAL(x) for x in np.linspace(0.6, 0.95, len(shown["adaptive"]))]
    lines = [
        (label, runs, colour)
        for name, parts in shown.items()
        for (label, runs), colour in zip(parts, colours[name], strict=True)
    ]
    fig, axes = style.new_figure(1, 2, 13, 5)
    left, right = axes[0]
    for at, (label, runs, colour) in enumerate(lines):
        steps, mean = averages.mean_curve(tables, runs, "known", "accuracy")
        style.draw_average(left, steps, mean, color=colour, label=label)
        final = Interval.mean(runs.known_accuracy)
        style.error_bars(right, [at], [final], horizontal=True, fmt="o", color=colour)
        right.plot(runs.known_accuracy, [at] * len(runs), ".", color=colour, alpha=0.4)
    style.share_axis(left)
    left.set(xlabel="training step", ylabel="attribute accuracy on everyone")
    style.legend_above(left, "Trained on")
    right.set_yticks(range(len(lines)), [label for label, *_ in lines])
    right.invert_yaxis()
    right.set(xlabel="final attribute accuracy", ylabel="trained on")
    return fig
