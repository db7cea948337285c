"""Figure 5: hallucination during learning, and the path of fine-tuning through the two losses."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.analysis import reference
from pipeline.analysis.tables import Tables
from pipeline.figures import figm, fine_tuning, selection, style


def facts(tables: Tables) -> dict[str, str]:
    rows = selection.experiment(tables, "phases")
    sizes, replay = fine_tuning.sizes(tables), fine_tuning.replay(tables)
    paper = reference.curve("5_left", "new").values[-1] / reference.baseline()
    return {
        "time": selection.time_axis(rows, reference.curve("5_left", "known")).sentence,
        "new_loss": f"{(rows.new_loss / rows.baseline).mean():.2f}",
        "paper_new_loss": f"{paper:.2f}",
        "thin": "; thin lines are single seeds" if sizes.rows.seed.nunique() > 1 else "",
        "new": selection.short(replay.rows.new.iloc[0]),
        "seeds": selection.seeds_sentence(rows, sizes.rows, replay.rows),
    }


def _paths(ax: Axes, tables: Tables, sweep: fine_tuning.Sweep) -> None:
    colours = sweep.colours
    for label, colour, runs in sweep.settings():
        b = runs.baseline.iloc[0]
        old = selection.seed_curves(tables, runs, "known", "loss")[1] / b
        new = selection.seed_curves(tables, runs, "new", "loss")[1] / b
        for x, y in zip(old, new, strict=True):
            ax.plot(x, y, color=colour, **style.SEED)
        x, y = (selection.average(values, log=True).centre for values in (old, new))
        ax.plot(x, y, color=colour, label=label)
        ax.plot(x[0], y[0], "o", color="0.5", markersize=6, zorder=5)
    for value, name in sweep.paper.items():
        x, y = (side / reference.baseline() for side in reference.trajectory(sweep.trajectory, name))
        style.draw_paper(ax, x, y, color=colours[value], label="_")
        ax.plot(x[0], y[0], "o", color="0.5", markersize=6, markerfacecolor="white", zorder=5)
    style.paper_entry(ax, sweep.paper_label)
    ax.plot([], [], "o", color="0.5", markersize=6, label="start (open: paper)")
    style.baseline(ax)
    style.baseline(ax, vertical=True)
    style.plain_log(ax, "xy")
    ax.set(xlabel="loss on pre-training people / baseline", ylabel="loss on new people / baseline")
    style.legend_above(ax, sweep.title, columns=2)


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 3, 14, 5.4)
    left, middle, right = axes[0]
    figm.draw_groups(left, tables, "loss")
    style.legend_above(left, "Pre-training", columns=2)
    _paths(middle, tables, fine_tuning.sizes(tables))
    _paths(right, tables, fine_tuning.replay(tables))
    return fig
