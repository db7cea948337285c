"""The distributions that people are drawn from in training: one class a kind.

A kind knows all that the rest asks of it (pipeline/config/kind.py). A new kind is a new class.
"""

import functools
import itertools
import operator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline.config.kind import Kind, Learned, Part, Weights, at_most, equal_parts, indicator
from pipeline.config.population import Population


class Uniform(Kind):
    """Everyone alike."""

    kind: Literal["uniform"] = "uniform"

    @property
    def slug(self) -> str:
        return "uniform"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, indicator(people, 0, individuals))]


class PowerLaw(Kind):
    """p(i) proportional to i^-alpha, i = 1..N (alpha = 1 is Zipf)."""

    kind: Literal["power_law"]
    alpha: NonNegativeFloat
    """The exponent: 0 is uniform, 1 is Zipf's law."""
    LABELS: ClassVar[dict[str, str]] = {"alpha": "α"}

    @property
    def slug(self) -> str:
        # No plus or minus of an exponent: words are parted by dashes.
        return f"powerlaw{self.alpha:g}".replace("+", "").replace("-", "m")

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        p = np.zeros(people)
        p[:individuals] = np.arange(1, individuals + 1, dtype=float) ** -self.alpha
        return [(0, p)]

    def parts(self, individuals: int) -> dict[str, Part]:
        """Tenths, the most frequent people first."""
        return equal_parts("tenth", 10, individuals)


class Frequencies(Kind):
    """In proportion to the frequencies in a table of facts, to a power."""

    kind: Literal["frequencies"]
    power: float = Field(default=1.0, gt=0, le=10)
    """Of the frequencies: below 1 it brings them nearer to each other."""

    def check(self, people: Population, steps: int) -> None:
        if not (people.facts and people.facts.frequencies):
            raise ValueError(
                "distribution.kind is frequencies, allowed: on a population.facts that has a column of them"
            )

    @property
    def slug(self) -> str:
        return f"frequencies{self.power:g}".replace("+", "").replace("-", "m")

    @property
    def of_frequencies(self) -> float:
        return self.power

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, indicator(people, 0, individuals))]

    def parts(self, individuals: int) -> dict[str, Part]:
        """Quarters, the most frequent people first."""
        return equal_parts("quarter", 4, individuals)


class Celebrities(Kind):
    """The first `count` individuals are `weight` times more likely than each other one."""

    kind: Literal["celebrities"]
    count: PositiveInt
    """[people] Celebrities."""
    weight: PositiveFloat
    """[x another's] How often a celebrity is drawn."""
    LABELS: ClassVar[dict[str, str]] = {"count": "count", "weight": "weight"}

    def check(self, people: Population, steps: int) -> None:
        at_most("count", self.count, people.individuals, "individuals")

    @property
    def slug(self) -> str:
        return f"celebrities{self.count}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        p = indicator(people, 0, individuals)
        p[: self.count] = self.weight
        return [(0, p)]

    def parts(self, individuals: int) -> dict[str, Part]:
        if self.count == individuals:
            return {}
        return {"head": (0, self.count), "tail": (self.count, individuals - self.count)}


class WarmUp(Kind):
    """Uniform over the first `subset` individuals for `steps` steps, then uniform over all."""

    kind: Literal["warm_up"]
    subset: PositiveInt
    """[people] Of the warm-up."""
    steps: PositiveInt
    """[steps] Length of the warm-up."""
    LABELS: ClassVar[dict[str, str]] = {"subset": "subset", "warm_up_steps": "steps"}

    def check(self, people: Population, steps: int) -> None:
        at_most("subset", self.subset, people.individuals, "individuals")
        if self.steps >= steps:
            raise ValueError(
                f"distribution.steps is {self.steps}, allowed: less than training.steps = {steps}"
            )

    @property
    def slug(self) -> str:
        return f"warmup{self.subset}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, indicator(people, 0, self.subset)), (self.steps, indicator(people, 0, individuals))]

    def columns(self) -> dict[str, float]:
        return {"subset": self.subset, "warm_up_steps": self.steps}


class Replay(Kind):
    """Fine-tuning: each of the `new` first unseen people has weight 1, each pre-training one `weight`."""

    kind: Literal["replay"]
    new: PositiveInt
    """[people] To learn in fine-tuning."""
    weight: NonNegativeFloat = 0.0
    """[x a new one's] How often each person of pre-training is drawn; 0: none is replayed."""
    LABELS: ClassVar[dict[str, str]] = {"new": "new", "weight": "weight"}
    FINE_TUNING: ClassVar[bool] = True

    def check(self, people: Population, steps: int) -> None:
        at_most("new", self.new, people.unseen, "unseen people")

    @property
    def slug(self) -> str:
        return f"finetune{self.new}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        p = np.zeros(people)
        p[:individuals] = self.weight
        p[individuals : individuals + self.new] = 1.0
        return [(0, p)]

    def new_people(self, unseen: int) -> int:
        return self.new


class Seen(Kind):
    """Fine-tuning: uniform over the pre-training people skip .. skip + count - 1 (paper, Figure P)."""

    kind: Literal["seen"]
    skip: NonNegativeInt
    """[people] Left out, from the first on."""
    count: PositiveInt
    """[people] Fine-tuned on."""
    LABELS: ClassVar[dict[str, str]] = {"skip": "after the first", "count": "count"}
    FINE_TUNING: ClassVar[bool] = True

    def check(self, people: Population, steps: int) -> None:
        if self.skip + self.count > people.individuals:
            raise ValueError(
                f"distribution.skip + count is {self.skip + self.count}, allowed: at most "
                f"{people.individuals}, the population's individuals"
            )

    @property
    def slug(self) -> str:
        return f"finetuneseen{self.count}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, indicator(people, self.skip, self.count))]


