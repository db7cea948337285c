"""A scale's numbers without a unit beside the paper's, and what the project requires of them: units.yaml.

Those here need a plan only, and import no torch and no pandas: `snakemake -n` prints them.
`pipeline.costs.measured` has those that need tables.
"""

import functools
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, model_validator

from pipeline.config import strict_yaml
from pipeline.config.distributions import Celebrities, Replay, WarmUp
from pipeline.config.experiments import Params, PlannedRun, expand
from pipeline.config.frozen import Frozen
from pipeline.paper import units as paper
from pipeline.store.plan import names, only

FILE = Path(__file__).with_name("units.yaml")
DASH = "–"
_WORDS = {True: "met", False: "not met", None: "not measured"}


class Need(Frozen):
    """What a scale's number must be. reach: its settings span from `low` or less to `high` or more."""

    low: float | None = None
    high: float | None = None
    reach: bool = False

    @model_validator(mode="after")
    def _bounded(self) -> "Need":
        known = [bound for bound in (self.low, self.high) if bound is not None]
        if len(known) < (2 if self.reach else 1):
            raise ValueError("needs: given no bound, allowed: low, high or both; with reach, both")
        return self

    def met(self, values: Iterable[float]) -> bool:
        given = sorted(values)
        low = -float("inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if self.reach:
            return given[0] <= low and high <= given[-1]
        return all(low <= value <= high for value in given)


class Number(Frozen):
    """One of units.yaml, which says what its keys mean."""

    name: str = Field(min_length=1)
    source: str = Field(min_length=1)
    fraction: bool = False
    needs: dict[str, Need] = Field(default_factory=dict)

    def text(self, values: Sequence[float]) -> str:
        return ", ".join(map(self._one, values))

    def span(self, values: Sequence[float]) -> str:
        """The same in short: of several values the first and the last."""
        return self.text(values) if len(values) < 3 else f"{self._one(values[0])} to {self._one(values[-1])}"

    def _one(self, value: float) -> str:
        if self.fraction and value and (1 / value).is_integer():
            return f"1/{1 / value:.0f}" if value < 1 else "1"
        if value >= 100:
            return f"{value:,.0f}"
        return f"{value:.4g}" if 0.99 < value < 1 else f"{value:.3g}"

    def need(self, need: Need) -> str:
        low, high = (None if bound is None else self._one(bound) for bound in (need.low, need.high))
        if need.reach:
            return f"from {low} or less to {high} or more"
        if low is None:
            return f"at most {high}"
        return f"at least {low}" if high is None else f"{low} to {high}"


@dataclass(frozen=True)
class Found:
    """A number of a scale: one value, or one a setting, ascending. text: how it is shown, if not by these."""

    values: tuple[float, ...]
    text: str = ""


@dataclass(frozen=True)
class Row:
    """A number as tables show it. ours: a dash where it is not known. needs: empty where nothing is required;
    met: None there, and where it is not known."""

    key: str
    name: str
    ours: str
    paper: str
    needs: str
    met: bool | None
    source: str

    @property
    def verdict(self) -> str:
        """What is required, and whether it is so, in words; empty where nothing is required."""
        if not self.needs:
            return ""
        return f"needs {self.needs}: {_WORDS[self.met]}"


@functools.cache
def load() -> dict[str, Number]:
    """Every number by its key, in the order of the file."""
    return {key: Number.model_validate(entry) for key, entry in strict_yaml.read(FILE).items()}


def _settings(values: Iterable[float]) -> Found:
    return Found(tuple(sorted(set(values))))


def _of_families(planned: list[PlannedRun], people: int) -> dict[str, Found]:
    """Shares of people and of the run that are treated apart, at the default number of people."""
    runs = [p.config for p in planned if p.config.population.individuals == people]
    warm = [(run, run.distribution) for run in runs if isinstance(run.distribution, WarmUp)]
    found = {
        "celebrities": [
            run.distribution.count / people for run in runs if isinstance(run.distribution, Celebrities)
        ],
        "subset": [kind.subset / people for _, kind in warm],
        "warm_up": [kind.steps / run.training.steps for run, kind in warm],
    }
    return {key: _settings(values) for key, values in found.items() if values}


def _of_fine_tuning(planned: list[PlannedRun]) -> dict[str, Found]:
    """Of fine-tuning on new people alone, by their number."""
    runs = [
        (p.config, p.config.base, p.config.distribution.new)
        for p in planned
        if p.config.base and isinstance(p.config.distribution, Replay)
    ]
    found = {
        "new_a_batch": [new / run.training.batch for run, _, new in runs],
        "new_of_old": [new / base.population.individuals for _, base, new in runs],
        "tuning_rate": [run.training.learning_rate / base.training.learning_rate for run, base, _ in runs],
        "tuning_batch": [run.training.batch / base.training.batch for run, base, _ in runs],
    }
    return {key: _settings(values) for key, values in found.items() if values}


def planned(params: Params) -> dict[str, Found]:
    """The numbers that need no measurement, by key, of the default run (the first one planned), of the
    experiments `finetune_sizes`, `celebrities` and `warm_up`; those of experiments that the scale lacks are
    left out."""

    def of(*experiments: str) -> list[PlannedRun]:
        return expand(only(params, experiments))

    default = of(names(params)[0])[0].config
    people, training = default.population.individuals, default.training
    return {
        "people_a_batch": Found((people / training.batch,)),
        "biographies": Found((training.steps * training.batch / people,)),
        "layers": Found((default.model.layers,)),
        "rate": Found((training.learning_rate,)),
        **_of_fine_tuning(of("finetune_sizes")),
        **_of_families(of("celebrities", "warm_up"), people),
    }


def rows(scale: str, found: Mapping[str, Found]) -> list[Row]:
    """All numbers in the order of units.yaml, those that are not `found` with a dash."""
    theirs = paper.values()
    out = []
    for key, number in load().items():
        ours, need = found.get(key), number.needs.get(scale)
        out.append(
            Row(
                key=key,
                name=number.name,
                ours=(ours.text or number.text(ours.values)) if ours else DASH,
                paper=number.text(theirs[key]),
                needs=number.need(need) if need else "",
                met=need.met(ours.values) if need and ours else None,
                source=number.source,
            )
        )
    return out


def summary(scale: str, params: Params) -> str:
    """The numbers that need no measurement in a few lines, the paper's in brackets."""
    found, theirs, told = planned(params), paper.values(), []
    for row in rows(scale, found):
        if row.key in found:
            number = load()[row.key]
            ours = number.span(found[row.key].values)
            told.append(f"{row.name} {ours} ({number.span(theirs[row.key])})")
            told[-1] += f", {row.verdict}" if row.met is False else ""
    text = f"Beside the paper, in brackets: {'; '.join(told)}"
    lines = textwrap.wrap(text, 110, subsequent_indent="  ", break_on_hyphens=False)
    return "".join(f"{line}\n" for line in lines)
