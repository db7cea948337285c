"""Figure U: many groups of people under a cosine schedule."""

from matplotlib.figure import Figure

from pipeline.analysis.tables import Tables
from pipeline.figures import selection, windows


def facts(tables: Tables) -> dict[str, str]:
    rows = selection.experiment(tables, "many_groups")
    groups = int(rows.groups.iloc[0])
    final = [
        tables.curve(run, f"group-{k}").accuracy.iloc[-1] for run in rows.run for k in range(1, groups + 1)
    ]
    return {
        "groups": f"{groups}",
        "size": selection.short(rows.individuals.iloc[0] / groups),
        "highest": f"{max(final):.2g}",
        "seeds": selection.seeds_sentence(rows) + windows.HELD_BACK,
    }


def draw(tables: Tables) -> Figure:
    shown = windows.settings(tables, "many_groups", "groups")
    return windows.draw(tables, shown, "U", "{} groups")
