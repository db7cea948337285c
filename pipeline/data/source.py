"""Whoever a population is of: drawn at random, or rows of a table."""

import numpy as np
from numpy.typing import NDArray

from pipeline.config.population import Population
from pipeline.data import synthetic, tabled
from pipeline.data.schema import Schema


def schema(who: Population) -> Schema:
    """What can be said of them."""
    return tabled.schema(who) if who.facts else synthetic.schema(who)


def frequencies(who: Population, names: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """How often each of those chosen is met, where that is known."""
    return tabled.frequencies(who, names[:, 0]) if who.facts else None


def chosen(who: Population, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words of their names (people, words) and their values (people, A), each by its index."""
    if who.facts:
        return tabled.people(who, schema(who), rng)
    return synthetic.people(schema(who), who.individuals + who.unseen, rng)
