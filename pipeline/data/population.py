"""Who exists: names, attribute values, template splits, and the bank of tokens that spells them.

Paper: section 2 and appendix B.1. A population is drawn once, before training.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from pipeline.config import population as asked
from pipeline.config.population import TEMPLATES_PER_ATTRIBUTE, Pools
from pipeline.data.pools import (
    ATTRIBUTES,
    FIRST_YEAR,
    pool,
    templates,
)
from pipeline.store.artefacts import verify
from pipeline.store.files import write_atomically

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, BOS = "<pad>", "<bos>"
Ints = NDArray[np.int32]


def value_text(attribute: str, pools: Pools) -> list[str]:
    """Every value an attribute can take, in index order.

    Dates are all combinations of year, month and day, impossible ones included as in the paper.
    """
    if attribute == "birth_date":
        return [
            f"{month} {day}, {year}"
            for year in range(FIRST_YEAR, FIRST_YEAR + pools.years)
            for month in pool("months")[: pools.months]
            for day in range(1, pools.days + 1)
        ]
    name = {
        "birth_city": "cities",
        "current_city": "cities",
        "university": "universities",
        "major": "majors",
        "company": "companies",
    }[attribute]
    return list(pool(name)[: getattr(pools, name)])


def pool_sizes(pools: Pools) -> list[int]:
    """Number of possible values of each attribute."""
    dates = pools.years * pools.months * pools.days
    return [
        dates,
        pools.cities,
        pools.cities,
        pools.universities,
        pools.majors,
        pools.companies,
    ]


def baseline(pools: Pools) -> float:
    """Loss of a model that knows each pool but nobody: mean entropy of a value, in nats (section 2)."""
    return sum(math.log(n) for n in pool_sizes(pools)) / len(ATTRIBUTES)


@dataclass(frozen=True)
class Population:
    """`people` = individuals, then the unseen. Arrays on the host; A = 6 attributes, K = 25 templates.

    names (people, 3): indices into the given names (first, middle) and the surnames, unique rows.
    values (people, A): index of each value in its pool, independent and uniform.
    template_order (people, A, K): a permutation; the first `train` are trained on, the last
        `evaluation` are held out for this person.
    bank: tokens of every segment of text, end to end; segment s is
        bank[segment_start[s] : segment_start[s] + segment_length[s]].
    token_ids (vocabulary,): the tokenizer's id of each token of the bank. Merges that BPE needed on its
        way to longer pieces, and that nothing is spelled with, get no embedding and no logit.
    Segments: BOS, then (A, K, 3) template parts, then a name a person, then the values a pool.
    """

    config: asked.Population
    names: Ints
    values: Ints
    template_order: NDArray[np.uint8]
    bank: Ints
    segment_start: Ints
    segment_length: Ints
    token_ids: Ints
    meta: dict[str, float] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return len(self.names)

    @property
    def vocabulary(self) -> int:
        return len(self.token_ids)

    @property
    def first_name_segment(self) -> int:
        return 1 + len(ATTRIBUTES) * TEMPLATES_PER_ATTRIBUTE * 3

    @property
    def first_value_segment(self) -> list[int]:
        """Segment of value 0 of each attribute; both cities have their own copy of the pool."""
        sizes = pool_sizes(self.config.pools)
        start = self.first_name_segment + self.people
        return [start + sum(sizes[:a]) for a in range(len(sizes))]

    @property
    def baseline(self) -> float:
        return baseline(self.config.pools)

    def name_text(self, person: int) -> str:
        first, middle, last = self.names[person]
        given = pool("given_names")
        return f"{given[first]} {given[middle]} {pool('surnames')[last]}"

    def longest_biography(self) -> int:
        """Tokens of the longest biography that anybody can have, BOS included."""
        length = self.segment_length
        part = length[1 : self.first_name_segment].reshape(len(ATTRIBUTES), -1, 3).sum(-1)
        name = length[self.first_name_segment : self.first_name_segment + self.people]
        total = 1 + int(part.max(-1).sum()) + len(ATTRIBUTES) * name.astype(int)
        for a, start in enumerate(self.first_value_segment):
            total = total + length[start + self.values[:, a]]
        return int(total.max())

    def save(self, folder: Path) -> None:
        arrays = {
            k: getattr(self, k)
            for k in (
                "names",
                "values",
                "template_order",
                "bank",
                "segment_start",
                "segment_length",
                "token_ids",
            )
        }
        content = save({k: np.ascontiguousarray(v) for k, v in arrays.items()})
        write_atomically(folder / "people.safetensors", content)
        described = {"config": self.config.model_dump(mode="json"), **self.meta}
        write_atomically(folder / "population.json", json.dumps(described, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Population:
        """The population of a folder that the dataset stage made. Raises ArtefactError if it is damaged."""
        verify(folder)
        meta = json.loads((folder / "population.json").read_text())
        who = asked.Population.model_validate(meta.pop("config"))
        return cls(config=who, meta=meta, **load((folder / "people.safetensors").read_bytes()))


def _special(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    assert found is not None, f"the tokenizer has no {token}"
    return found


def _spell(population_config: asked.Population, names: list[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Tokens of every segment, in the order that `Population` documents."""
    parts = [part for a in ATTRIBUTES for t in templates(a) for part in t]
    values = [f" {v}" for a in ATTRIBUTES for v in value_text(a, population_config.pools)]
    texts = [*parts, *(f" {n}" for n in names), *values]
    return [[_special(tokenizer, BOS)], *(e.ids for e in tokenizer.encode_batch(texts))]


