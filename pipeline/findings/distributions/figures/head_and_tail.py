"""Figure HT: whose frequency sets the length of the plateau, and whose the speed of learning after it."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
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
    averages.experiment(tables, "head_and_tail")
    rows = frequencies(tables)
    found = {part: sweep(rows, part) for part in SWEEPS}
    if any(runs.empty for runs in found.values()):
        raise averages.MissingExperimentError(
            "head_and_tail does not vary the frequency of head and tail alone"
        )
    return found


def facts(tables: Tables) -> dict[str, str]:
    found = sweeps(tables)
    told = []
    for part, runs in found.items():
        for measure, (name, *_) in MEASURES.items():
            exponent = Interval.mean(exponents(runs, part, measure))
            told.append(f"{name} with the rarity of {PARTS[part]} people {exponent:.2f}")
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
        means = [averages.average(values, log=True) for _, values in groups]
        centre = np.array([m.centre for m in means])
        low, high = (np.array([getattr(m, bound) for m in means]) for bound in ("low", "high"))
        ax.errorbar(
            [x for x, _ in groups], centre, yerr=np.nan_to_num([centre - low, high - centre]),
            fmt=f"{marker}-", color=colour, capsize=3, label=name,
        )  # fmt: skip
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
            loss = measure == "loss"
            for _, one in sorted(runs.groupby("case"), key=lambda entry: -entry[1][part].iloc[0]):
                rarity = 1 / one[part].iloc[0]
                steps, values = averages.seed_curves(tables, one, "tail", measure)
                mean = averages.average(values / (one.baseline.iloc[0] if loss else 1), log=loss)
                style.draw_average(ax, steps, mean, color=tints[rarity], label=f"1 in {rarity:,.0f}")
            if loss:
                style.baseline(ax)
                style.plain_log(ax)
            else:
                ax.axhline(0.5, color=style.GREY, linewidth=1, zorder=1)
            ax.set(xlabel="training step", ylabel=f"rare people: {measure}" + (" / baseline" if loss else ""))
            style.legend_above(ax, f"A {PARTS[part]} person's frequency, {other} ones' kept")
        _scaling(row[2], runs, part)
    return fig
