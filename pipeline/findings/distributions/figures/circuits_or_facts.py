"""A warm-up on wrong facts, and people who are shown on the plateau alone: accuracy over the run."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.distributions.circuits_or_facts import GROUPS, arms, left
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

COLOURS = (style.FAMILIES["uniform"], style.FAMILIES["warm_up"], style.ORANGE)
SAID = {"left": "shown at first alone", "stayed": "shown throughout", "unseen": "never shown"}


def facts(tables: Tables) -> dict[str, str]:
    shown, rows = arms(tables), left(tables)
    warm = shown["on right facts"].iloc[0]
    return {
        "subset": f"{warm.subset:,.0f}",
        "warm_up": f"{warm.warm_up_steps:,.0f}",
        "count": f"{rows['count'].iloc[0]:,.0f}",
        "until": f"{rows.until.iloc[0]:,.0f}",
        "retained": f"{Interval.share(rows.left):.3f}",
        "unseen": f"{Interval.share(rows.unseen):.3f}",
        "seeds": f"Not in the paper. {averages.seeds_sentence(rows.reset_index())}",
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 2, 12, 5)
    (warm, leaving), compared = axes[0], arms(tables)
    for (name, runs), colour in zip(compared.items(), COLOURS, strict=True):
        style.draw_average(
            warm, *averages.mean_curve(tables, runs, "known", "accuracy"), color=colour, label=name
        )
    warm.axvline(compared["on right facts"].warm_up_steps.iloc[0], color=style.PAPER, linestyle=":")
    warm.set(xlabel="training step", ylabel="accuracy on everyone")
    style.legend_above(warm, "Warm-up")
    rows = left(tables).reset_index()
    for (name, group), colour in zip(GROUPS.items(), (style.ORANGE, style.BLUE, style.BLACK), strict=True):
        steps, mean = averages.mean_curve(tables, rows, group, "accuracy")
        style.draw_average(leaving, steps, mean, color=colour, label=SAID[name])
    leaving.axvline(rows.until.iloc[0], color=style.PAPER, linestyle=":")
    leaving.set(xlabel="training step", ylabel="accuracy")
    style.legend_above(leaving, "People")
    for ax in (warm, leaving):
        style.share_axis(ax)
    return fig
