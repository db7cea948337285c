"""What can be said of people: the lists of words that their names are made of, and for each attribute its
values and the sentences that state one."""

from dataclasses import dataclass
from typing import Any, Self

from pipeline.config.sentences import Template

PAD, BOS = "<pad>", "<bos>"  # tokens that no text has
MISSING = -1  # index of a value that somebody lacks


@dataclass(frozen=True)
class Attribute:
    """values: every one that somebody may have, in index order. templates: K of them; each person is trained
    on `train` and evaluated on `held_out` others. entropy: of a value, nats: the loss of a model that knows
    how often each value occurs, and nobody."""

    name: str
    values: tuple[str, ...]
    templates: tuple[Template, ...]
    train: int
    held_out: int
    entropy: float


@dataclass(frozen=True)
class Schema:
    """words: for each word of a name, the list that it is from. attributes: A of them, in the order of the
    columns of a population's values."""

    words: tuple[tuple[str, ...], ...]
    attributes: tuple[Attribute, ...]

    @classmethod
    def of(cls, written: dict[str, Any]) -> Self:
        """What `dataclasses.asdict` made of one, through JSON."""
        attributes = [
            Attribute(**a | {"values": tuple(a["values"]), "templates": tuple(map(tuple, a["templates"]))})
            for a in written["attributes"]
        ]
        return cls(tuple(map(tuple, written["words"])), tuple(attributes))

    @property
    def names(self) -> list[str]:
        """Of the attributes."""
        return [a.name for a in self.attributes]

    @property
    def baseline(self) -> float:
        """The no-knowledge baseline b: the mean entropy of a value, in nats (paper, section 2)."""
        return sum(a.entropy for a in self.attributes) / len(self.attributes)

    @property
    def most_templates(self) -> int:
        """Of any attribute."""
        return max(len(a.templates) for a in self.attributes)

    @property
    def first_part(self) -> list[int]:
        """Segment of the first part of the first template of each attribute, and the one after all templates
        (`Population` tells of segments)."""
        out = [1]
        for attribute in self.attributes:
            out.append(out[-1] + 3 * len(attribute.templates))
        return out