class Sequential(Kind):
    """The population in `groups` equal parts, one after the other, `repeats` times; uniform within a group.

    Each visit takes an equal share of the run (paper, appendix B.2; Figures S to X).
    """

    kind: Literal["sequential"]
    groups: int = Field(ge=2, le=1024)
    """[groups] Of equal size."""
    repeats: int = Field(default=1, ge=1, le=1024)
    """[visits] To each group."""
    LABELS: ClassVar[dict[str, str]] = {"groups": "groups", "repeats": "visits"}

    def check(self, people: Population, steps: int) -> None:
        if people.individuals % self.groups:
            raise ValueError(
                f"distribution.groups is {self.groups}, allowed: a divisor of the population's "
                f"{people.individuals} individuals"
            )
        if self.groups * self.repeats > steps:
            raise ValueError(
                f"distribution.groups x repeats is {self.groups * self.repeats}, allowed: at most "
                f"training.steps = {steps}"
            )

    @property
    def slug(self) -> str:
        return f"sequential{self.groups}x{self.repeats}"

    def visits(self, steps: int) -> list[tuple[int, int]]:
        """Which group comes when in a run of `steps`: (first step, group counted from 0), ascending."""
        count = self.groups * self.repeats
        return [(round(k * steps / count), k % self.groups) for k in range(count)]

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        groups = [indicator(people, *part) for part in self.parts(individuals).values()]
        return [(step, groups[group]) for step, group in self.visits(steps)]

    def parts(self, individuals: int) -> dict[str, Part]:
        """The groups, in the order in which they first come."""
        return equal_parts("group", self.groups, individuals)


class Growing(Kind):
    """Uniform over the first `subset` individuals, then over ever more: `stages` equal additions, evenly
    spaced, make it the whole population from step `until` on (the paper tells of one, without numbers)."""

    kind: Literal["growing"]
    subset: PositiveInt
    """[people] At the start."""
    until: PositiveInt
    """[step] From which everyone is there."""
    stages: int = Field(ge=1, le=1024)
    """[additions] Of equal size, evenly spaced."""
    LABELS: ClassVar[dict[str, str]] = {"subset": "subset", "until": "until", "stages": "stages"}

    def check(self, people: Population, steps: int) -> None:
        at_most("subset", self.subset, people.individuals - 1, "individuals but one")
        if self.until >= steps:
            raise ValueError(
                f"distribution.until is {self.until}, allowed: less than training.steps = {steps}"
            )
        # Each addition adds people and has a step to itself.
        most = min(self.until, people.individuals - self.subset)
        if self.stages > most:
            raise ValueError(
                f"distribution.stages is {self.stages}, allowed: at most {most}, the steps and the people to "
                "add"
            )

    @property
    def slug(self) -> str:
        return f"growing{self.subset}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        ends = [first + count for first, count in self.parts(individuals).values()]
        return [(k * self.until // self.stages, indicator(people, 0, end)) for k, end in enumerate(ends)]

    def parts(self, individuals: int) -> dict[str, Part]:
        """The first people and each addition."""
        more = individuals - self.subset
        ends = [0, *(self.subset + k * more // self.stages for k in range(self.stages + 1))]
        return {f"group-{k}": (a, b - a) for k, (a, b) in enumerate(itertools.pairwise(ends), 1)}


class Adaptive(Kind):
    """Uniform over the first `subset` individuals, and over twice as many whenever those so far are known:
    as the mean training loss on their values falls below `known`. No length is tuned: learning sets it."""

    kind: Literal["adaptive"]
    subset: PositiveInt
    """[people] At the start."""
    known: float = Field(gt=0, lt=1)
    """[x b] Mean training loss, over a window of the training log, below which those so far are known."""
    LABELS: ClassVar[dict[str, str]] = {"subset": "subset", "known": "known below"}
    ADAPTS: ClassVar[bool] = True

    def check(self, people: Population, steps: int) -> None:
        at_most("subset", self.subset, people.individuals - 1, "individuals but one")

    @property
    def slug(self) -> str:
        return f"adaptive{self.subset}"

    def sizes(self, learned: Learned, individuals: int) -> list[tuple[int, int]]:
        """From which step on how many individuals are trained on, ascending."""
        out = [(0, self.subset)]
        for step, loss in learned:
            if out[-1][1] < individuals and loss < self.known:
                out.append((step, min(2 * out[-1][1], individuals)))
        return out

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return self.phases_after((), individuals, people, steps)

    def phases_after(
        self, learned: Learned, individuals: int, people: int, steps: int
    ) -> list[tuple[int, Weights]]:
        return [(step, indicator(people, 0, size)) for step, size in self.sizes(learned, individuals)]


KINDS = {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in Kind.__subclasses__()}
LABELS = {name: label for kind in KINDS.values() for name, label in kind.LABELS.items()}  # of all of them

if TYPE_CHECKING:
    Distribution = Kind
else:
    Distribution = Annotated[functools.reduce(operator.or_, KINDS.values()), Field(discriminator="kind")]
