"""Figure V: two groups of people that alternate."""

from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import selection, windows


def facts(tables: Tables) -> dict[str, str]:
    shown = windows.settings(tables, "alternating", "repeats")
    rows = shown[-1][1]
    return {
        "size": f"{rows.individuals.iloc[0] // 2:,}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{windows.PAPER_STEPS:,}",
        "seeds": selection.seeds_sentence(*(runs for _, runs in shown)),
    }


def draw(tables: Tables) -> Figure:
    shown = windows.settings(tables, "alternating", "repeats")
    return windows.draw(tables, shown, "V", "{} visits to each of 2 groups")
