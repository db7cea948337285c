"""Figure N: fine-tuning over time, without replay by size and with replay by weight."""

import numpy as np
from matplotlib.figure import Figure

from pipeline.analysis import reference
from pipeline.analysis.tables import Tables
from pipeline.figures import fine_tuning, selection, style

# group, measure, panel of the paper, label of the axis
COLUMNS = (
    ("known", "loss", "pre_loss", "pre-training loss / baseline"),
    ("known", "accuracy", "pre_acc", "pre-training accuracy"),
    ("new", "loss", "ft_loss", "new people's loss / baseline"),
    ("new", "accuracy", "ft_acc", "new people's accuracy"),
)
TICKS = (0, 0.03, 0.1, 0.25, 0.5, 1)


def paper_steps() -> float:
    """Length of the paper's fine-tuning runs, steps."""
    return float(reference.curve("N_pre_loss", "1k").steps[-1])


def facts(tables: Tables) -> dict[str, str]:
    sizes, replay = fine_tuning.sizes(tables).rows, fine_tuning.replay(tables).rows
    return {
        "steps": " or ".join(f"{s:,}" for s in sorted({*sizes.steps, *replay.steps})),
        "paper_steps": f"{paper_steps():,.0f}",
        "new": selection.short(replay.new.iloc[0]),
        "seeds": selection.seeds_sentence(sizes, replay),
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 4, 16, 7.2)
    for row, sweep in zip(axes, (fine_tuning.sizes(tables), fine_tuning.replay(tables)), strict=True):
        for ax, (group, measure, panel, ylabel) in zip(row, COLUMNS, strict=True):
            loss = measure == "loss"
            for value, name in sweep.paper.items():
                paper = reference.curve(f"{sweep.prefix}_{panel}", name)
                y = paper.values / (reference.baseline() if loss else 1.0)
                style.draw_paper(ax, paper.steps / paper.steps[-1], y, color=sweep.colours[value], label="_")
            for label, colour, runs in sweep.settings():
                steps, values = selection.seed_curves(tables, runs, group, measure)
                mean = selection.average(values / (runs.baseline.iloc[0] if loss else 1.0), log=loss)
                style.draw_average(ax, steps / steps[-1], mean, color=colour, label=label)
            if loss:
                style.baseline(ax)
                style.plain_log(ax)
            else:
                ax.set_ylim(-0.03, 1.03)
            ax.set_xscale("function", functions=(lambda t: np.sqrt(np.maximum(t, 0)), np.square))
            ax.set_xticks(TICKS, [f"{t:g}" for t in TICKS])
            ax.set(xlim=(0, 1), xlabel="share of fine-tuning (√ axis)", ylabel=ylabel)
        style.paper_entry(row[-1], sweep.paper_label)
        style.legend_beside(row[-1], sweep.title.replace(": ", ":\n"))
    return fig
