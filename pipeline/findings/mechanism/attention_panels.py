"""Where attention goes: by layer, and in the circuits of Figure 3, mean over seeds, beside the paper's."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pipeline.findings import style
from pipeline.findings.averages import Array, average, stacked
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

# The circuits of Figure 3 right: statistic, layer (-1 is the last), name of the paper's curve, colour.
CIRCUITS = (
    ("name_to_name", 1, "name->name", style.BLUE),
    ("attribute_to_name", -1, "attr->name", style.GREEN),
    ("attribute_to_text", -1, "attr->text", style.RED),
)


def seed_attention(tables: Tables, rows: pd.DataFrame, layer: int, statistic: str) -> tuple[Array, Array]:
    """steps (S,) and values (seeds, S) of one layer (-1 is the last) of runs that differ in seed only."""
    return stacked([tables.layer_of("attention", run, layer) for run in rows.run], statistic)


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
        style.draw_average(ax, steps / units[0], average(values, share=True), **look)
    if names:
        style.paper_entry(ax, f"paper, layers 1 to {len(names)}")
    ax.set_ylabel(LABELS[statistic])
    style.share_axis(ax)


def draw_circuits(
    ax: Axes, tables: Tables, rows: pd.DataFrame, unit: float, paper: float | None = None
) -> None:
    """The circuits against time in `unit`; beside the paper's in its unit `paper`, and with every seed."""
    for statistic, layer, name, colour in CIRCUITS:
        steps, values = seed_attention(tables, rows, layer, statistic)
        label = f"{LABELS[statistic]}, {'first' if layer == 1 else 'last'} layer"
        seeds = None if paper is None else values
        mean = average(values, share=True)
        style.draw_average(ax, steps / unit, mean, seeds=seeds, color=colour, label=label)
        if paper is not None:
            theirs = published.curve("3_right", name)
            style.draw_paper(ax, theirs.steps / paper, theirs.values, color=colour, label="_")
    ax.set_ylabel("share of attention")
    style.share_axis(ax)
