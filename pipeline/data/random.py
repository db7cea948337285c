"""Counter-based random numbers: a draw is a pure function of its key, the same on every device.

SplitMix64's finaliser (Steele, Lea & Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014) applied to a chain of counters, in 64-bit integer tensor arithmetic.
"""

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15 - 2**64  # as signed 64-bit integers, which wrap as unsigned ones do
_M1 = 0xBF58476D1CE4E5B9 - 2**64
_M2 = 0x94D049BB133111EB - 2**64


def _shift(x: Tensor, bits: int) -> Tensor:
    """Logical right shift: torch's shift of a signed integer is arithmetic."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift(x, 30)) * _M1
    x = (x ^ _shift(x, 27)) * _M2
    return x ^ _shift(x, 31)


def bits(*counters: Tensor | int, device: torch.device | str = "cpu") -> Tensor:
    """64 random bits for each element of the broadcast counters, int64."""
    state = torch.zeros((), dtype=torch.int64, device=device)
    for counter in counters:
        if not isinstance(counter, Tensor):
            # Not torch.tensor, which a GPU would wait for.
            counter = torch.full((), counter, dtype=torch.int64, device=device)
        state = _mix(state + _GOLDEN + counter)
    return state


def uniform(random_bits: Tensor) -> Tensor:
    """53 of the bits as float64 in [0, 1): the conversion is exact, so every device agrees."""
    return _shift(random_bits, 11).to(torch.float64) * 2.0**-53


def below(random_bits: Tensor, bound: Tensor | int) -> Tensor:
    """Integers in [0, bound), int64; bias below bound / 2^32. Bounds broadcast to the bits."""
    return (_shift(random_bits, 32) * bound) >> 32
