"""A short, plain fp32 implementation of the model and of the metrics, to compare the real ones with."""

import math

import torch
from torch import Tensor


def rms(x: Tensor, gain: Tensor) -> Tensor:
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * gain


def rotate(x: Tensor) -> Tensor:
    """x (T, head): pairs (i, i + head/2) turn by position x frequency."""
    t, head = x.shape
    half = head // 2
    out = x.clone()
    for position in range(t):
        for i in range(half):
            angle = position * 10_000.0 ** (-2 * i / head)
            a, b = x[position, i], x[position, i + half]
            out[position, i] = a * math.cos(angle) - b * math.sin(angle)
            out[position, i + half] = b * math.cos(angle) + a * math.sin(angle)
    return out


def logits(weights: dict[str, Tensor], tokens: Tensor, layers: int, heads: int) -> Tensor:
    """Logits (T, V) of one sequence of tokens (T,)."""
    x = weights["embedding.weight"][tokens]
    t, d = x.shape
    head = d // heads
    for layer in range(layers):
        w = {k.removeprefix(f"blocks.{layer}."): v for k, v in weights.items()}
        q, k, v = (rms(x, w["attention_norm.weight"]) @ w["attention.qkv.weight"].T).split(d, -1)
        mixed = []
        for h in range(heads):
            part = slice(h * head, (h + 1) * head)
            scores = rotate(q[:, part]) @ rotate(k[:, part]).T / math.sqrt(head)
            scores = scores.masked_fill(torch.ones(t, t).triu(1).bool(), -math.inf)
            mixed.append(scores.softmax(-1) @ v[:, part])
        x = x + torch.cat(mixed, -1) @ w["attention.out.weight"].T
        up = rms(x, w["mlp_norm.weight"]) @ w["up.weight"].T
        gelu = 0.5 * up * (1 + torch.tanh(math.sqrt(2 / math.pi) * (up + 0.044715 * up**3)))
        x = x + gelu @ w["down.weight"].T
    return rms(x, weights["norm.weight"]) @ weights["embedding.weight"].T
