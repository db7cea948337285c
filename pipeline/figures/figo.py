"""Figure O: where attention goes through fine-tuning on new people, by layer."""

from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import attention, fine_tuning, selection, style
from pipeline.figures.fign import paper_steps

STATISTICS = ("name_to_name", "attribute_to_text", "attribute_to_last_name", "sharpness")
PAPER_NEW = 4_000


def facts(tables: Tables) -> dict[str, str]:
    rows = selection.experiment(tables, "finetune_attention")
    share = PAPER_NEW / fine_tuning.PAPER_INDIVIDUALS
    return {
        "new": selection.short(rows.new.iloc[0]),
        "share": selection.ratio(rows.new.iloc[0] / rows.individuals.iloc[0]),
        "paper_new": selection.short(PAPER_NEW),
        "paper_share": selection.ratio(share),
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{paper_steps():,.0f}",
        "seeds": selection.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = selection.experiment(tables, "finetune_attention")
    fig, axes = style.new_figure(2, 2, 11, 7.6)
    for ax, statistic in zip(axes.flat, STATISTICS, strict=True):
        attention.draw_layers(ax, tables, rows, statistic, "O", (rows.steps.iloc[0], paper_steps()))
        fine_tuning.stretch_time(ax)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5))
    return fig
