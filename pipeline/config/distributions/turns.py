"""Distributions over groups of people that come in turn, join one after the other, or leave."""

import itertools
from typing import ClassVar, Literal

from pydantic import Field, PositiveInt

from pipeline.config.distributions.kind import (
    Kind,
    Learned,
    Part,
    Weights,
    at_most,
    equal_parts,
    indicator,
    within,
)
from pipeline.config.population import Population


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
        within("until", self.until, steps)
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


class Leaving(Kind):
    """Uniform over all, and from step `until` on over all but the first `count` individuals, who are never
    shown again. Ours: is what was seen on the plateau retained?"""

    kind: Literal["leaving"]
    count: PositiveInt
    """[people] Who leave."""
    until: PositiveInt
    """[step] From which they are not shown."""
    LABELS: ClassVar[dict[str, str]] = {"count": "count", "until": "until"}

    def check(self, people: Population, steps: int) -> None:
        at_most("count", self.count, people.individuals - 1, "individuals but one")
        within("until", self.until, steps)

    @property
    def slug(self) -> str:
        return f"leaving{self.count}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        rest = indicator(people, self.count, individuals - self.count)
        return [(0, indicator(people, 0, individuals)), (self.until, rest)]

    def parts(self, individuals: int) -> dict[str, Part]:
        return {"left": (0, self.count), "stayed": (self.count, individuals - self.count)}
