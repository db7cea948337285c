"""Figure V: two groups of people that alternate."""

from matplotlib.figure import Figure

from pipeline.findings import averages
from pipeline.findings.groups import panels
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    shown = panels.settings(tables, "alternating", "repeats")
    rows = shown[-1][1]
    return {
        "size": f"{rows.individuals.iloc[0] // 2:,}",
        "steps": f"{rows.steps.iloc[0]:,}",
        "paper_steps": f"{panels.PAPER_STEPS:,}",
        "seeds": averages.seeds_sentence(*(runs for _, runs in shown)),
    }


def draw(tables: Tables) -> Figure:
    shown = panels.settings(tables, "alternating", "repeats")
    return panels.draw(tables, shown, "V", "{} visits to each of 2 groups")
