"""Figure T: groups of people that come one after the other, at a constant learning rate."""

from matplotlib.figure import Figure

from pipeline.findings import averages
from pipeline.findings.groups import panels
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    shown = panels.settings(tables, "sequential_constant", "groups")
    rows = shown[-1][1]
    return {
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "rate": f"{rows.learning_rate.iloc[0]:g}",
        "seeds": averages.seeds_sentence(*(runs for _, runs in shown)) + panels.HELD_BACK,
    }


def draw(tables: Tables) -> Figure:
    shown = panels.settings(tables, "sequential_constant", "groups")
    return panels.draw(tables, shown, "T", "{} groups")
