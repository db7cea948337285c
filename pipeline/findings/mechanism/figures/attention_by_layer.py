"""Figure F: where attention goes through training, by layer."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.mechanism import attention_panels
from pipeline.tables.read import Tables

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_name", "sharpness")


def facts(tables: Tables) -> dict[str, str]:
    rows = averages.experiment(tables, "attention")
    return {
        "time": averages.time_axis(rows).sentence,
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = averages.experiment(tables, "attention")
    time = averages.time_axis(rows)
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=True):
        attention_panels.draw_layers(ax, tables, rows, statistic, "F", (time.unit, time.paper))
        ax.set_xlabel(time.label)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5))
    return fig
