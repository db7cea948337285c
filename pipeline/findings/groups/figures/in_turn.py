"""Figure S: groups of people that come one after the other, under a cosine schedule."""

from matplotlib.figure import Figure

from pipeline.findings import averages
from pipeline.findings.groups import panels
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    shown = panels.settings(tables, "sequential", "groups")
    rows = shown[-1][1]
    return {
        "individuals": f"{rows.individuals.iloc[0]:,}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{panels.PAPER_STEPS:,}",
        "seeds": averages.seeds_sentence(*(runs for _, runs in shown)),
    }


def draw(tables: Tables) -> Figure:
    shown = panels.settings(tables, "sequential", "groups")
    return panels.draw(tables, shown, "S", "{} groups")
