"""The associative memory's fine-tuning, as paths through the losses on old and on new pairs."""

import numpy as np
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.fine_tuning import panels
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    sizes, replay = panels.toy_sizes(tables), panels.toy_replay(tables)
    rows = sizes[0].rows
    known = {
        sweep.read_out: np.mean([tables.curve(run).accuracy.iloc[0] for run in sweep.rows.run])
        for sweep in sizes
    }
    return {
        "pairs": f"{rows.individuals.iloc[0]:,}",
        "values": f"{np.exp(rows.baseline.iloc[0]):.0f}",
        "known": " and ".join(f"{share:.2%} ({name})" for name, share in known.items()),
        "thin": "; thin lines are single seeds" if rows.seed.nunique() > 1 else "",
        "least": f"{panels.LEAST_LOSS:.0e}",
        "seeds": averages.seeds_sentence(*(sweep.rows for sweep in sizes + replay)),
    }


def draw(tables: Tables) -> Figure:
    sizes, replay = panels.toy_sizes(tables), panels.toy_replay(tables)
    fig, axes = style.new_figure(len(sizes), 2, 10.5, 5.4 * len(sizes))
    for row, sweeps in zip(axes, zip(sizes, replay, strict=True), strict=True):
        for ax, sweep in zip(row, sweeps, strict=True):
            panels.draw_paths(ax, tables, sweep)
    return fig
