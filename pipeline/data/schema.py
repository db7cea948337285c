"""What can be said of people: the lists of words that their names are made of, and for each attribute its
values and the sentences that state one."""

import re
from dataclasses import dataclass

NAME, VALUE = "[X]", "[Y]"
Template = tuple[str, str, str]  # before the name, between name and value, after the value


def template(line: str) -> Template:
    """A sentence with `[X]` for the name and `[Y]` for the value. Raises ValueError if it has not each once,
    in this order.

    The space before a placeholder belongs to what fills it, so that a name or a value is tokenised
    alike wherever it stands and never merges with the text around it (paper, appendix B.1).
    """
    if re.findall(r"\[[A-Z]\]", line) != [NAME, VALUE]:
        raise ValueError(f"given {line!r}, allowed: {NAME} once, then {VALUE} once")
    before, between, after = re.split(r"\[[A-Z]\]", line)
    return f" {before}".rstrip(), between.rstrip(), after


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
