"""Fine-tuning runs by size or replay weight, as paths through two losses and over time, and the paper's."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import experiment
from pipeline.paper import published
from pipeline.paper.units import PEOPLE
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES
from pipeline.tables.read import Tables

PAPER_PAIRS = 8_192
# group, measure, panel of the paper, label of the axis
COLUMNS = (
    ("known", "loss", "pre_loss", "pre-training loss / baseline"),
    ("known", "accuracy", "pre_acc", "pre-training accuracy"),
    ("new", "loss", "ft_loss", "new {whose} loss / baseline"),
    ("new", "accuracy", "ft_acc", "new {whose} accuracy"),
)
# The toy learns its new pairs beyond what single precision resolves; such losses are drawn here.
LEAST_LOSS = 1e-6  # of the baseline
TICKS = (0, 0.03, 0.1, 0.25, 0.5, 1)


@dataclass(frozen=True)
class Sweep:
    """Runs of one experiment that differ in one ratio, and the names of the paper's curves by its value.

    column: "share" (new people / pre-training people) or "weight" (of a replayed person). prefix: of the
    panels that the paper's curves are in. The toy has pairs instead of people.
    """

    rows: pd.DataFrame
    column: str
    title: str
    paper: dict[float, str]
    prefix: str
    who: str = "people"

    def of_paper(self, panel: str, measure: str, name: str) -> tuple[averages.Array, averages.Array]:
        """Shares of the run (S,) and values (S,) of a curve of the paper's, losses over its baseline."""
        curve = published.curve(f"{self.prefix}_{panel}", name)
        over = published.baseline() if self.who == "people" else published.toy_baseline()
        return curve.steps / curve.steps[-1], curve.relative(measure, over)

    @property
    def whose(self) -> str:
        return f"{self.who}'" if self.who.endswith("s") else f"{self.who}'s"

    @property
    def read_out(self) -> str:
        """The toy's read-out, as words."""
        return str(self.rows.read_out.iloc[0]).replace("_", " ")

    @property
    def colours(self) -> dict[float, tuple]:
        return style.colours(self.rows[self.column], self.paper, log=True)

    def settings(self) -> Iterator[tuple[str, tuple, pd.DataFrame]]:
        """Label, colour and runs (one a seed) of each value, ascending."""
        for value, runs in self.rows.groupby(self.column):
            if self.column == "share":
                label = f"{numbers.short(runs.new.iloc[0])} ({numbers.ratio(value)})"
            else:
                label = numbers.ratio(value)
            yield label, self.colours[value], runs

    def paper_entry(self, ax: Axes) -> None:
        """Legend entry for the paper's curves."""
        low, high = min(self.paper), max(self.paper)
        style.paper_entry(ax, f"paper, {numbers.ratio(low)} to {numbers.ratio(high)}")


def paper_steps() -> float:
    """Length of the paper's fine-tuning runs, steps."""
    return float(published.curve("N_pre_loss", "1k").steps[-1])


def sizes(tables: Tables) -> Sweep:
    """No replay, by the number of new people."""
    rows = experiment(tables, "finetune_sizes")
    names = ("1k", "2k", "4k", "8k", "16k")
    return Sweep(
        rows.assign(share=rows.new / rows.individuals),
        "share",
        "No replay: new people (ratio to known)",
        {published.number(name) / PEOPLE: name for name in names},
        "N",
    )


def replay(tables: Tables) -> Sweep:
    """Replay of pre-training people, by weight."""
    rows = experiment(tables, "finetune_replay")
    names = ("1/32", "1/16", "1/8", "1/4", "1/2", "1", "2")
    title = f"Replay, {numbers.short(rows.new.iloc[0])} new people: weight"
    paper = {published.number(name): name for name in names}
    return Sweep(rows, "weight", title, paper, "N_replay")


def toy_sizes(tables: Tables) -> list[Sweep]:
    """The toy without replay, by the number of new pairs; one sweep a read-out."""
    rows = experiment(tables, TOY_SIZES)
    paper = {published.number(name) / PAPER_PAIRS: name for name in published.names("R_pre_loss")}
    title = "no replay: new pairs (ratio to old)"
    return _by_read_out(rows.assign(share=rows.new / rows.individuals), "share", title, paper, "R")


