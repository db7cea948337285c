"""Three phases of learning, and the end of the plateau against the number of individuals."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment, numbers_of_people
from pipeline.findings.phases.scaling import LEAST_SIZES, escaped, paper_law, plateau_law
from pipeline.findings.statistics import Interval
from pipeline.findings.time_axis import time_axis
from pipeline.paper import published
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    rows, sizes = experiment(tables, "phases"), numbers_of_people(tables)
    mine, paper = plateau_law(sizes), paper_law()
    left, everyone = escaped(sizes).individuals.nunique(), sizes.individuals.nunique()
    sentence = f"No fit: {left} of {everyone} sizes left the plateau in every seed, {LEAST_SIZES} are needed."
    if mine:
        sentence = (
            f"Fit over the {left} of {everyone} sizes that left the plateau in every seed: "
            f"{mine.prefactor:.2g} N^{mine.exponent:.2f}, exponent {mine} (fits and interval over seeds), "
            f"R² {mine.r_squared.mean():.3f}."
        )
    return {
        "baseline": f"{rows.baseline.iloc[0]:.2f}",
        "paper_baseline": f"{published.baseline():.2f}",
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "time": time_axis(rows).sentence,
        "fit": sentence,
        "paper_exponent": str(paper),
        "paper_r_squared": f"{paper.r_squared.mean():.3f}",
        "seeds": averages.seeds_sentence(rows, *(runs for _, runs in sizes.groupby("individuals"))),
    }


def _scaling(ax: Axes, rows: pd.DataFrame) -> None:
    points, law, mine = published.points("2_right"), paper_law(), plateau_law(rows)
    for n, runs in escaped(rows).groupby("individuals"):
        ends = Interval.geometric(runs.plateau_end)
        ax.plot(
            [n] * len(runs), runs.plateau_end, "o", color=style.BLUE, markersize=3, alpha=0.45, linewidth=0
        )
        style.error_bars(ax, [n], [ends], fmt="o", color=style.BLUE, markersize=6)
    if mine:
        x = np.array([rows.individuals.min(), rows.individuals.max()], float)
        text = f"fit: exponent {mine},\nR² {mine.r_squared.mean():.3f}"
        ax.plot(x, mine(x), color=style.BLUE, label=text)
    else:
        ax.plot([], [], "o", color=style.BLUE, label="here (too few sizes for a fit)")
    style.draw_paper(ax, points["individuals"], law(points["individuals"]), label=f"paper: exponent {law}")
    ax.plot(points["individuals"], points["plateau_end"], "D", color=style.PAPER, markerfacecolor="white")
    style.plain_log(ax, "xy")
    ax.set(xlabel="individuals", ylabel="end of the plateau (steps)")
    style.legend_above(ax, "End of the plateau", columns=1)


def draw(tables: Tables) -> Figure:
    rows, sizes = experiment(tables, "phases"), numbers_of_people(tables)
    paper = {"loss": published.curve("2_left", "loss"), "accuracy": published.curve("2_mid", "acc")}
    time = time_axis(rows, paper["loss"])
    fig, axes = style.new_figure(1, 3, 13, 4.6)
    loss, accuracy, scaling = axes[0]
    for ax, measure in ((loss, "loss"), (accuracy, "accuracy")):
        steps, values = averages.seed_curves(tables, rows, "known", measure)
        mean = averages.average_of(measure, values)
        label = averages.seeds_label(mean.seeds)
        style.draw_average(ax, steps / time.unit, mean, seeds=values, color=style.BLUE, label=label)
        style.draw_paper(ax, paper[measure].steps / time.paper, paper[measure].relative(measure))
        ax.set_xlabel(time.label)
        style.measure_axis(ax, measure, style.BASELINE_LABEL)
    style.legend_above(loss, "Attribute loss", columns=1)
    style.legend_above(accuracy, "Attribute accuracy", columns=1)
    _scaling(scaling, sizes)
    return fig
