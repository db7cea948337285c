"""People who are the rows of a table of facts."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline import ROOT
from pipeline.config.errors import ConfigError
from pipeline.config.facts import spec, table
from pipeline.config.population import Population
from pipeline.config.sentences import template
from pipeline.data import entropies
from pipeline.data.schema import MISSING, Attribute, Schema


@cache
def _read(folder: str, digest: str) -> table.Facts:
    found = table.read(ROOT / folder)
    if found.digest != digest:
        raise ConfigError(f"{folder}: the table is another by now; give the workflow's command again")
    return found


def facts(who: Population) -> table.Facts:
    """The table of a population, read once. Raises ConfigError if it is no longer the one that was asked
    for."""
    assert who.facts, "people are drawn"
    return _read(who.facts.folder, who.facts.digest)


@dataclass(frozen=True)
class Column:
    """An attribute of a table. values: in index order. rows: that have one. alone: entropy of a value, in
    nats; entropy: the same where sentences are read in random order, and columns `by` determine it."""

    name: str
    values: tuple[str, ...]
    rows: int
    alone: float
    entropy: float
    by: tuple[str, ...]


def columns(found: table.Facts) -> list[Column]:
    """What a table has of each attribute, by all its rows."""
    alone = {name: entropies.entropy(cells) for name, cells in found.values.items()}
    by = entropies.determined(found.values)
    told, out = entropies.told(alone, by), []
    for name, cells in found.values.items():
        there = [cell for cell in cells if cell]
        out.append(
            Column(name, tuple(sorted({*there})), len(there), alone[name], told[name], tuple(by[name]))
        )
    return out


def _schema(found: table.Facts, wordings: int | None) -> Schema:
    attributes = []
    for column in columns(found):
        lines = found.spec.attributes[column.name]
        held_out = spec.held_out(len(lines))
        sentences = tuple(map(template, lines))
        train = min(wordings or len(lines), len(lines) - held_out)
        attributes.append(Attribute(column.name, column.values, sentences, train, held_out, column.entropy))
    return Schema((found.names,), tuple(attributes))


@cache
def schema(who: Population) -> Schema:
    """What the table says of its rows. The entropies are of all rows, and given other columns that determine
    one."""
    return _schema(facts(who), who.wordings)


def frequencies(who: Population, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Of these rows, where the table has them."""
    found = facts(who).frequencies
    return None if found is None else np.array(found)[rows]


def people(
    who: Population, said: Schema, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of the individuals, then of the unseen (people, 1), and their values (people, A)."""
    found = facts(who)
    rows = rng.permutation(len(found))
    held_out = np.zeros(len(found), bool) if found.held_out is None else np.array(found.held_out)[rows]
    known, others = rows[~held_out], rows[held_out] if found.held_out else rows[~held_out][who.individuals :]
    known = known[: who.individuals]
    if found.frequencies:  # the most frequent first, as everywhere
        known = known[np.argsort(-np.array(found.frequencies)[known], kind="stable")]
    names = np.concatenate([known, others[: who.unseen]])
    columns = []
    for attribute in said.attributes:
        place = {value: k for k, value in enumerate(attribute.values)} | {"": MISSING}
        columns.append(np.array([place[cell] for cell in found.values[attribute.name]])[names])
    return names[:, None], np.stack(columns, -1)
