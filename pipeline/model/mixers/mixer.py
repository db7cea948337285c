"""What every sequence mixer is to a block of the model (pipeline/model/transformer.py)."""

from abc import ABC, abstractmethod
from importlib import import_module
from typing import NamedTuple

from torch import Tensor, nn

from pipeline.config import run as cfg
from pipeline.model.packing import Packing

MODULES = "pipeline.model.mixers.*"  # also tells that all of them decide what training computes


class Positions(NamedTuple):
    """What tells places apart, in a batch of length T: rotations cos, sin (T, head / 2), and mask (T, T),
    which is added to the logits of attention."""

    cos: Tensor
    sin: Tensor
    mask: Tensor


class Mixer(nn.Module, ABC):
    """Carries information from token to token. `out` is its last matrix, which the model starts small."""

    out: nn.Linear

    @abstractmethod
    def forward(
        self, x: Tensor, place: Positions, pattern: Tensor | None = None, packing: Packing | None = None
    ) -> Tensor:
        """Mix x (B, T, D), or its packed rows (n, D): no position sees a later one. A given `pattern`
        (B x heads, T, T) takes the place of the mixer's own; only one that attends is given any."""

    def pattern(self, x: Tensor, place: Positions, packing: Packing | None = None) -> Tensor:
        """Attention weights (B x heads, T, T) of x. Raises ValueError for a mixer that has none."""
        raise ValueError(f"{type(self).__name__} has no attention patterns, allowed: mixer attention")


def mixer_of(model: cfg.Model) -> Mixer:
    """The mixer that `model` names, a module of this folder."""
    mixer: Mixer = import_module(MODULES.replace("*", model.mixer)).build(model)
    return mixer
