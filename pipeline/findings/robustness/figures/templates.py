"""The training loss, and how much knowledge training templates and the order of sentences allow."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.findings.robustness.settings import Settings, by_templates, in_random_order
from pipeline.findings.statistics import Interval
from pipeline.findings.time_axis import TimeAxis, time_axis
from pipeline.paper import published
from pipeline.tables.read import Tables


def _both_orders(tables: Tables) -> tuple[Settings, Settings]:
    experiment(tables, "templates")
    return by_templates(tables)


def _time(rows: pd.DataFrame) -> TimeAxis:
    return time_axis(rows)


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "phases")
    random, fixed = _both_orders(tables)
    first = tables.training_of(rows.run.iloc[0]).step
    return {
        "time": _time(rows).sentence,
        "window": f"{first.iloc[0]:.0f}",
        "unmeasured": "" if in_random_order(tables, fixed) else " (not measured in these runs)",
        "seeds": averages.seeds_sentence(rows, *random.values(), *fixed.values()),
    }


def _training(ax: Axes, tables: Tables) -> None:
    rows = experiment(tables, "phases")
    time = _time(rows)
    logs = [tables.training_of(run) for run in rows.run]
    # Each row is a mean over the steps since the one before.
    middle = logs[0].step - logs[0].step.diff().fillna(logs[0].step.iloc[0]) / 2
    values = pd.concat([log.loss_per_token for log in logs], axis=1).to_numpy().T
    mean = averages.average(values, log=True)
    label = averages.seeds_label(mean.seeds)
    style.draw_average(ax, middle / time.unit, mean, seeds=values, color=style.BLUE, label=label)
    paper = published.curve("A_left", "loss")
    style.draw_paper(ax, paper.steps / time.paper, paper.values, label="paper, at some steps")
    ax.plot(paper.steps / time.paper, paper.values, "D", color=style.PAPER, markerfacecolor="white")
    style.plain_log(ax)
    ax.set(xlabel=time.label, ylabel="training loss (nats per token)")
    style.legend_above(ax, "Training loss", columns=1)


def _ends(ax: Axes, losses: Mapping[int, ArrayLike], colour: str, marker: str, label: str) -> None:
    """Means over seeds of final losses over b by the number of templates, with each seed and the interval."""
    ends = [Interval.geometric(values) for values in losses.values()]
    ax.plot(list(losses), [e.centre for e in ends], marker, linestyle="-", color=colour, label=label)
    for (number, values), end in zip(losses.items(), ends, strict=True):
        seeds = np.asarray(values)
        ax.plot([number] * len(seeds), seeds, marker, color=colour, markersize=3, alpha=0.45)
        if end.bounded:
            ax.plot([number] * 2, [end.low, end.high], color=colour, linewidth=1.2)


def _paper(ax: Axes, panel: str, colour: str, marker: str) -> None:
    """The paper's final losses."""
    final = {float(name): published.curve(panel, name).relative()[-1] for name in published.names(panel)}
    style.draw_paper(ax, list(final), list(final.values()), color=colour, label="_")
    ax.plot(list(final), list(final.values()), marker, color=colour, markerfacecolor="white", zorder=1.9)


def _templates(ax: Axes, tables: Tables) -> None:
    random, fixed = _both_orders(tables)
    _paper(ax, "A_right", style.BLUE, "o")
    _paper(ax, "A_right_fixed_order", style.RED, "D")
    ours = {n: runs.loss_over_b for n, runs in random.items()}
    _ends(ax, ours, style.BLUE, "o", "sentences in random order")
    mixed = {n: losses.groupby("run").last() for n, losses in in_random_order(tables, fixed).items()}
    _ends(ax, mixed, style.RED, "D", "in a fixed order, evaluated in random order")
    ours = {n: runs.loss_over_b for n, runs in fixed.items()}
    _ends(ax, ours, style.ORANGE, "s", "in a fixed order, evaluated in it")
    style.paper_entry(ax, "paper")
    style.baseline(ax, label=style.BASELINE_LABEL)
    style.plain_log(ax, "xy")
    ax.set_xticks(sorted({*random, *fixed}))
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    ax.set(xlabel="training templates a person and attribute", ylabel="final attribute loss / baseline")
    style.legend_above(ax, "Templates", columns=1)


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 2, 10, 4.8)
    _training(axes[0, 0], tables)
    _templates(axes[0, 1], tables)
    return fig
