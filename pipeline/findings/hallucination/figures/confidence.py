"""Figure M: loss, accuracy and confidence on known and on never-seen people."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.paper import published
from pipeline.tables.read import Tables

GROUPS = {"known": ("known people", style.BLUE), "new": ("never-seen people", style.RED)}
# measure -> (panel of the paper, label of the axis)
PANELS = {
    "loss": ("M_loss", "attribute loss / baseline"),
    "accuracy": ("M_acc", "attribute accuracy"),
    "max_probability": ("M_maxp", "maximum probability"),
    "entropy": ("M_ent", "entropy (nats per token)"),
}


def facts(tables: Tables) -> dict[str, str]:
    rows = averages.experiment(tables, "phases")
    paper = {group: published.curve("M_maxp", group).values[-1] for group in GROUPS}
    return {
        "time": averages.time_axis(rows, published.curve("M_loss", "known")).sentence,
        "known_max_probability": f"{rows.known_max_probability.mean():.3f}",
        "new_max_probability": f"{rows.new_max_probability.mean():.3f}",
        "paper_known": f"{paper['known']:.3f}",
        "paper_new": f"{paper['new']:.3f}",
        "seeds": averages.seeds_sentence(rows),
    }


def draw_groups(ax: Axes, tables: Tables, measure: str) -> None:
    """Both groups of the default runs against time, with the paper's; also Figure 5, left."""
    rows = averages.experiment(tables, "phases")
    time = averages.time_axis(rows, published.curve("M_loss", "known"))
    panel, ylabel = PANELS[measure]
    loss = measure == "loss"
    for group, (name, colour) in GROUPS.items():
        steps, values = averages.seed_curves(tables, rows, group, measure)
        if loss:
            values = values / rows.baseline.iloc[0]
        mean = averages.average(values, log=loss)
        style.draw_average(ax, steps / time.unit, mean, seeds=values, color=colour, label=name)
        paper = published.curve(panel, group)
        unit = published.baseline() if loss else 1.0
        style.draw_paper(
            ax, paper.steps / time.paper, paper.values / unit, color=colour, label=f"paper, {group}"
        )
    ax.set(xlabel=time.label, ylabel=ylabel)
    if loss:
        style.baseline(ax, label=style.BASELINE_LABEL)
        style.plain_log(ax)


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 2, 10, 7.4)
    for ax, measure in zip(axes.flat, PANELS, strict=True):
        draw_groups(ax, tables, measure)
        if measure in ("accuracy", "max_probability"):
            ax.set_ylim(-0.03, 1.03)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return fig
