"""Where attention goes through training, by layer."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.findings.mechanism import attention_panels
from pipeline.findings.time_axis import time_axis
from pipeline.tables.read import Tables

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_name", "sharpness")


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "attention")
    return {
        "time": time_axis(rows).sentence,
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = experiment(tables, "attention")
    time = time_axis(rows)
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=True):
        attention_panels.draw_layers(ax, tables, rows, statistic, "F", (time.unit, time.paper))
        ax.set_xlabel(time.label)
    style.legend_of_all(fig, axes[0, 0], most=5)
    return fig
