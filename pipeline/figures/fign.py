"""Figure N: fine-tuning over time, without replay by size and with replay by weight."""

from matplotlib.figure import Figure

from pipeline.analysis import reference
from pipeline.analysis.tables import Tables
from pipeline.figures import fine_tuning, selection, style


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
        fine_tuning.draw_curves(row, tables, sweep)
    return fig
