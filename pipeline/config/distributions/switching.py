"""Distributions that change once, at a step that is given."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import PositiveInt

from pipeline.config.distributions.kind import Kind, Values, Weights, at_most, drawn, indicator, within
from pipeline.config.population import Population


class Switching(Kind):
    """Uniform over the first `subset` individuals for `steps` steps, then uniform over all."""

    subset: PositiveInt
    """[people] Of the warm-up."""
    steps: PositiveInt
    """[steps] Length of the warm-up."""
    LABELS: ClassVar[dict[str, str]] = {"subset": "subset", "warm_up_steps": "steps"}

    def check(self, people: Population, steps: int) -> None:
        at_most("subset", self.subset, people.individuals, "individuals")
        within("steps", self.steps, steps)

    def phases(self, individuals: int, people: int, steps: int) -> list[tuple[int, Weights]]:
        return [(0, indicator(people, 0, self.subset)), (self.steps, indicator(people, 0, individuals))]

    def columns(self) -> dict[str, float]:
        return {"subset": self.subset, "warm_up_steps": self.steps}


class WarmUp(Switching):
    """Uniform over the first `subset` individuals for `steps` steps, then uniform over all."""

    kind: Literal["warm_up"]

    @property
    def slug(self) -> str:
        return f"warmup{self.subset}"


class WrongWarmUp(Switching):
    """A warm-up on wrong facts: until the switch each of the first `subset` individuals has values of others
    of them, the same ones throughout. Ours: are facts learned in a warm-up, or circuits?"""

    kind: Literal["wrong_warm_up"]

    def check(self, people: Population, steps: int) -> None:
        drawn(self.kind, people)
        super().check(people, steps)

    @property
    def slug(self) -> str:
        return f"wrongwarmup{self.subset}"

    def values_at_first(self, values: Values) -> Values:
        """Of the person 1, 2, 3, ... places further on, an attribute each: no two values stay together."""
        wrong = values.copy()
        for attribute in range(values.shape[1]):
            wrong[: self.subset, attribute] = np.roll(values[: self.subset, attribute], -1 - attribute)
        return wrong
