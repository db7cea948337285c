"""Old facts kept against new ones learned, by what may keep the old ones."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.fine_tuning.cures import CURES, NONE, runs
from pipeline.findings.fine_tuning.forgetting import snapshots
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

COLOURS = {
    **dict(zip(CURES, (style.BLUE, style.ORANGE, style.GREEN, style.RED, "#CC79A7", "#56B4E9"), strict=True)),
    NONE: style.BLACK,
}


def facts(tables: Tables) -> dict[str, str]:
    rows = runs(tables)
    return {
        "new": numbers.short(rows.new.iloc[0]),
        "seeds": f"{averages.seeds_sentence(rows)} The paper tries replay alone.",
    }


def _without_shift(ax: Axes, tables: Tables) -> None:
    """What the shift taken out makes of runs without a cure, at the steps whose weights are kept."""
    rows, plain = snapshots(tables), runs(tables)
    rows = rows[rows.run.isin(plain[plain.cure == NONE].run)]
    steps, old = averages.stacked([of for _, of in rows.groupby("run")], "shift_removed")
    new = [tables.curve(run, "new") for run in rows.run.unique()]
    learned = np.mean([np.interp(steps, curve.step, curve.accuracy) for curve in new], axis=0)
    label = f"{NONE}, the shift taken out"
    ax.plot(learned, old.mean(0), "o:", color=style.BLACK, markersize=4, label=label)


def draw(tables: Tables) -> Figure:
    rows = runs(tables)
    fig, axes = style.new_figure(1, 2, 11, 5)
    frontier, ends = axes[0]
    found = [cure for cure in (NONE, *CURES) if (rows.cure == cure).any()]
    for k, cure in enumerate(found):
        mine = rows[rows.cure == cure]
        new = averages.seed_curves(tables, mine, "new", "accuracy")[1].mean(0)
        old = averages.mean_curve(tables, mine, "known", "accuracy")[1]
        style.draw_average(frontier, new, old, color=COLOURS[cure], label=cure)
        at_end = [Interval.share(values) for values in (mine.known_accuracy, mine.new_accuracy)]
        for marker, end in zip("os", at_end, strict=True):
            style.error_bars(ends, [k], [end], color=COLOURS[cure], marker=marker, markersize=5)
    _without_shift(frontier, tables)
    frontier.set(xlabel="accuracy on new facts", ylabel="accuracy on old facts")
    ends.set_xticks(range(len(found)), found, rotation=30, ha="right")
    ends.set(xlabel="at the end of fine-tuning", ylabel="accuracy on old (dots), new facts (squares)")
    style.share_axis(frontier)
    style.share_axis(ends)
    style.legend_of_all(fig, frontier, most=4)
    return fig
