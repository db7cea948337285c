"""In which way old facts are lost in fine-tuning: accuracy with a shift or a direction taken out."""

import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.fine_tuning import panels
from pipeline.findings.fine_tuning.forgetting import NARROW, narrow, snapshots
from pipeline.tables.read import Tables

LOOK = {
    "accuracy": ("as it is", style.BLACK, "-"),
    "shift_removed": ("without the shift that all share", style.BLUE, "-"),
    "top_removed": ("without each matrix's first direction", style.ORANGE, "-"),
    "shift_alone": ("with nothing but the shift", style.BLUE, ":"),
}


def settings(tables: Tables) -> list[tuple[str, pd.DataFrame]]:
    """Snapshots by the number of new people and the weight of replay, ascending; and of values from half of
    each list, where they are measured."""
    rows = snapshots(tables)
    out = [
        (f"{numbers.short(new)} new" + (f", replay {numbers.ratio(weight)}" if weight else ", no replay"), of)
        for (weight, new), of in rows.groupby(["weight", "new"])
    ]
    if NARROW in tables:
        half = narrow(tables)
        out.append((f"{numbers.short(half.new.iloc[0])} new, values of half of each list", half))
    return out


def _average(rows: pd.DataFrame, measure: str) -> tuple[averages.Array, averages.Average]:
    """Shares of the run, and the average over seeds."""
    steps, values = averages.stacked([seed for _, seed in rows.groupby("seed")], measure)
    return steps / rows.steps.iloc[0], averages.average(values, share=True)


def facts(tables: Tables) -> dict[str, str]:
    rows = snapshots(tables)
    return {
        "steps": " or ".join(f"{steps:,}" for steps in sorted(rows.steps.unique())),
        "seeds": f"{averages.seeds_sentence(rows)} The paper measures none of this.",
    }


def draw(tables: Tables) -> Figure:
    found = settings(tables)
    fig, axes = style.new_figure(2, len(found), 1.5 + 4.2 * len(found), 7.6)
    for (above, below), (name, rows) in zip(axes.T, found, strict=True):
        for measure, (label, colour, line) in LOOK.items():
            style.draw_average(above, *_average(rows, measure), color=colour, linestyle=line, label=label)
        above.set_ylabel("accuracy on old facts")
        above.set_title(name)
        for measure, label, colour in (
            ("rank", "rank of the right value", style.GREEN),
            ("common", "shift, of the change of logits", style.BLUE),
        ):
            style.draw_average(below, *_average(rows, measure), color=colour, label=label)
        below.set_ylabel("share")
        style.legend_above(below, "First tokens of values", columns=1)
        for ax in (above, below):
            style.share_axis(ax)
            panels.stretch_time(ax)
    style.legend_of_all(fig, axes[0, 0], most=2 * len(found))  # as wide as its panels
    return fig
