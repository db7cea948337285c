"""Figure U: many groups of people under a cosine schedule."""

from matplotlib.figure import Figure

from pipeline.findings import averages
from pipeline.findings.groups import panels
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    rows = averages.experiment(tables, "many_groups")
    groups = int(rows.groups.iloc[0])
    final = [
        tables.curve(run, f"group-{k}").accuracy.iloc[-1] for run in rows.run for k in range(1, groups + 1)
    ]
    return {
        "groups": f"{groups}",
        "size": averages.short(rows.individuals.iloc[0] / groups),
        "highest": f"{max(final):.2g}",
        "seeds": averages.seeds_sentence(rows) + panels.HELD_BACK,
    }


def draw(tables: Tables) -> Figure:
    shown = panels.settings(tables, "many_groups", "groups")
    return panels.draw(tables, shown, "U", "{} groups")
