"""What Figures 3, F, O and X share: attention by layer, mean over seeds, beside the paper's eight layers."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.findings import style
from pipeline.findings.averages import Array, average
from pipeline.paper import published
from pipeline.tables.read import Tables

# Statistic -> label of the axis; the panels of the paper's curves are named after the statistics.
LABELS = {
    "name_to_name": "name → name",
    "attribute_to_text": "attribute → text",
    "attribute_to_name": "attribute → name",
    "attribute_to_last_name": "attribute → last name token",
    "sharpness": "entropy / its maximum",
}


def seed_attention(tables: Tables, rows: pd.DataFrame, layer: int, statistic: str) -> tuple[Array, Array]:
    """steps (S,) and values (seeds, S) of one layer (-1 is the last) of runs that differ in seed only."""
    found = [tables.attention_of(run, layer) for run in rows.run]
    steps = found[0].step.to_numpy(float)
    assert all(np.array_equal(steps, f.step) for f in found), "runs of one setting, observed at other steps"
    return steps, np.stack([f[statistic].to_numpy(float) for f in found])


def layer_colour(layer: int, layers: int) -> Any:
    """By depth, so that first and last layers match between models."""
    return style.SEQUENTIAL((layer - 1) / max(layers - 1, 1))


def draw_layers(
    ax: Axes,
    tables: Tables,
    rows: pd.DataFrame,
    statistic: str,
    figure: str | None,
    units: tuple[float, float],
) -> None:
    """One statistic of all layers against time in `units` (here, paper); `figure` is the paper's, F or O, or
    none."""
    names = published.names(f"{figure}_{statistic}") if figure else []
    for k, name in enumerate(names, 1):
        paper = published.curve(f"{figure}_{statistic}", name)
        style.draw_paper(
            ax, paper.steps / units[1], paper.values, color=layer_colour(k, len(names)), label="_"
        )
    layers = int(rows.layers.iloc[0])
    for k in range(1, layers + 1):
        steps, values = seed_attention(tables, rows, k, statistic)
        look = {"color": layer_colour(k, layers), "label": f"layer {k} of {layers}"}
        style.draw_average(ax, steps / units[0], average(values, log=False), **look)
    if names:
        style.paper_entry(ax, f"paper, layers 1 to {len(names)}")
    ax.set(ylabel=LABELS[statistic], ylim=(-0.03, 1.03))
