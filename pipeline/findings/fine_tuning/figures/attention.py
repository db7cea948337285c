"""Figure O: where attention goes through fine-tuning on new people, by layer."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.fine_tuning import panels
from pipeline.findings.fine_tuning.figures.over_time import paper_steps
from pipeline.findings.mechanism import attention_panels
from pipeline.tables.read import Tables

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_last_name", "sharpness")
PAPER_NEW = 4_000


def facts(tables: Tables) -> dict[str, str]:
    rows = averages.experiment(tables, "finetune_attention")
    share = PAPER_NEW / panels.PAPER_INDIVIDUALS
    return {
        "new": averages.short(rows.new.iloc[0]),
        "share": averages.ratio(rows.new.iloc[0] / rows.individuals.iloc[0]),
        "paper_new": averages.short(PAPER_NEW),
        "paper_share": averages.ratio(share),
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{paper_steps():,.0f}",
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = averages.experiment(tables, "finetune_attention")
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=True):
        attention_panels.draw_layers(ax, tables, rows, statistic, "O", (rows.steps.iloc[0], paper_steps()))
        panels.stretch_time(ax)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5))
    return fig
