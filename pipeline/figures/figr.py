"""Figure R: the toy memory's fine-tuning over time, without replay by size and with replay by weight."""

import numpy as np
from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import fine_tuning, selection, style
from pipeline.figures.figq import BLIND, NO_CURVES


def facts(tables: Tables) -> dict[str, str]:
    sizes, replay = fine_tuning.toy_sizes(tables), fine_tuning.toy_replay(tables)
    rows = replay[0].rows
    return {
        "steps": f"{rows.steps.iloc[0]:,}",
        "values": f"{np.exp(rows.baseline.iloc[0]):.0f}",
        "new": selection.short(rows.new.iloc[0]),
        "least": f"{fine_tuning.LEAST_LOSS:.0e}",
        "blind": BLIND,
        "seeds": selection.seeds_sentence(*(sweep.rows for sweep in sizes + replay)) + NO_CURVES,
    }


def draw(tables: Tables) -> Figure:
    sweeps = fine_tuning.toy_sizes(tables) + fine_tuning.toy_replay(tables)
    fig, axes = style.new_figure(len(sweeps), 4, 14.5, 2.8 * len(sweeps))
    for row, sweep in zip(axes, sweeps, strict=True):
        fine_tuning.draw_curves(row, tables, sweep)
    return fig
