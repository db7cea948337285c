"""Cross-entropy over a vocabulary, with a backward pass of one sweep over the logits."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        wide = logits.float()
        total = torch.logsumexp(wide, -1)
        ctx.save_for_backward(logits, targets, total)
        return total - wide.gather(-1, targets[:, None])[:, 0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        logits, targets, total = ctx.saved_tensors
        p = torch.exp(logits.float() - total[:, None])
        hit = torch.arange(logits.shape[-1], device=logits.device) == targets[:, None]
        return ((p - hit.to(p.dtype)) * grad[:, None]).to(logits.dtype), None


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy (n,) in nats, float32, of targets (n,) int64 under logits (n, V) of any precision.

    Torch's own sums the gradient over the vocabulary once more, where it is known to be one term.
    """
    return _CrossEntropy.apply(logits, targets)
