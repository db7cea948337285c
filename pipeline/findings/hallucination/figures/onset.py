"""Hallucination during learning, and the path of fine-tuning through the two losses."""

from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import experiment
from pipeline.findings.fine_tuning import panels
from pipeline.findings.hallucination.panels import draw_groups
from pipeline.findings.statistics import Interval
from pipeline.findings.time_axis import time_axis
from pipeline.paper import published
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "phases")
    sizes, replay = panels.sizes(tables), panels.replay(tables)
    paper = published.curve("5_left", "new").relative()[-1]
    return {
        "time": time_axis(rows, published.curve("5_left", "known")).sentence,
        "new_loss": f"{Interval.geometric(rows.new_loss_over_b).centre:.2f}",
        "paper_new_loss": f"{paper:.2f}",
        "thin": "; thin lines are single seeds" if sizes.rows.seed.nunique() > 1 else "",
        "new": numbers.short(replay.rows.new.iloc[0]),
        "seeds": averages.seeds_sentence(rows, sizes.rows, replay.rows),
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 3, 14, 5.4)
    left, middle, right = axes[0]
    draw_groups(left, tables, "loss")
    style.legend_above(left, "Pre-training", columns=2)
    panels.draw_paths(middle, tables, panels.sizes(tables))
    panels.draw_paths(right, tables, panels.replay(tables))
    return fig
