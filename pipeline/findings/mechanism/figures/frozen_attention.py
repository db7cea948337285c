"""Frozen attention, and the final loss by the ages of the reference and of the patch."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.mechanism.patching_panels import Patches, draw_losses
from pipeline.findings.statistics import Interval
from pipeline.paper import published
from pipeline.tables.read import Tables


def _final(rows: pd.DataFrame) -> pd.DataFrame:
    """Final loss over b, geometric mean over seeds: reference (descending) x start; NaN where not run."""
    loss = rows.groupby(["reference", "start"]).loss_over_b.agg(lambda loss: Interval.geometric(loss).centre)
    return loss.unstack("start").sort_index(ascending=False)


def _paper_final() -> pd.DataFrame:
    points = published.points("D_right")
    loss = points["loss"] / published.baseline()
    return pd.DataFrame(loss, points["reference_step"], points["start_step"])


def facts(tables: Tables) -> dict[str, str]:
    patches = Patches.of(tables, "freezing", "patching")
    rows = patches.rows
    never = Interval.geometric(patches.unpatched.loss_over_b).centre
    paper = _paper_final()
    return {
        "time": patches.time.sentence,
        "never": f"{never:.2g}",
        "paper_never": f"{paper.iloc[0, -1]:.2g}",
        "seeds": averages.seeds_sentence(*(runs for _, runs in rows.groupby(["reference", "start"]))),
    }


def _map(
    fig: Figure, ax: Axes, final: pd.DataFrame, norm: Normalize, rows: list[str], columns: list[str]
) -> None:
    texts = [["–" if np.isnan(x) else f"{x:.2g}" for x in row] for row in final.to_numpy()]
    image = style.heat_map(ax, final.to_numpy(), texts, rows, columns, norm)
    ax.set(xlabel="patched from step on", ylabel="attention of step")
    bar = fig.colorbar(image, ax=ax, label="final loss / baseline")
    bar.ax.yaxis.set_major_formatter(style.plain)


def draw(tables: Tables) -> Figure:
    patches = Patches.of(tables, "freezing", "patching")
    mine, paper = _final(patches.rows), _paper_final()
    every = np.concatenate([mine.to_numpy().ravel(), paper.to_numpy().ravel()])
    norm = LogNorm(np.nanmin(every), np.nanmax(every))
    fig, axes = style.new_figure(1, 3, 17, 6, width_ratios=(1.15, 1, 1))
    left, middle, right = axes[0]
    rows = patches.rows
    draw_losses(left, tables, patches, rows[rows.reference == rows.start], "D_mid_freeze")
    style.legend_above(left, "Attention frozen at step (its age)", columns=3)
    _map(fig, middle, mine, norm, patches.ages(mine.index), patches.ages(mine.columns))
    middle.tick_params(axis="x", rotation=30)
    middle.set_title("Final loss, here", loc="left", fontweight="bold")
    steps = [[numbers.short(s) for s in axis] for axis in (paper.index, paper.columns)]
    _map(fig, right, paper, norm, *steps)
    right.set_title("Final loss, paper", loc="left", fontweight="bold")
    return fig
