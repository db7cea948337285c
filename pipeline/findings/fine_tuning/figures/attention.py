"""Where attention goes through fine-tuning on new people, by layer."""

from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import experiment
from pipeline.findings.fine_tuning import panels
from pipeline.findings.mechanism import attention_panels
from pipeline.paper.units import PEOPLE
from pipeline.tables.read import Tables

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_last_name", "sharpness")
PAPER_NEW = 4_000


def facts(tables: Tables) -> dict[str, str]:
    rows = experiment(tables, "finetune_attention")
    share = PAPER_NEW / PEOPLE
    return {
        "new": numbers.short(rows.new.iloc[0]),
        "share": numbers.ratio(rows.new.iloc[0] / rows.individuals.iloc[0]),
        "paper_new": numbers.short(PAPER_NEW),
        "paper_share": numbers.ratio(share),
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{panels.paper_steps():,.0f}",
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = experiment(tables, "finetune_attention")
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=True):
        units = (rows.steps.iloc[0], panels.paper_steps())
        attention_panels.draw_layers(ax, tables, rows, statistic, "O", units)
        panels.stretch_time(ax)
    style.legend_of_all(fig, axes[0, 0], most=5)
    return fig
