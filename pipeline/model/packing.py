"""Biographies without their padding: what works token by token is spared the tokens that are none.

A batch (B, T) is as wide as its longest biography; a sixth of it is padding. Packed, its tokens are rows
(n, D), and only attention sees the batch's shape. Both directions and their gradients are gathers: scattering
is several times slower on a CPU.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Rows come in multiples of this, some of padding: each new shape costs matrix products a preparation.
_ROWS = 32


class Packing(NamedTuple):
    """Where the packed rows lie. at (n,) int64: place of each row in the flattened batch, ascending;
    row (B, T) int64: row of each place, -1 of one that is left out."""

    at: Tensor
    row: Tensor


def pack(real: Tensor) -> Packing:
    """The packing that keeps the places `real` (B, T), and of the others as many as fill the last rows."""
    flat = real.flatten()
    count = int(flat.sum())
    kept = min(-(-count // _ROWS) * _ROWS, flat.numel())
    spare = ~flat & (torch.cumsum(~flat, 0) <= kept - count)
    at = (flat | spare).nonzero()[:, 0]
    row = torch.full_like(flat, -1, dtype=torch.int64)
    row[at] = torch.arange(kept, device=flat.device)
    return Packing(at, row.view(real.shape))


class _Spread(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Tensor, row: Tensor) -> Tensor:
        ctx.save_for_backward(at)
        return x[row.clamp(min=0)]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (at,) = ctx.saved_tensors
        return grad.flatten(0, 1)[at], None, None


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, at: Tensor, row: Tensor) -> Tensor:
        ctx.save_for_backward(row)
        return x.flatten(0, 1)[at]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (row,) = ctx.saved_tensors
        return torch.where((row >= 0)[..., None], grad[row.clamp(min=0)], 0), None, None


def spread(x: Tensor, packing: Packing | None) -> Tensor:
    """Rows x (n, D) at their places (B, T, D). The places left out hold some row: they come after all real
    tokens of their biography, which cannot see them, and no gradient comes back from them."""
    return x if packing is None else _Spread.apply(x, *packing)


def gather(x: Tensor, packing: Packing | None) -> Tensor:
    """The rows (n, D) of x (B, T, D); the places left out get no gradient."""
    return x if packing is None else _Gather.apply(x, *packing)


def pick(x: Tensor, rows: Tensor | None) -> Tensor:
    """Of x (B, T, D), flattened, or (n, D) only `rows` (m,), as (m, D); all of x if none are given."""
    return x if rows is None else x.flatten(0, -2)[rows]
