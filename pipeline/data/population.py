"""Who exists: names, attribute values, template splits, and the bank of tokens that spells them.

Paper: section 2 and appendix B.1. A population is drawn once, before training.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from pipeline.config import population as asked
from pipeline.data import synthetic
from pipeline.data.schema import Schema
from pipeline.store.artefacts import verify
from pipeline.store.files import write_atomically

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, BOS = "<pad>", "<bos>"
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Population:
    """`people` = individuals, then the unseen. Arrays on the host; A attributes, K = most templates of any.

    names (people, words): of each word of a name, its index in the schema's list; unique rows.
    values (people, A): index of each value among those of its attribute.
    template_order (people, A, K): a permutation of the attribute's templates; the first `train` are trained
        on, the last `held_out` are held out for this person.
    bank: tokens of every segment of text, end to end; segment s is
        bank[segment_start[s] : segment_start[s] + segment_length[s]].
    token_ids (vocabulary,): the tokenizer's id of each token of the bank. Merges that BPE needed on its
        way to longer pieces, and that nothing is spelled with, get no embedding and no logit.
    Segments: BOS, then the three parts of each template of each attribute, then a name a person, then the
        values of each attribute.
    """

    config: asked.Population
    schema: Schema
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
        return self.schema.first_part[-1]

    @property
    def first_value_segment(self) -> list[int]:
        """Segment of value 0 of each attribute; both cities have their own copy of the pool."""
        sizes = [len(a.values) for a in self.schema.attributes]
        start = self.first_name_segment + self.people
        return [start + sum(sizes[:a]) for a in range(len(sizes))]

    @property
    def baseline(self) -> float:
        return self.schema.baseline

    def name_text(self, person: int) -> str:
        return " ".join(words[k] for words, k in zip(self.schema.words, self.names[person], strict=True))

    def held_out(self, person: int, attribute: int) -> list[int]:
        """Templates of an attribute that a person is not trained on."""
        said = self.schema.attributes[attribute]
        every = len(said.templates)
        return self.template_order[person, attribute, every - said.held_out : every].tolist()

    def template_lengths(self) -> list[Ints]:
        """Tokens of each template of each attribute, (K,) each."""
        bounds = itertools.pairwise(self.schema.first_part)
        return [self.segment_length[first:end].reshape(-1, 3).sum(-1) for first, end in bounds]

    def value_lengths(self) -> Ints:
        """Tokens of everybody's values, (people, A)."""
        first = np.array(self.first_value_segment)
        return self.segment_length[first + self.values]

    def name_lengths(self) -> Ints:
        """Tokens of everybody's name, (people,)."""
        return self.segment_length[self.first_name_segment : self.first_name_segment + self.people]

    def longest_biography(self) -> int:
        """Tokens of the longest biography that anybody can have, BOS included."""
        sentences = self.name_lengths()[:, None] + self.value_lengths()
        longest = sum(int(lengths.max()) for lengths in self.template_lengths())
        return 1 + longest + int(sentences.sum(-1).max())

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
        arrays = load((folder / "people.safetensors").read_bytes())
        return cls(config=who, schema=synthetic.schema(who), meta=meta, **arrays)


def _special(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    assert found is not None, f"the tokenizer has no {token}"
    return found


def _spell(people: Population, tokenizer: Tokenizer) -> list[list[int]]:
    """Tokens of every segment, in the order that `Population` documents."""
    said = people.schema
    parts = [part for a in said.attributes for t in a.templates for part in t]
    names = [f" {people.name_text(person)}" for person in range(people.people)]
    values = [f" {v}" for a in said.attributes for v in a.values]
    return [[_special(tokenizer, BOS)], *(e.ids for e in tokenizer.encode_batch([*parts, *names, *values]))]


def _template_order(said: Schema, people: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """(people, A, K): of each person and attribute, a permutation of its templates, and after them what is
    left of the numbers below K."""
    shape = (people, len(said.attributes), said.most_templates)
    order = rng.permuted(np.broadcast_to(np.arange(shape[-1], dtype=np.uint8), shape), axis=-1)
    for a, attribute in enumerate(said.attributes):
        own = order[:, a] < len(attribute.templates)
        order[:, a] = np.take_along_axis(order[:, a], np.argsort(~own, axis=-1, kind="stable"), -1)
    return order


def _means(people: Population, vocabulary: int) -> dict[str, float]:
    """What the population says of itself: the tokenizer's vocabulary and its own, mean lengths in tokens, and
    the baseline."""
    attributes = len(people.schema.attributes)
    name, value = people.name_lengths().mean(), people.value_lengths().mean()
    text = sum(lengths.mean() for lengths in people.template_lengths())
    return {
        "vocabulary": vocabulary,
        "vocabulary_used": people.vocabulary,
        "tokens_per_name": float(name),
        "tokens_per_value": float(value),
        "tokens_per_biography": float(1 + attributes * name + text + attributes * value),
        "baseline_nats": people.baseline,
    }


def draw(who: asked.Population, seed: int, tokenizer: Tokenizer) -> Population:
    """Draw a population: unique names, independent uniform values, per-person template splits."""
    rng, said = np.random.default_rng(seed), synthetic.schema(who)
    names, values = synthetic.people(said, who.individuals + who.unseen, rng)
    nothing = np.empty(0, np.int32)
    draft = Population(
        config=who,
        schema=said,
        names=names.astype(np.int32),
        values=values.astype(np.int32),
        template_order=_template_order(said, len(names), rng),
        bank=nothing,
        segment_start=nothing,
        segment_length=nothing,
        token_ids=nothing,
    )
    spelled = _spell(draft, tokenizer)
    length = np.array([len(s) for s in spelled], np.int32)
    padding, bank = _special(tokenizer, PAD), np.concatenate([np.asarray(s, np.int32) for s in spelled])
    token_ids = np.unique(np.append(bank, padding)).astype(np.int32)
    assert token_ids[0] == padding, "padding must be token 0"
    whole = replace(
        draft,
        bank=np.searchsorted(token_ids, bank).astype(np.int32),
        segment_start=np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int32),
        segment_length=length,
        token_ids=token_ids,
    )
    return replace(whole, meta=_means(whole, tokenizer.get_vocab_size()))
