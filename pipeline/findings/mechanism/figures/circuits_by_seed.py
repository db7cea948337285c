"""When the circuit of each seed forms, and when its plateau ends."""

from matplotlib.figure import Figure

from pipeline.findings import style
from pipeline.findings.estimates import Correlation
from pipeline.findings.mechanism.seeds import seeds
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    rows = seeds(tables)
    return {
        "correlation": f"{Correlation.of(rows.circuit, rows.plateau_end).interval:.2g}",
        "seeds": f"A point each of {len(rows)} seeds. The paper compares no seeds.",
    }


def draw(tables: Tables) -> Figure:
    rows = seeds(tables)
    fig, axes = style.new_figure(1, 1, 6.5, 5)
    (ax,) = axes[0]
    ax.scatter(rows.circuit, rows.plateau_end, color=style.BLUE, s=28, zorder=3)
    ax.set_xlabel("step at which attention to the name is half-way up")
    ax.set_ylabel("t(0.99), steps")
    return fig
