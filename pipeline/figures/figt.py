"""Figure T: groups of people that come one after the other, at a constant learning rate."""

from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import selection, windows


def facts(tables: Tables) -> dict[str, str]:
    shown = windows.settings(tables, "sequential_constant", "groups")
    rows = shown[-1][1]
    return {
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "rate": f"{rows.learning_rate.iloc[0]:g}",
        "seeds": selection.seeds_sentence(*(runs for _, runs in shown)) + windows.HELD_BACK,
    }


def draw(tables: Tables) -> Figure:
    shown = windows.settings(tables, "sequential_constant", "groups")
    return windows.draw(tables, shown, "T", "{} groups")
