"""A population is drawn once, before training: who it is, everybody's sentences, and how all is spelled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.config import population as asked
from pipeline.data import source
from pipeline.data.population import Population
from pipeline.data.schema import BOS, PAD, Schema

if TYPE_CHECKING:
    from tokenizers import Tokenizer


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
    stated = people.stated
    sentences = stated.sum() / people.people  # of a person, in the mean
    name, value = people.name_lengths().mean(), people.value_lengths()[stated].mean()
    shares = stated.mean(0)
    text = sum(lengths.mean() * p for lengths, p in zip(people.template_lengths(), shares, strict=True))
    return {
        "vocabulary": vocabulary,
        "vocabulary_used": people.vocabulary,
        "tokens_per_name": float(name),
        "tokens_per_value": float(value),
        "tokens_per_biography": float(1 + sentences * name + text + sentences * value),
        "baseline_nats": people.baseline,
    }


def draw(who: asked.Population, seed: int, tokenizer: Tokenizer) -> Population:
    """Choose whom it is of, draw everybody's split of the templates, and spell all."""
    rng, said = np.random.default_rng(seed), source.schema(who)
    names, values = source.chosen(who, rng)
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
        frequencies=source.frequencies(who, names),
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
