"""The distributions that people are drawn from in training: one class a kind.

A kind knows all that the rest asks of it (kind.py). A new kind is a new class in one of the modules.
"""

import functools
import inspect
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field

from pipeline.config.distributions.fixed import Celebrities, Frequencies, PowerLaw, Uniform
from pipeline.config.distributions.kind import Kind, Learned, Part, Values
from pipeline.config.distributions.switching import WarmUp, WrongWarmUp
from pipeline.config.distributions.tuning import Narrow, Replay, Seen
from pipeline.config.distributions.turns import Adaptive, Growing, Leaving, Sequential

__all__ = [
    "KINDS",
    "LABELS",
    "Adaptive",
    "Celebrities",
    "Distribution",
    "Frequencies",
    "Growing",
    "Kind",
    "Learned",
    "Leaving",
    "Narrow",
    "Part",
    "PowerLaw",
    "Replay",
    "Seen",
    "Sequential",
    "Uniform",
    "Values",
    "WarmUp",
    "WrongWarmUp",
]


def _whole(base: type[Kind]) -> Iterator[type[Kind]]:
    """The kinds below one, without those that only hold what others share."""
    for kind in base.__subclasses__():
        if not inspect.isabstract(kind):
            yield kind
        yield from _whole(kind)


# Kinds, and so the columns of tables, are in the order of these imports.
KINDS = {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in _whole(Kind)}  # type: ignore[type-abstract]
LABELS = {name: label for kind in KINDS.values() for name, label in kind.LABELS.items()}  # of all of them

if TYPE_CHECKING:
    Distribution = Kind
else:
    Distribution = Annotated[functools.reduce(operator.or_, KINDS.values()), Field(discriminator="kind")]