def draw(population_config: asked.Population, seed: int, tokenizer: Tokenizer) -> Population:
    """Draw a population: unique names, independent uniform values, per-person template splits."""
    pools = population_config.pools
    people = population_config.individuals + population_config.unseen
    rng = np.random.default_rng(seed)
    shape = (pools.given_names, pools.given_names, pools.surnames)
    names = np.stack(np.unravel_index(rng.choice(math.prod(shape), people, replace=False), shape), -1)
    values = np.stack([rng.integers(n, size=people) for n in pool_sizes(pools)], -1)
    order = np.broadcast_to(
        np.arange(TEMPLATES_PER_ATTRIBUTE, dtype=np.uint8),
        (people, len(ATTRIBUTES), TEMPLATES_PER_ATTRIBUTE),
    )
    draft = Population(
        config=population_config,
        names=names.astype(np.int32),
        values=values.astype(np.int32),
        template_order=rng.permuted(order, axis=-1),
        bank=np.empty(0, np.int32),
        segment_start=np.empty(0, np.int32),
        segment_length=np.empty(0, np.int32),
        token_ids=np.empty(0, np.int32),
    )
    spelled = _spell(population_config, [draft.name_text(i) for i in range(people)], tokenizer)
    length = np.array([len(s) for s in spelled], np.int32)
    padding, bank = _special(tokenizer, PAD), np.concatenate([np.asarray(s, np.int32) for s in spelled])
    token_ids = np.unique(np.append(bank, padding)).astype(np.int32)
    assert token_ids[0] == padding, "padding must be token 0"
    start = np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int32)
    first_value = draft.first_value_segment
    taken = np.concatenate([length[s + values[:, a]] for a, s in enumerate(first_value)])
    name_length = length[draft.first_name_segment : draft.first_name_segment + people]
    parts = length[1 : draft.first_name_segment].reshape(len(ATTRIBUTES), -1, 3).sum(-1)
    meta = {
        "vocabulary": tokenizer.get_vocab_size(),
        "vocabulary_used": len(token_ids),
        "tokens_per_name": float(name_length.mean()),
        "tokens_per_value": float(taken.mean()),
        "tokens_per_biography": float(1 + 6 * name_length.mean() + parts.mean(-1).sum() + 6 * taken.mean()),
        "baseline_nats": draft.baseline,
    }
    return Population(
        **{
            **draft.__dict__,
            "bank": np.searchsorted(token_ids, bank).astype(np.int32),
            "token_ids": token_ids,
            "segment_start": start,
            "segment_length": length,
            "meta": meta,
        }
    )
