"""Figure S: groups of people that come one after the other, under a cosine schedule."""

from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import selection, windows


def facts(tables: Tables) -> dict[str, str]:
    shown = windows.settings(tables, "sequential", "groups")
    rows = shown[-1][1]
    return {
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{windows.PAPER_STEPS:,}",
        "seeds": selection.seeds_sentence(*(runs for _, runs in shown)),
    }


def draw(tables: Tables) -> Figure:
    shown = windows.settings(tables, "sequential", "groups")
    return windows.draw(tables, shown, "S", "{} groups")
