"""The distributions that people are drawn from in training: one class a kind."""

import itertools
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline.config.frozen import Frozen


class Uniform(Frozen):
    kind: Literal["uniform"] = "uniform"


class PowerLaw(Frozen):
    """p(i) proportional to i^-alpha, i = 1..N (alpha = 1 is Zipf)."""

    kind: Literal["power_law"]
    alpha: NonNegativeFloat


class Celebrities(Frozen):
    """The first `count` individuals are `weight` times more likely than each other one."""

    kind: Literal["celebrities"]
    count: PositiveInt
    weight: PositiveFloat


class WarmUp(Frozen):
    """Uniform over the first `subset` individuals for `steps` steps, then uniform over all."""

    kind: Literal["warm_up"]
    subset: PositiveInt
    steps: PositiveInt


class Replay(Frozen):
    """Fine-tuning: each of the `new` first unseen people has weight 1, each pre-training one `weight`."""

    kind: Literal["replay"]
    new: PositiveInt
    weight: NonNegativeFloat = 0.0


class Sequential(Frozen):
    """The population in `groups` equal parts, one after the other, `repeats` times; uniform within a group.

    Each visit takes an equal share of the run (paper, appendix B.2; Figures S to X).
    """

    kind: Literal["sequential"]
    groups: int = Field(ge=2, le=1024)
    repeats: int = Field(default=1, ge=1, le=1024)

    def parts(self, individuals: int) -> list[tuple[int, int]]:
        """The groups, as (first, count) of individuals, in the order in which they first come."""
        size = individuals // self.groups
        return [(k * size, size) for k in range(self.groups)]


class Growing(Frozen):
    """Uniform over the first `subset` individuals, then over ever more: `stages` equal additions, evenly
    spaced, make it the whole population from step `until` on (the paper tells of one, without numbers)."""

    kind: Literal["growing"]
    subset: PositiveInt
    until: PositiveInt
    stages: int = Field(ge=1, le=1024)

    def parts(self, individuals: int) -> list[tuple[int, int]]:
        """The subset and each addition, as (first, count) of individuals."""
        more = individuals - self.subset
        ends = [0, *(self.subset + k * more // self.stages for k in range(self.stages + 1))]
        return [(first, end - first) for first, end in itertools.pairwise(ends)]


class Seen(Frozen):
    """Fine-tuning: uniform over the pre-training people skip .. skip + count - 1 (paper, Fig P)."""

    kind: Literal["seen"]
    skip: NonNegativeInt
    count: PositiveInt


Distribution = Annotated[
    Uniform | PowerLaw | Celebrities | WarmUp | Replay | Seen | Sequential | Growing,
    Field(discriminator="kind"),
]
