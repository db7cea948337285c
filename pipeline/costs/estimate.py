"""What experiments cost, by formula, before anything is trained; and how long that takes at a known rate."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import run as cfg
from pipeline.config.experiments import TOY, Params, toys
from pipeline.config.scales import DEFAULT
from pipeline.costs.units import Found
from pipeline.data import source, tokenizer
from pipeline.data.drawing import draw
from pipeline.store.artefacts import ArtefactError
from pipeline.store.current import Survey
from pipeline.store.plan import shares
from pipeline.training.cost import evaluation_flops_of, flops_of, tokens_of, weights_of

if TYPE_CHECKING:
    import pandas as pd

_PEOPLE = 1000  # that the mean length of a biography is taken over


def amount(value: float) -> str:
    """A large count with its unit prefix: 2900000 -> 2.9 M."""
    for factor, prefix in ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"


@dataclass(frozen=True)
class Cost:
    """Of some runs: steps of training, tokens trained on, FLOP of training and of all measurements."""

    runs: int = 0
    steps: int = 0
    tokens: float = 0.0
    flops: float = 0.0
    evaluation_flops: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def all_flops(self) -> float:
        return self.flops + self.evaluation_flops


@dataclass(frozen=True)
class Rate:
    """Training FLOP a second of a process (a CPU core or a GPU), and whose: measured, by `runs` runs."""

    flops: float
    device: str
    runs: int

    def hours(self, cost: Cost) -> float:
        """Expected process-hours."""
        return cost.all_flops / self.flops / 3600

    def __str__(self) -> str:
        return f"{amount(self.flops)}FLOP/s a process ({self.device}, measured in {self.runs} runs)"


@functools.cache
def _drawn(population: cfg.Population) -> tuple[int, dict[str, float]]:
    """Tokens of the vocabulary, and what a population says of its mean lengths in tokens."""
    spelled = tokenizer.train(source.schema(population), population.vocabulary)
    people = draw(population, 0, spelled)
    return people.vocabulary, people.meta


def _few(run: cfg.RunConfig) -> cfg.Population:
    """People of the run, no more than their mean lengths take: the same for all sizes of a scale."""
    who = run.population
    most = who.pools.given_names**2 * who.pools.surnames // 4 if who.pools else who.individuals
    return who.model_copy(update={"individuals": min(_PEOPLE, most), "unseen": 1})


def _size(run: cfg.RunConfig) -> tuple[int, float]:
    """Tokens of the vocabulary, and of a mean biography."""
    vocabulary, lengths = _drawn(_few(run))
    return vocabulary, lengths["tokens_per_biography"]


def tokens(run: cfg.RunConfig) -> dict[str, Found]:
    """Tokens of a mean name and of a mean value, by their keys in units.yaml, by training a tokenizer."""
    _, lengths = _drawn(_few(run))
    return {f"tokens_a_{what}": Found((lengths[f"tokens_per_{what}"],)) for what in ("name", "value")}


def parameters_of(run: cfg.RunConfig) -> int:
    """Of its model, the norms' gains left out."""
    return weights_of(run.model, _size(run)[0])


def of_run(run: cfg.RunConfig) -> Cost:
    size = _size(run)
    return Cost(
        runs=1,
        steps=run.training.steps - run.first_step,
        tokens=tokens_of(run, size[1]),
        flops=flops_of(run, *size),
        evaluation_flops=evaluation_flops_of(run, *size),
    )


def of_experiments(params: Params) -> dict[str, Cost]:
    """Cost of each experiment. A run of several is counted once: with the first that asks for it, else with
    the first that has it as a base. The toy, minutes at any scale, is left out."""
    return {
        name: sum((of_run(run) for run in runs.values()), Cost())
        for name, runs in shares(params).items()
        if name != TOY
    }


def to_do(params: Params, found: Survey) -> dict[str, Cost]:
    """As `of_experiments`, of the runs that are not there or not up to date."""
    return {
        name: sum((of_run(run) for run in missing), Cost())
        for name, runs in shares(params).items()
        if (missing := [run for run in runs.values() if not found.is_current("runs", run.id)])
    }


def rate(runs: pd.DataFrame) -> Rate | None:
    """The rate of the tables' runs (`Tables.runs`), on the device that most of them had; None without any."""
    known = runs.dropna(subset=["flops", "seconds", "device"])
    if known.empty:
        return None
    device = known.device.mode()[0]
    mine = known[known.device == device]
    seconds = (mine.seconds - mine.seconds_evaluating.fillna(0)) * mine.processes
    return Rate(mine.flops.sum() / seconds.sum(), device, len(mine))


def rows(costs: Mapping[str, Cost], at: Rate | None) -> Iterable[tuple[str, list[str]]]:
    """Name and cells of each experiment, and of their sum: as in HEADER."""
    for name, cost in [*costs.items(), ("total", sum(costs.values(), Cost()))]:
        yield (
            name,
            [
                f"{cost.runs:,}",
                f"{cost.steps:,}",
                amount(cost.tokens),
                amount(cost.flops),
                amount(cost.evaluation_flops),
                f"{at.hours(cost):,.3g}" if at else "unknown",
            ],
        )


HEADER = ("runs", "steps", "tokens", "FLOP", "of evaluation", "process-hours")


def measured_rate(tables: Path) -> Rate | None:
    """As `rate`, of all tables in a folder; None where there are none that can be read."""
    from pipeline.tables.read import Tables  # pandas is loaded where a rate is asked for only

    try:
        return rate(Tables.read(tables).runs)
    except ArtefactError:
        return None


def table(params: Params, found: Survey) -> str:
    """Lines on what is to be trained of the experiments of `params`; none when all of it is up to date."""
    costs = to_do(params, found)
    toy = [run for run in toys(params) if not found.is_current("toy", run)]
    lines = []
    if costs:
        at = measured_rate(found.results / "tables")
        if at is None and params.on_facts:  # a user's table has the default scale's model
            at = measured_rate(found.results.parent / DEFAULT / "tables")
        cells = [("Not trained yet", list(HEADER)), *rows(costs, at)]
        widths = [max(map(len, column)) for column in zip(*(row for _, row in cells), strict=True)]
        first = max(len(name) for name, _ in cells)
        lines += [
            "  ".join([name.ljust(first), *(c.rjust(w) for c, w in zip(row, widths, strict=True))])
            for name, row in cells
        ]
        lines += [f"at {at}" if at else "process-hours: no run of this scale has told a rate yet"]
    if toy:
        lines += [f"and {len(toy)} seed{'s' * (len(toy) > 1)} of the toy memory, minutes each"]
    return "".join(f"{line}\n" for line in lines)
