"""The model as one would write it without looking at a profile: eager, fp32, fused attention, plain padding.

Same mathematics and same parameter names as `pipeline.model.transformer.Transformer` (a test loads one's
weights into the other), so that the benchmark compares ways to compute, not models.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config import run as cfg


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Attention(nn.Module):
    def __init__(self, model: cfg.Model) -> None:
        super().__init__()
        self.heads = model.heads
        self.qkv = nn.Linear(model.width, 3 * model.width, bias=False)
        self.out = nn.Linear(model.width, model.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        b, t, d = x.shape
        q, k, v = (z.view(b, t, self.heads, -1).transpose(1, 2) for z in self.qkv(x).split(d, -1))
        y = F.scaled_dot_product_attention(_rotate(q, cos, sin), _rotate(k, cos, sin), v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(b, t, d))


class Block(nn.Module):
    def __init__(self, model: cfg.Model) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(model.width, eps=1e-6)
        self.mlp_norm = nn.RMSNorm(model.width, eps=1e-6)
        self.attention = Attention(model)
        self.up = nn.Linear(model.width, model.mlp_ratio * model.width, bias=False)
        self.down = nn.Linear(model.mlp_ratio * model.width, model.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cos, sin)
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class PlainTransformer(nn.Module):
    """`forward` has the signature that Hugging Face's `Trainer` expects; labels of -100 do not count."""

    def __init__(self, model: cfg.Model, vocabulary: int) -> None:
        super().__init__()
        self.head = model.width // model.heads
        self.embedding = nn.Embedding(vocabulary, model.width)
        self.blocks = nn.ModuleList(Block(model) for _ in range(model.layers))
        self.norm = nn.RMSNorm(model.width, eps=1e-6)

    def forward(self, input_ids: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Mean cross-entropy in nats of labels (B, T) after input_ids (B, T)."""
        frequency = 10_000.0 ** (-torch.arange(0, self.head, 2) / self.head)
        angle = torch.arange(input_ids.shape[1])[:, None] * frequency
        x = self.embedding(input_ids)
        for block in self.blocks:
            x = block(x, angle.cos(), angle.sin())
        logits = F.linear(self.norm(x), self.embedding.weight)
        return {"loss": F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)}
