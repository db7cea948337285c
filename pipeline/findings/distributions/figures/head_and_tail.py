"""Whose frequency sets the length of the plateau, and whose the speed of learning after it."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import MissingExperimentError, experiment
from pipeline.findings.distributions.head_and_tail import SWEEPS, exponents, frequencies, sweep
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

PARTS = {"head": "frequent", "tail": "rare"}
MEASURES = {
    "plateau": ("end of the plateau", style.BLUE, "o"),
    "learning": ("from there to half", style.ORANGE, "s"),
}


def sweeps(tables: Tables) -> dict[str, pd.DataFrame]:
    """Runs in which the frequency of a part varies alone, by the part."""
    experiment(tables, "head_and_tail")
    rows = frequencies(tables)
    found = {part: sweep(rows, part) for part in SWEEPS}
    if any(runs.empty for runs in found.values()):
        raise MissingExperimentError("head_and_tail does not vary the frequency of head and tail alone")
    return found


def facts(tables: Tables) -> dict[str, str]:
    found = sweeps(tables)
    told = []
    for part, runs in found.items():
        both = [
            f"{name} {Interval.mean(exponents(runs, part, measure)):.2f}"
            for measure, (name, *_) in MEASURES.items()
        ]
        told.append(f"as {PARTS[part]} people become rarer, {', '.join(both)}")
    every = pd.concat(found.values()).drop_duplicates("run")
    return {
        "exponents": "; ".join(told),
        "share": f"{(every['count'] * every['head']).mean():.2g}",
        "steps": f"{every.steps.iloc[0]:,}",
        "seeds": f"Not in the paper. {averages.seeds_sentence(every)}",
    }


def _scaling(ax: Axes, runs: pd.DataFrame, part: str) -> None:
    for measure, (name, colour, marker) in MEASURES.items():
        groups = [(1 / one[part].iloc[0], one[measure].to_numpy()) for _, one in runs.groupby("case")]
        groups.sort(key=lambda group: group[0])
        means = [Interval.geometric(values) for _, values in groups]
        look: dict[str, Any] = {"fmt": f"{marker}-", "color": colour, "label": name}
        style.error_bars(ax, [x for x, _ in groups], means, **look)
    style.plain_log(ax, "xy")
    ax.set_xticks([x for x, _ in groups], [f"{x:,.0f}" for x, _ in groups])
    ax.set(xlabel=f"1 / frequency of one of the {PARTS[part]} people", ylabel="steps")
    style.legend_above(ax, "Rare people: steps", columns=1)


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 3, 15, 8.6)
    for row, (part, runs) in zip(axes, sweeps(tables).items(), strict=True):
        (other,) = set(PARTS.values()) - {PARTS[part]}
        tints = style.colours(1 / runs[part], log=True)
        for ax, measure in zip(row, ("loss", "accuracy"), strict=False):
            for _, one in sorted(runs.groupby("case"), key=lambda entry: -entry[1][part].iloc[0]):
                rarity = 1 / one[part].iloc[0]
                steps, mean = averages.mean_curve(tables, one, "tail", measure)
                style.draw_average(ax, steps, mean, color=tints[rarity], label=f"1 in {rarity:,.0f}")
            if measure == "loss":
                style.baseline(ax)
                style.plain_log(ax)
                ax.set_ylabel("rare people: loss / baseline")
            else:
                ax.axhline(0.5, color=style.GREY, linewidth=1, zorder=1)
                ax.set_ylabel("rare people: accuracy")
            ax.set_xlabel("training step")
            style.legend_above(ax, f"A {PARTS[part]} person's frequency, {other} ones' kept")
        _scaling(row[2], runs, part)
    return fig
