"""Figure CR: how much of the error on values reaches names and template text, through training."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.mechanism.attention_panels import layer_colour, seed_attention
from pipeline.findings.statistics import Interval
from pipeline.findings.verdict import NOT_REPRODUCED, REPRODUCED, Check
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

_TOLD = {REPRODUCED: "holds", NOT_REPRODUCED: "does not hold"}

# Loss over b at the end of the first phase, as in the claims on attention.
PLATEAU = 1.10


def _ratio(tables: Tables, run: str, layer: int) -> tuple[pd.Series, pd.Series]:
    """Steps, and gradient that reaches a name token over that which reaches a text token."""
    seen = tables.attention_of(run, layer)
    return seen.step, seen.credit_to_name / seen.credit_to_text


def growth(tables: Tables, rows: pd.DataFrame) -> tuple[Check, float, float]:
    """The statement that errors come to reach names on the plateau: the ratio in the states that enter the
    last layer, at t(0.99) over the end of the first phase; and its geometric means at both.

    The memories of the layers before it write into these states, and its own attention reads them.
    """
    ends = []
    for row in rows.itertuples():
        curve = tables.curve(row.run)
        first = first_crossing(curve.step, curve.loss, PLATEAU * row.baseline, rising=False)
        ends.append(np.interp([first, row.plateau_end], *_ratio(tables, row.run, -1)))
    before, after = np.array(ends).T
    first, last = (Interval.geometric(ratios).centre for ratios in (before, after))
    return Check.ratio("growth", after / before, low=1), first, last


def facts(tables: Tables) -> dict[str, str]:
    rows = averages.experiment(tables, "credit")
    check, before, after = growth(tables, rows)
    told = "it is undefined where a run stays on its plateau"
    if np.isfinite(check.measured.centre):
        told = f"from {before:.2g} to {after:.2g}, by a factor of {check.measured:.2g}"
    return {
        "growth": told,
        "verdict": _TOLD.get(check.verdict, "is open"),
        "time": averages.time_axis(rows).sentence,
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = averages.experiment(tables, "credit")
    time = averages.time_axis(rows)
    fig, axes = style.new_figure(1, 2, 12, 5)
    left, right = axes[0]
    for statistic, name, colour in (("name", "names", style.BLUE), ("text", "template text", style.ORANGE)):
        steps, values = seed_attention(tables, rows, -1, f"credit_to_{statistic}")
        style.draw_average(
            left, steps / time.unit, averages.average(values, log=True), color=colour, label=name
        )
    layers = int(rows.layers.iloc[0])
    for layer in range(1, layers + 1):
        steps = _ratio(tables, rows.run.iloc[0], layer)[0].to_numpy(float)
        values = np.stack([_ratio(tables, run, layer)[1].to_numpy(float) for run in rows.run])
        mean, label = averages.average(values, log=True), f"layer {layer} of {layers}"
        style.draw_average(right, steps / time.unit, mean, color=layer_colour(layer, layers), label=label)
    for ax, title in (
        (left, "Gradient in the states that enter the last layer"),
        (right, "Names over text, in the states that enter"),
    ):
        style.plain_log(ax)
        ax.axvline(1, color=style.GREY, linewidth=1, zorder=1)
        ax.set_xlabel(time.label)
        style.legend_above(ax, title)
    right.axhline(1, color=style.GREY, linewidth=1, zorder=1)
    left.set_ylabel("norm per token (nats)")
    right.set_ylabel("ratio of norms")
    return fig
