"""Loss, accuracy and confidence on known and on never-seen people."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.findings.hallucination.panels import GROUPS, PANELS, common_time, draw_groups
from pipeline.paper import published
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "phases")
    paper = {group: published.curve("M_maxp", group).values[-1] for group in GROUPS}
    return {
        "time": common_time(tables).sentence,
        "known_max_probability": f"{rows.known_max_probability.mean():.3f}",
        "new_max_probability": f"{rows.new_max_probability.mean():.3f}",
        "paper_known": f"{paper['known']:.3f}",
        "paper_new": f"{paper['new']:.3f}",
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 2, 10, 7.4)
    for ax, measure in zip(axes.flat, PANELS, strict=True):
        draw_groups(ax, tables, measure)
    style.legend_of_all(fig, axes[0, 0])
    return fig
