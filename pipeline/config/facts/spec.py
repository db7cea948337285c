"""`facts.yaml`: what the columns of a table mean, and the sentences that state its facts."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator

from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError, one_line
from pipeline.config.frozen import Frozen
from pipeline.config.sentences import NAME, VALUE, Template, template

FILE = "facts.yaml"
MOST_ATTRIBUTES, MOST_TEMPLATES = 64, 250  # templates are numbered in a byte
LEAST_TEMPLATES = 3
_HELD_OUT = 5  # one of so many templates is held out for a person, and one at least


Sentences = Annotated[list[str], Field(min_length=LEAST_TEMPLATES, max_length=MOST_TEMPLATES)]


def held_out(templates: int) -> int:
    """How many of an attribute's templates a person is not trained on."""
    return max(1, templates // _HELD_OUT)


class Spec(Frozen):
    """The content of a `facts.yaml`."""

    table: str
    """The file beside it: .csv, .tsv, .jsonl or .parquet."""
    name: str
    """Column of the names. A name stands for one row."""
    attributes: dict[str, Sentences] = Field(min_length=1, max_length=MOST_ATTRIBUTES)
    """Columns of the facts, each with the sentences that state one: [X] is the name, [Y] the value."""
    frequencies: str | None = None
    """Column of numbers: how often each row is met, in any unit."""
    held_out: str | None = None
    """Column that marks the rows never to pre-train on by 1, true or yes; else they are chosen by seed."""

    @field_validator("attributes")
    @classmethod
    def _templates(cls, given: dict[str, list[str]]) -> dict[str, list[str]]:
        stated: dict[Template, str] = {}
        for attribute, lines in given.items():
            if len(set(lines)) < len(lines):
                twice = next(line for line in lines if lines.count(line) > 1)
                raise ValueError(f"{attribute}: {twice!r} twice, allowed: once")
            for line in lines:
                before, between, _ = template(line)
                if not between.strip():
                    raise ValueError(
                        f"{attribute}: given {line!r}, allowed: words between {NAME} and {VALUE}"
                    )
                # What is read before the value must tell which attribute is asked for.
                other = stated.setdefault((before, between, ""), attribute)
                if other != attribute:
                    raise ValueError(
                        f"{attribute}: {line!r} is as one of {other} up to the value, allowed: words that "
                        "tell them apart"
                    )
        return given

    @property
    def columns(self) -> list[str]:
        """All that it names, the name's first."""
        more = [column for column in (self.frequencies, self.held_out) if column]
        return [self.name, *self.attributes, *more]


def read(folder: Path) -> Spec:
    """That of a folder. Raises ConfigError, in one line."""
    path = folder / FILE
    if not path.is_file():
        raise ConfigError(
            f"{path}: not there; `python -m pipeline.commands.facts --init {folder.name} TABLE` writes one"
        )
    content = strict_yaml.read(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{FILE}: a mapping is needed, given: {type(content).__name__}")
    try:
        spec = Spec.model_validate(content)
    except ValidationError as error:
        raise one_line(error, FILE) from None
    twice = [column for column in spec.columns if spec.columns.count(column) > 1]
    if twice:
        raise ConfigError(f"{FILE}: column {twice[0]!r} is named twice, allowed: once")
    return spec
