"""Known and never-seen people through the default run, beside the paper's."""

from matplotlib.axes import Axes

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.findings.time_axis import TimeAxis, time_axis
from pipeline.paper import published
from pipeline.tables.read import Tables

GROUPS = {"known": ("known people", style.BLUE), "new": ("never-seen people", style.RED)}
# Measure -> panel of the paper.
PANELS = {"loss": "M_loss", "accuracy": "M_acc", "max_probability": "M_maxp", "entropy": "M_ent"}


def common_time(tables: Tables) -> TimeAxis:
    return time_axis(experiment(tables, "phases"), published.curve("M_loss", "known"))


def draw_groups(ax: Axes, tables: Tables, measure: str) -> None:
    """A measure of both groups against time."""
    rows, time = experiment(tables, "phases"), common_time(tables)
    for group, (name, colour) in GROUPS.items():
        steps, values = averages.seed_curves(tables, rows, group, measure)
        mean = averages.average_of(measure, values)
        style.draw_average(ax, steps / time.unit, mean, seeds=values, color=colour, label=name)
        paper = published.curve(PANELS[measure], group)
        x, y = paper.steps / time.paper, paper.relative(measure)
        style.draw_paper(ax, x, y, color=colour, label=f"paper, {group}")
    ax.set_xlabel(time.label)
    style.measure_axis(ax, measure, style.BASELINE_LABEL)
