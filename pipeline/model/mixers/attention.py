"""Causal multi-head attention with rotary positions."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config import run as cfg
from pipeline.model.mixers.mixer import Mixer, Positions
from pipeline.model.packing import Packing, gather, spread


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position encoding (Su et al. 2021) of x (..., T, head)."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Attention(Mixer):
    """Causal multi-head attention. On a CPU as explicit matrix products: at ~70 tokens they are
    several times faster than the fused kernel's backward pass; on a GPU the fused kernel."""

    def __init__(self, model: cfg.Model) -> None:
        super().__init__()
        self.heads, self.head = model.heads, model.width // model.heads
        self.qkv = nn.Linear(model.width, 3 * model.width, bias=False)
        self.out = nn.Linear(model.width, model.width, bias=False)

    def forward(
        self, x: Tensor, place: Positions, pattern: Tensor | None = None, packing: Packing | None = None
    ) -> Tensor:
        """As Mixer.forward; with a given pattern, queries and keys are not computed."""
        d = x.shape[-1]
        if pattern is not None:
            v = spread(F.linear(x, self.qkv.weight[2 * d :]), packing)
            b, t = v.shape[:2]
            v = v.view(b, t, self.heads, self.head).transpose(1, 2).reshape(b * self.heads, t, self.head)
            y = torch.bmm(pattern, v).view(b, self.heads, t, self.head)
            return self.out(gather(y.transpose(1, 2).reshape(b, t, d), packing))
        qkv = spread(self.qkv(x), packing)
        b, t = qkv.shape[:2]
        q, k, v = qkv.view(b, t, 3, self.heads, self.head).permute(2, 0, 3, 1, 4)
        q, k = _rotate(q, place.cos, place.sin), _rotate(k, place.cos, place.sin)
        if x.is_cuda:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            q, k, v = (z.reshape(b * self.heads, t, self.head) for z in (q, k, v))
            y = torch.bmm(self._weigh(q, k, place.mask), v).view(b, self.heads, t, self.head)
        return self.out(gather(y.transpose(1, 2).reshape(b, t, d), packing))

    def pattern(self, x: Tensor, place: Positions, packing: Packing | None = None) -> Tensor:
        """Attention weights (B x heads, T, T) of x (B, T, D) or its packed rows (n, D), as explicit products
        on every device."""
        qk = spread(F.linear(x, self.qkv.weight[: 2 * x.shape[-1]]), packing)
        b, t = qk.shape[:2]
        qk = qk.view(b, t, 2, self.heads, self.head)
        q, k = (_rotate(z, place.cos, place.sin).flatten(0, 1) for z in qk.permute(2, 0, 3, 1, 4))
        return self._weigh(q, k, place.mask)

    def _weigh(self, q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
        """softmax(q k) of q, k (B x heads, T, head), in their precision."""
        logits = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=self.head**-0.5)
        return torch.softmax(logits, -1, dtype=torch.float32).to(q.dtype)


build = Attention
