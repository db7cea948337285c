"""Figure X: where attention goes while groups of people come one after the other, by layer."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.groups import panels
from pipeline.findings.mechanism import attention_panels
from pipeline.findings.mechanism.figures.attention_circuits import SHOWN
from pipeline.tables.read import Tables

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_last_name")


def _observed(tables: Tables) -> pd.DataFrame:
    """The runs of `sequential` whose attention was measured: those of one number of groups."""
    rows = averages.experiment(tables, "sequential")
    rows = rows[rows.run.isin(tables.attention.run)]
    if rows.empty:
        raise averages.MissingExperimentError("no run of experiment 'sequential' is observed")
    return rows[rows.groups == rows.groups.max()]


def facts(tables: Tables) -> dict[str, str]:
    rows = _observed(tables)
    return {
        "groups": f"{rows.groups.iloc[0]:.0f}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "seeds": averages.seeds_sentence(rows) + " The paper's curves were not read from its figure.",
    }


def _summary(ax: Axes, tables: Tables, rows: pd.DataFrame) -> None:
    for statistic, layer, _, colour in SHOWN:
        steps, values = attention_panels.seed_attention(tables, rows, layer, statistic)
        where = "first layer" if layer == 1 else "last layer"
        label = f"{attention_panels.LABELS[statistic]}, {where}"
        mean = averages.average(values, log=False)
        style.draw_average(ax, steps / steps[-1], mean, color=colour, label=label)
    ax.set(ylabel="share of attention", ylim=(-0.03, 1.03))
    style.legend_above(ax, "Layers of Figure 3")


def draw(tables: Tables) -> Figure:
    rows = _observed(tables)
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=False):
        attention_panels.draw_layers(ax, tables, rows, statistic, None, (rows.steps.iloc[0], 1))
    _summary(axes[1, 1], tables, rows)
    for ax in axes.flat:
        panels.mark_switches(ax, rows)
        ax.set(xlim=(0, 1), xlabel=f"share of the run ({rows.steps.iloc[0]:,} steps)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5))
    return fig
