"""Figure F: where attention goes through training, by layer."""

from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import attention, selection, style

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_name", "sharpness")


def facts(tables: Tables) -> dict[str, str]:
    rows = selection.experiment(tables, "attention")
    return {
        "time": selection.time_axis(rows).sentence,
        "seeds": selection.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = selection.experiment(tables, "attention")
    time = selection.time_axis(rows)
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=True):
        attention.draw_layers(ax, tables, rows, statistic, "F", (time.unit, time.paper))
        ax.set_xlabel(time.label)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5))
    return fig
