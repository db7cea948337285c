"""Fine-tuning over time, without replay by size and with replay by weight."""

from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.fine_tuning import panels
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    sizes, replay = panels.sizes(tables).rows, panels.replay(tables).rows
    return {
        "steps": " or ".join(f"{s:,}" for s in sorted({*sizes.steps, *replay.steps})),
        "paper_steps": f"{panels.paper_steps():,.0f}",
        "new": numbers.short(replay.new.iloc[0]),
        "seeds": averages.seeds_sentence(sizes, replay),
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 4, 16, 7.2)
    for row, sweep in zip(axes, (panels.sizes(tables), panels.replay(tables)), strict=True):
        panels.draw_curves(row, tables, sweep)
    return fig
