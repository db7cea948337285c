"""Where attention goes while groups of people come one after the other, by layer."""

import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import MissingExperimentError, experiment
from pipeline.findings.groups import panels
from pipeline.findings.mechanism import attention_panels
from pipeline.tables.read import Tables

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_last_name")


def _observed(tables: Tables) -> pd.DataFrame:
    """The runs of `sequential` whose attention was measured: those of one number of groups."""
    rows = experiment(tables, "sequential")
    rows = rows[rows.run.isin(tables.observed["attention"].run)]
    if rows.empty:
        raise MissingExperimentError("no run of experiment 'sequential' is observed")
    return rows[rows.groups == rows.groups.max()]


def facts(tables: Tables) -> dict[str, str]:
    rows = _observed(tables)
    return {
        "groups": f"{rows.groups.iloc[0]:.0f}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "seeds": averages.seeds_sentence(rows) + " The paper's curves were not read from its figure.",
    }


def draw(tables: Tables) -> Figure:
    rows = _observed(tables)
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=False):
        attention_panels.draw_layers(ax, tables, rows, statistic, None, (rows.steps.iloc[0], 1))
    attention_panels.draw_circuits(axes[1, 1], tables, rows, rows.steps.iloc[0])
    style.legend_above(axes[1, 1], "Layers of Figure 3")
    for ax in axes.flat:
        panels.mark_switches(ax, rows)
    style.legend_of_all(fig, axes[0, 0], most=5)
    return fig
