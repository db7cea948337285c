"""The typed parameters of a population: how many people, from which lists, in which sentences."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    Field,
    PositiveInt,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from pipeline.config.frozen import IDENTITY, Frozen, optional

TEMPLATES_PER_ATTRIBUTE = 25
POOL_SIZES = {
    "given_names": 900,
    "surnames": 1000,
    "cities": 800,
    "universities": 200,
    "majors": 100,
    "companies": 500,
    "months": 12,
}  # entries of the lists in pipeline/data/pools


def _pool(name: str) -> Any:
    return Field(ge=2, le=POOL_SIZES[name])


class Pools(Frozen):
    """How many entries of each value list are in use: a prefix of the file in `pipeline/data/pools`.

    Paper (appendix B): 900 given names for both first and middle, 1,000 surnames, 800 cities (birth
    and current), 200 universities, 100 majors, 500 companies, dates of 201 years, 12 months, 31 days.
    """

    given_names: int = _pool("given_names")
    """[entries] First and middle names. Names must suffice for everyone twice over: they are unique."""
    surnames: int = _pool("surnames")
    """[entries] Last names."""
    cities: int = _pool("cities")
    """[entries] Cities of birth, and current cities. Each list of values adds log(entries) nats to b."""
    universities: int = _pool("universities")
    """[entries] Universities."""
    majors: int = _pool("majors")
    """[entries] Fields of study."""
    companies: int = _pool("companies")
    """[entries] Employers."""
    years: int = Field(ge=1, le=201)
    """[years] Years of birth. A date is one value: any year, month and day, impossible dates included."""
    months: int = Field(ge=1, le=12)
    """[months] Months of birth."""
    days: int = Field(ge=1, le=31)
    """[days] Days of birth."""


class Templates(Frozen):
    """Per-individual split of the 25 templates of each attribute (paper: 20 train, 5 evaluation)."""

    train: int = Field(ge=1, lt=TEMPLATES_PER_ATTRIBUTE)
    """[templates] Sentences for each attribute that a person is trained on; other ones for each person."""
    evaluation: int = Field(ge=1, lt=TEMPLATES_PER_ATTRIBUTE)
    """[templates] Sentences that are held out for that person. Recall is measured on them, so that a sentence
    learned by heart does not count."""
    shuffle: bool = True
    """Whether the six sentences of a biography come in random order. In a fixed order, position alone tells
    which value comes next."""

    @model_validator(mode="after")
    def _disjoint(self) -> Templates:
        if self.train + self.evaluation > TEMPLATES_PER_ATTRIBUTE:
            raise ValueError(
                f"train + evaluation is {self.train + self.evaluation}, "
                f"allowed: at most {TEMPLATES_PER_ATTRIBUTE}, the number of templates of an attribute"
            )
        return self


class Facts(Frozen):
    """A table of facts, of which each row is somebody. It is known by its content, wherever it lies."""

    folder: str
    """That it lies in, with its `facts.yaml`."""
    digest: str
    """SHA-256 of names, values, templates, frequencies and marks."""
    rows: PositiveInt
    """[rows] Of the table."""
    marked: PositiveInt | None = None
    """[rows] That the table itself holds out, if it marks any."""
    frequencies: bool = False
    """Whether it says how often each row is met."""

    @model_serializer(mode="wrap")
    def _known_by_content(
        self, write: SerializerFunctionWrapHandler, info: SerializationInfo
    ) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        if info.context == IDENTITY:
            del written["folder"]
        return written


class Population(Frozen):
    """Who exists: `individuals` people to pre-train on, then `unseen` people who are never pre-trained on.
    They are drawn from the pools, or rows of a table of facts."""

    individuals: PositiveInt
    """[people] To pre-train on. The plateau grows with them."""
    unseen: PositiveInt
    """[people] Never pre-trained on. Hallucination is measured on them, and fine-tuning adds them."""
    pools: Pools | None = optional()
    templates: Templates | None = optional()
    facts: Annotated[Facts, WithJsonSchema({"type": "string"})] | None = optional()
    """Folder of a table of facts, in place of pools and templates: individuals are then rows, chosen by the
    seed, and sentences are the table's own."""
    wordings: PositiveInt | None = optional()
    """[sentences] Of those of a table, for each attribute: on how many a row is trained, other ones for each
    row, at most all but those that are held out; null: on so many."""
    vocabulary: int = Field(ge=300, le=65536)
    """[tokens] Size of the trained tokenizer; those that no text uses are then dropped."""

    @property
    def shuffled(self) -> bool:
        """Whether the sentences of a biography come in random order."""
        return self.templates is None or self.templates.shuffle

    @model_validator(mode="after")
    def _from_one_source(self) -> Population:
        if (self.facts is None) != (self.pools is not None and self.templates is not None):
            raise ValueError(
                "given facts and pools, or neither, allowed: pools and templates, or facts alone"
            )
        if self.wordings and self.facts is None:
            raise ValueError(
                f"wordings is {self.wordings}, allowed: with facts; templates.train is that of drawn people"
            )
        return self

    @model_validator(mode="after")
    def _enough_rows(self) -> Population:
        if self.facts is None:
            return self
        marked = self.facts.marked
        if marked is None and self.individuals + self.unseen > self.facts.rows:
            raise ValueError(
                f"individuals + unseen is {self.individuals + self.unseen}, allowed: at most "
                f"{self.facts.rows}, the table's rows"
            )
        for name, most in (("individuals", self.facts.rows - (marked or 0)), ("unseen", marked)):
            if most is not None and getattr(self, name) > most:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, allowed: at most {most}, by the table's marks"
                )
        return self

    @model_validator(mode="after")
    def _enough_names(self) -> Population:
        if self.pools is None:
            return self
        names = self.pools.given_names**2 * self.pools.surnames
        people = self.individuals + self.unseen
        # Half of the space at most: unique names must not be a near-exhaustive listing of the pool.
        if people > names // 2:
            raise ValueError(
                f"individuals + unseen is {people}, allowed: at most {names // 2}, half of the "
                f"{names} names that pools.given_names and pools.surnames make"
            )
        return self
