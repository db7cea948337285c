"""Distributions that stay as they are."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from pipeline.config.distributions.kind import Kind, Part, Weights, at_most, equal_parts, indicator
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