def toy_replay(tables: Tables) -> list[Sweep]:
    """The toy with replay of old pairs, by weight; one sweep a read-out."""
    rows = experiment(tables, TOY_REPLAY)
    paper = {published.number(name): name for name in published.names("R_replay_pre_loss")}
    title = f"replay, {numbers.short(rows.new.iloc[0])} new pairs: weight"
    return _by_read_out(rows, "weight", title, paper, "R_replay")


def _by_read_out(
    rows: pd.DataFrame, column: str, title: str, paper: dict[float, str], prefix: str
) -> list[Sweep]:
    names = {name: name.replace("_", " ").capitalize() for name in rows.read_out.unique()}
    return [
        Sweep(runs, column, f"{names[name]}; {title}", paper, prefix, "pairs")
        for name, runs in rows.groupby("read_out")
    ]


def _seed_curves(
    tables: Tables, runs: pd.DataFrame, group: str, measure: str
) -> tuple[averages.Array, averages.Array]:
    """steps (S,) and values (seeds, S), of losses LEAST_LOSS or more."""
    steps, values = averages.seed_curves(tables, runs, group, measure)
    return steps, np.maximum(values, LEAST_LOSS) if measure == "loss" else values


def draw_paths(ax: Axes, tables: Tables, sweep: Sweep) -> None:
    """Losses on old and on new people over the run, as a path from a grey dot (Figure 5 middle, right)."""
    colours = sweep.colours
    for label, colour, runs in sweep.settings():
        old, new = (_seed_curves(tables, runs, group, "loss")[1] for group in ("known", "new"))
        for x, y in zip(old, new, strict=True):
            ax.plot(x, y, color=colour, **style.SEED)
        x, y = (averages.average(values, log=True).centre for values in (old, new))
        ax.plot(x, y, color=colour, label=label)
        ax.plot(x[0], y[0], "o", color="0.5", markersize=6, zorder=5)
    for value, name in sweep.paper.items():
        x, y = (sweep.of_paper(panel, "loss", name)[1] for panel in ("pre_loss", "ft_loss"))
        style.draw_paper(ax, x, y, color=colours[value], label="_")
        ax.plot(x[0], y[0], "o", color="0.5", markersize=6, markerfacecolor="white", zorder=5)
    sweep.paper_entry(ax)
    ax.plot([], [], "o", color="0.5", markersize=6, label="start (open: paper)")
    style.baseline(ax)
    style.baseline(ax, vertical=True)
    style.plain_log(ax, "xy")
    ax.set(
        xlabel=f"loss on pre-training {sweep.who} / baseline", ylabel=f"loss on new {sweep.who} / baseline"
    )
    style.legend_above(ax, sweep.title, columns=2)


def stretch_time(ax: Axes) -> None:
    """Time as a share of fine-tuning, wide at the start, where old facts are lost."""
    ax.set_xscale("function", functions=(lambda t: np.sqrt(np.maximum(t, 0)), np.square))
    ax.set_xticks(TICKS, [f"{t:g}" for t in TICKS])
    ax.set(xlim=(0, 1), xlabel="share of fine-tuning (√ axis)")


def draw_curves(row: Sequence[Axes], tables: Tables, sweep: Sweep) -> None:
    """Loss and accuracy on old and on new people over time, in four panels (Figure N)."""
    for ax, (group, measure, panel, ylabel) in zip(row, COLUMNS, strict=True):
        for value, name in sweep.paper.items():
            x, y = sweep.of_paper(panel, measure, name)
            style.draw_paper(ax, x, y, color=sweep.colours[value], label="_")
        for label, colour, runs in sweep.settings():
            steps, values = _seed_curves(tables, runs, group, measure)
            mean = averages.average_of(measure, values)
            style.draw_average(ax, steps / steps[-1], mean, color=colour, label=label)
        style.measure_axis(ax, measure)
        stretch_time(ax)
        ax.set_ylabel(ylabel.format(whose=sweep.whose))
    sweep.paper_entry(row[-1])
    style.legend_beside(row[-1], re.sub(r"([:;]) ", r"\1\n", sweep.title))
