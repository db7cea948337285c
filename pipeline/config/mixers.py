"""What may carry information from token to token in a layer: one entry a mixer, which is a module of
pipeline/model/mixers. An entry holds what is known of it before a model is built, without torch.
"""

from collections.abc import Callable
from dataclasses import dataclass

TAPS = 4  # width of the temporal convolution beside an RG-LRU (De et al. 2024)


@dataclass(frozen=True)
class Mixer:
    """weights: those of a layer that multiply every token, given the model's width and heads; attends:
    whether it has attention patterns, which can be observed and patched in, and whose products cost
    operations that grow with the length of a biography."""

    weights: Callable[[int, int], int]
    attends: bool = False


def recurrent_width(width: int, heads: int) -> int:
    """Channels of a recurrent mixer: 4/3 of the model's width, rounded down to a multiple of 8 a block."""
    unit = 8 * heads
    return max(1, 4 * width // (3 * unit)) * unit


def _rg_lru_weights(width: int, heads: int) -> int:
    """Two branches in and one out, both gates in blocks, the convolution."""
    r = recurrent_width(width, heads)
    return 3 * width * r + 2 * r * r // heads + TAPS * r


MIXERS = {
    "attention": Mixer(weights=lambda width, heads: 4 * width**2, attends=True),
    "rg_lru": Mixer(weights=_rg_lru_weights),
}
