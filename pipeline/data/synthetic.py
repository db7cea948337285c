"""People who are drawn: unique names, independent uniform values (paper, section 2, appendix B.1)."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.config.population import Pools, Population
from pipeline.data.pools import ATTRIBUTES, FIRST_YEAR, pool, templates
from pipeline.data.schema import Attribute, Schema

_POOLS = {
    "birth_city": "cities",
    "current_city": "cities",
    "university": "universities",
    "major": "majors",
    "company": "companies",
}  # of attributes; dates are made


def _values(attribute: str, pools: Pools) -> tuple[str, ...]:
    """Every value an attribute can take, in index order.

    Dates are all combinations of year, month and day, impossible ones included as in the paper.
    """
    if attribute == "birth_date":
        return tuple(
            f"{month} {day}, {year}"
            for year in range(FIRST_YEAR, FIRST_YEAR + pools.years)
            for month in pool("months")[: pools.months]
            for day in range(1, pools.days + 1)
        )
    name = _POOLS[attribute]
    return pool(name)[: getattr(pools, name)]


@cache
def schema(who: Population) -> Schema:
    """What can be said of a population's people, whose number plays no part."""
    assert who.pools and who.templates, "a table is read"
    given, surnames = pool("given_names")[: who.pools.given_names], pool("surnames")[: who.pools.surnames]
    attributes = []
    for name in ATTRIBUTES:
        values = _values(name, who.pools)
        split = (who.templates.train, who.templates.evaluation)
        attributes.append(Attribute(name, values, templates(name), *split, math.log(len(values))))
    return Schema((given, given, surnames), tuple(attributes))


def people(said: Schema, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words of the names (count, 3), unique rows, and values (count, A), each the index in its list."""
    shape = tuple(len(words) for words in said.words)
    names = np.stack(np.unravel_index(rng.choice(math.prod(shape), count, replace=False), shape), -1)
    values = np.stack([rng.integers(len(a.values), size=count) for a in said.attributes], -1)
    return names, values
