"""What a kind of distribution answers: what it allows, its word in a run's name, the parts of the people that
it tells apart, whom it draws how often and when, and its columns in tables."""

import itertools
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.config.frozen import Frozen
from pipeline.config.population import Population

Weights = NDArray[np.float64]
Values = NDArray[np.int32]  # (people, attributes): which entry of an attribute's list somebody has
Part = tuple[int, int]  # the first of some people, and how many they are
# What a run has learned so far: steps, and the mean training loss on values, over b, since the one before.
Learned = Sequence[tuple[int, float]]


class Kind(Frozen):
    """What every kind of distribution answers."""

    kind: str
    # Columns of tables by name, with the words for a reader.
    LABELS: ClassVar[dict[str, str]] = {}
    FINE_TUNING: ClassVar[bool] = False  # of a fine-tuning run, and only there
    ADAPTS: ClassVar[bool] = False  # whether whom it draws depends on what the run has learned

    @property
    def of_frequencies(self) -> float:
        """The power to which the frequencies of a table's rows weigh people, besides `phases`."""
        return 0.0

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

    def phases_after(
        self, learned: Learned, individuals: int, people: int, steps: int
    ) -> list[tuple[int, Weights]]:
        """The same as far as what the run has learned tells, which matters to a kind that adapts. More that
        is learned adds phases at later steps, and changes none that there are."""
        return self.phases(individuals, people, steps)

    def parts(self, individuals: int) -> dict[str, Part]:
        """Parts of the individuals that it tells apart; none where all are alike."""
        return {}

    def values(self, values: Values, entries: Sequence[int], individuals: int) -> Values:
        """The values that people have in its runs, of those that the population gave them. entries: how many
        an attribute's list has."""
        return values

    def values_at_first(self, values: Values) -> Values | None:
        """What training states in the first phase in their place; None: the same."""
        return None

    def new_people(self, unseen: int) -> int:
        """How many of the unseen people count as new: all, or in fine-tuning those that it is on."""
        return unseen

    def columns(self) -> dict[str, float]:
        """Its parameters by column of a table."""
        return {name: getattr(self, name) for name in self.LABELS}


def equal_parts(word: str, count: int, individuals: int) -> dict[str, Part]:
    """The individuals in order, in `count` parts that are as equal as can be: word-1, word-2, ..."""
    ends = [k * individuals // count for k in range(count + 1)]
    return {f"{word}-{k}": (a, b - a) for k, (a, b) in enumerate(itertools.pairwise(ends), 1)}


def within(name: str, given: int, steps: int) -> None:
    if given >= steps:
        raise ValueError(f"distribution.{name} is {given}, allowed: less than training.steps = {steps}")


def drawn(name: str, people: Population) -> None:
    if people.facts:
        raise ValueError(f"distribution.kind is {name}, allowed: on people that are drawn from the pools")


def at_most(name: str, given: int, most: int, whom: str) -> None:
    if given > most:
        raise ValueError(f"distribution.{name} is {given}, allowed: at most {most}, the population's {whom}")


def indicator(people: int, first: int, count: int) -> Weights:
    """(people,): 1 for those of a part, else 0."""
    p = np.zeros(people)
    p[first : first + count] = 1.0
    return p
