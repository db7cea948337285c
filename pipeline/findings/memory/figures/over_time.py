"""The associative memory's fine-tuning over time, without replay by size and with replay by weight."""

import numpy as np
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.fine_tuning import panels
from pipeline.paper import published
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    sizes, replay = panels.toy_sizes(tables), panels.toy_replay(tables)
    rows = replay[0].rows
    return {
        "steps": f"{rows.steps.iloc[0]:,}",
        "values": f"{np.exp(rows.baseline.iloc[0]):.0f}",
        "new": numbers.short(rows.new.iloc[0]),
        "paper_steps": f"{published.curve('R_pre_loss', '32').steps[-1]:,.0f}",
        "least": f"{panels.LEAST_LOSS:.0e}",
        "seeds": averages.seeds_sentence(*(sweep.rows for sweep in sizes + replay)),
    }


def draw(tables: Tables) -> Figure:
    sweeps = panels.toy_sizes(tables) + panels.toy_replay(tables)
    fig, axes = style.new_figure(len(sweeps), 4, 14.5, 2.8 * len(sweeps))
    for row, sweep in zip(axes, sweeps, strict=True):
        panels.draw_curves(row, tables, sweep)
    return fig
