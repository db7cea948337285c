"""Distributions of fine-tuning runs."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from pipeline.config.distributions.kind import Kind, Values, Weights, at_most, drawn, indicator
from pipeline.config.population import Population


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


class Narrow(Kind):
    """Fine-tuning on the `new` first unseen people, whose values are all of the first half of each list,
    where those of pre-training have values of both (arXiv 2610.08718, its two halves of values)."""

    kind: Literal["narrow"]
    new: PositiveInt
    """[people] To learn in fine-tuning."""
    LABELS: ClassVar[dict[str, str]] = {"new": "new"}
    FINE_TUNING: ClassVar[bool] = True

    def check(self, people: Population, steps: int) -> None:
        drawn(self.kind, people)
        at_most("new", self.new, people.unseen, "unseen people")

    @property
    def slug(self) -> str:
        return f"finetunenarrow{self.new}"

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, indicator(people, individuals, self.new))]

    def values(self, values: Values, entries: Sequence[int], individuals: int) -> Values:
        half = (np.array(entries, values.dtype) + 1) // 2
        narrow = values.copy()
        narrow[individuals : individuals + self.new] %= half
        return narrow

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
