"""The distributions that people are drawn from in training: one class a kind.

A kind knows all that the rest asks of it: what it allows, its word in a run's name, the parts of the people
that it tells apart, whom it draws how often and when, and its columns in tables. A new kind is a new class.
"""

import functools
import itertools
import operator
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline.config.frozen import Frozen
from pipeline.config.population import Population

Weights = NDArray[np.float64]
Part = tuple[int, int]  # the first of some people, and how many they are


class Kind(Frozen):
    """What every kind of distribution answers."""

    kind: str
    # Columns of tables by name, with the words for a reader.
    LABELS: ClassVar[dict[str, str]] = {}
    FINE_TUNING: ClassVar[bool] = False  # of a fine-tuning run, and only there

    def check(self, people: Population, steps: int) -> None:
        """Raises ValueError, in one line, if a run of `steps` on these people cannot have it."""

    @property
    @abstractmethod
    def slug(self) -> str:
        """The word for it in a run's id, of lower-case letters, digits and dots."""

    @abstractmethod
    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        """From which step of a run of `steps` on people are drawn in proportion to which weights (people,),
        ascending from step 0. The first `individuals` are there to pre-train on, the others unseen."""

    def parts(self, individuals: int) -> dict[str, Part]:
        """Parts of the individuals that it tells apart; none where all are alike."""
        return {}

    def new_people(self, unseen: int) -> int:
        """How many of the unseen people count as new: all, or in fine-tuning those that it is on."""
        return unseen

    def columns(self) -> dict[str, float]:
        """Its parameters by column of a table."""
        return {name: getattr(self, name) for name in self.LABELS}


def _at_most(name: str, given: int, most: int, whom: str) -> None:
    if given > most:
        raise ValueError(f"distribution.{name} is {given}, allowed: at most {most}, the population's {whom}")


def _indicator(people: int, first: int, count: int) -> Weights:
    """(people,): 1 for those of a part, else 0."""
    p = np.zeros(people)
    p[first : first + count] = 1.0
    return p


class Uniform(Kind):
    """Everyone alike."""

    kind: Literal["uniform"] = "uniform"

    @property
    def slug(self) -> str:
        return "uniform"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, _indicator(people, 0, individuals))]


class PowerLaw(Kind):
    """p(i) proportional to i^-alpha, i = 1..N (alpha = 1 is Zipf)."""

    kind: Literal["power_law"]
    alpha: NonNegativeFloat
    LABELS: ClassVar[dict[str, str]] = {"alpha": "α"}

    @property
    def slug(self) -> str:
        # No plus or minus of an exponent: words are parted by dashes.
        return f"powerlaw{self.alpha:g}".replace("+", "").replace("-", "m")

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        p = np.zeros(people)
        p[:individuals] = np.arange(1, individuals + 1, dtype=float) ** -self.alpha
        return [(0, p)]


class Celebrities(Kind):
    """The first `count` individuals are `weight` times more likely than each other one."""

    kind: Literal["celebrities"]
    count: PositiveInt
    weight: PositiveFloat
    LABELS: ClassVar[dict[str, str]] = {"count": "count", "weight": "weight"}

    def check(self, people: Population, steps: int) -> None:
        _at_most("count", self.count, people.individuals, "individuals")

    @property
    def slug(self) -> str:
        return f"celebrities{self.count}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        p = _indicator(people, 0, individuals)
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
    steps: PositiveInt
    LABELS: ClassVar[dict[str, str]] = {"subset": "subset", "warm_up_steps": "steps"}

    def check(self, people: Population, steps: int) -> None:
        _at_most("subset", self.subset, people.individuals, "individuals")
        if self.steps >= steps:
            raise ValueError(
                f"distribution.steps is {self.steps}, allowed: less than training.steps = {steps}"
            )

    @property
    def slug(self) -> str:
        return f"warmup{self.subset}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, _indicator(people, 0, self.subset)), (self.steps, _indicator(people, 0, individuals))]

    def columns(self) -> dict[str, float]:
        return {"subset": self.subset, "warm_up_steps": self.steps}


class Replay(Kind):
    """Fine-tuning: each of the `new` first unseen people has weight 1, each pre-training one `weight`."""

    kind: Literal["replay"]
    new: PositiveInt
    weight: NonNegativeFloat = 0.0
    LABELS: ClassVar[dict[str, str]] = {"new": "new", "weight": "weight"}
    FINE_TUNING: ClassVar[bool] = True

    def check(self, people: Population, steps: int) -> None:
        _at_most("new", self.new, people.unseen, "unseen people")

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
    count: PositiveInt
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
        return [(0, _indicator(people, self.skip, self.count))]


class Sequential(Kind):
    """The population in `groups` equal parts, one after the other, `repeats` times; uniform within a group.

    Each visit takes an equal share of the run (paper, appendix B.2; Figures S to X).
    """

    kind: Literal["sequential"]
    groups: int = Field(ge=2, le=1024)
    repeats: int = Field(default=1, ge=1, le=1024)
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
        groups = [_indicator(people, *part) for part in self.parts(individuals).values()]
        return [(step, groups[group]) for step, group in self.visits(steps)]

    def parts(self, individuals: int) -> dict[str, Part]:
        """The groups, in the order in which they first come."""
        size = individuals // self.groups
        return {f"group-{k + 1}": (k * size, size) for k in range(self.groups)}


class Growing(Kind):
    """Uniform over the first `subset` individuals, then over ever more: `stages` equal additions, evenly
    spaced, make it the whole population from step `until` on (the paper tells of one, without numbers)."""

    kind: Literal["growing"]
    subset: PositiveInt
    until: PositiveInt
    stages: int = Field(ge=1, le=1024)
    LABELS: ClassVar[dict[str, str]] = {"subset": "subset", "until": "until", "stages": "stages"}

    def check(self, people: Population, steps: int) -> None:
        _at_most("subset", self.subset, people.individuals - 1, "individuals but one")
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
        return [(k * self.until // self.stages, _indicator(people, 0, end)) for k, end in enumerate(ends)]

    def parts(self, individuals: int) -> dict[str, Part]:
        """The first people and each addition."""
        more = individuals - self.subset
        ends = [0, *(self.subset + k * more // self.stages for k in range(self.stages + 1))]
        return {f"group-{k}": (a, b - a) for k, (a, b) in enumerate(itertools.pairwise(ends), 1)}


KINDS = {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in Kind.__subclasses__()}
LABELS = {name: label for kind in KINDS.values() for name, label in kind.LABELS.items()}  # of all of them

if TYPE_CHECKING:
    Distribution = Kind
else:
    Distribution = Annotated[functools.reduce(operator.or_, KINDS.values()), Field(discriminator="kind")]
