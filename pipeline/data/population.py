"""Who exists: names, attribute values, template splits, and the bank of tokens that spells them.

Paper: section 2 and appendix B.1. A population is drawn once, before training.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from pipeline.config import population as asked
from pipeline.data import synthetic
from pipeline.data.schema import MISSING, Schema
from pipeline.store.artefacts import verify
from pipeline.store.files import write_atomically

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Population:
    """`people` = individuals, then the unseen. Arrays on the host; A attributes, K = most templates of any.

    names (people, words): of each word of a name, its index in the schema's list; unique rows.
    values (people, A): index of each value among those of its attribute; MISSING where there is none, and no
        sentence about it.
    template_order (people, A, K): a permutation of the attribute's templates; the first `train` are trained
        on, the last `held_out` are held out for this person.
    bank: tokens of every segment of text, end to end; segment s is
        bank[segment_start[s] : segment_start[s] + segment_length[s]].
    token_ids (vocabulary,): the tokenizer's id of each token of the bank. Merges that BPE needed on its
        way to longer pieces, and that nothing is spelled with, get no embedding and no logit.
    frequencies (people,): how often each is met, where a table says so.
    at_first (people, A): values that training states in their place in the first phase of a run's
        distribution, where these are others (pipeline/data/told.py).
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
    frequencies: NDArray[np.float64] | None = None
    at_first: Ints | None = None
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

    @property
    def stated(self) -> NDArray[np.bool_]:
        """Whether somebody has a value, (people, A)."""
        return self.values != MISSING

    def value_lengths(self, values: Ints | None = None) -> Ints:
        """Tokens of everybody's values, or of others in their place, (people, A); 0 where there is none."""
        values = self.values if values is None else values
        segments = np.array(self.first_value_segment) + values.clip(min=0)
        return self.segment_length[segments] * self.stated

    def name_lengths(self) -> Ints:
        """Tokens of everybody's name, (people,)."""
        return self.segment_length[self.first_name_segment : self.first_name_segment + self.people]

    def longest_biography(self) -> int:
        """Tokens of the longest biography that anybody can have, BOS included."""
        longest = np.array([lengths.max() for lengths in self.template_lengths()])
        values = np.maximum(self.value_lengths(), self.value_lengths(self.at_first))
        sentences = longest + self.name_lengths()[:, None] + values
        return 1 + int((sentences * self.stated).sum(-1).max())

    def save(self, folder: Path) -> None:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        content = save({k: np.ascontiguousarray(v) for k, v in arrays.items()})
        write_atomically(folder / "people.safetensors", content)
        described = {"config": self.config.model_dump(mode="json"), **self.meta}
        if self.config.facts:  # else it follows from the parameters
            described["schema"] = asdict(self.schema)
        write_atomically(folder / "population.json", json.dumps(described, indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Population:
        """The population of a folder that the dataset stage made. Raises ArtefactError if it is damaged."""
        verify(folder)
        meta = json.loads((folder / "population.json").read_text())
        who = asked.Population.model_validate(meta.pop("config"))
        said = Schema.of(meta.pop("schema")) if who.facts else synthetic.schema(who)
        arrays = load((folder / "people.safetensors").read_bytes())
        return cls(config=who, schema=said, meta=meta, **arrays)
