"""What Figures 5 and N share: fine-tuning runs grouped by size or replay weight, beside the paper's."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from pipeline.analysis.tables import Tables
from pipeline.figures import selection, style

PAPER_INDIVIDUALS = 64_000


@dataclass(frozen=True)
class Sweep:
    """Runs of one experiment that differ in one ratio, and the names of the paper's curves by its value.

    column: "share" (new people / pre-training people) or "weight" (of a replayed person).
    """

    rows: pd.DataFrame
    column: str
    title: str
    paper: dict[float, str]
    trajectory: str
    prefix: str

    @property
    def colours(self) -> dict[float, tuple]:
        return style.colours(self.rows[self.column], self.paper, log=True)

    def settings(self) -> Iterator[tuple[str, tuple, pd.DataFrame]]:
        """Label, colour and runs (one a seed) of each value, ascending."""
        for value, runs in self.rows.groupby(self.column):
            if self.column == "share":
                label = f"{selection.short(runs.new.iloc[0])} ({selection.ratio(value)})"
            else:
                label = selection.ratio(value)
            yield label, self.colours[value], runs

    @property
    def paper_label(self) -> str:
        low, high = min(self.paper), max(self.paper)
        return f"paper, {selection.ratio(low)} to {selection.ratio(high)}"


def _number(text: str) -> float:
    """ "16k" -> 16000, "1/8" -> 0.125."""
    if text.endswith("k"):
        return 1000 * float(text[:-1])
    over, _, under = text.partition("/")
    return float(over) / float(under or 1)


def sizes(tables: Tables) -> Sweep:
    """No replay, by the number of new people."""
    rows = selection.experiment(tables, "finetune_sizes")
    names = ("1k", "2k", "4k", "8k", "16k")
    return Sweep(
        rows.assign(share=rows.new / rows.individuals),
        "share",
        "No replay: new people (ratio to known)",
        {_number(name) / PAPER_INDIVIDUALS: name for name in names},
        "5_mid",
        "N",
    )


def replay(tables: Tables) -> Sweep:
    """Replay of pre-training people, by weight."""
    rows = selection.experiment(tables, "finetune_replay")
    names = ("1/32", "1/16", "1/8", "1/4", "1/2", "1", "2")
    title = f"Replay, {selection.short(rows.new.iloc[0])} new people: weight"
    return Sweep(rows, "weight", title, {_number(n): n for n in names}, "5_right", "N_replay")
