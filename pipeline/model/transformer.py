"""Decoder-only transformer: pre-RMSNorm, rotary positions, GELU MLP, no biases, tied embeddings.

The paper gives the dimensions (section 2, appendix B.3: the structure of Hoffmann et al. 2022) and
not the details; with one tied embedding its 44M parameters come out right.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config import run as cfg
from pipeline.model.cross_entropy import cross_entropy
from pipeline.model.mixers.mixer import Positions, mixer_of
from pipeline.model.packing import Packing, pick

_MASKED = -1e4  # finite, so that bf16 rows stay free of NaN; its softmax weight is exactly 0
_CONTEXT_STEP = 32


class Norm(nn.Module):
    """RMSNorm computed in the input's own precision."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight.to(x.dtype), eps=1e-6)


class Block(nn.Module):
    def __init__(self, model: cfg.Model) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = Norm(model.width), Norm(model.width)
        # By this name weights are saved, whatever mixes the tokens.
        self.attention = mixer_of(model)
        self.up = nn.Linear(model.width, model.mlp_ratio * model.width, bias=False)
        self.down = nn.Linear(model.mlp_ratio * model.width, model.width, bias=False)

    def forward(
        self,
        x: Tensor,
        place: Positions,
        pattern: Tensor | None = None,
        packing: Packing | None = None,
        rows: Tensor | None = None,
    ) -> Tensor:
        """Next states of x, its arguments those of Mixer.forward; given `rows` (m,) of the flattened states,
        only these (m, D)."""
        x = x + self.attention(self.attention_norm(x), place, pattern, packing)
        x = pick(x, rows)
        return x + self.down(F.gelu(self.up(self.mlp_norm(x)), approximate="tanh"))


class Transformer(nn.Module):
    """Next-token predictor over `vocabulary` tokens, for sequences of at most `context` tokens."""

    cos: Tensor
    sin: Tensor
    mask: Tensor

    def __init__(self, model: cfg.Model, vocabulary: int, context: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, model.width)
        self.blocks = nn.ModuleList(Block(model) for _ in range(model.layers))
        self.norm = Norm(model.width)
        head = model.width // model.heads
        frequency = 10_000.0 ** (-torch.arange(0, head, 2) / head)
        # Rounded up, so that populations whose longest biographies differ a little share compiled kernels.
        context = -(-context // _CONTEXT_STEP) * _CONTEXT_STEP
        angle = torch.arange(context)[:, None] * frequency
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)
        mask = torch.full((context, context), _MASKED).triu(1)
        self.register_buffer("mask", mask, persistent=False)
        self._initialise(model)

    def _initialise(self, model: cfg.Model) -> None:
        """Normal weights of fan-in scale; residual branches smaller by sqrt(2 x layers) (GPT-2)."""
        nn.init.normal_(self.embedding.weight, std=model.width**-0.5)
        for block in self.modules():
            if not isinstance(block, Block):
                continue
            for linear in (m for m in block.modules() if isinstance(m, nn.Linear)):
                nn.init.normal_(linear.weight, std=linear.in_features**-0.5)
            for linear in (block.attention.out, block.down):
                linear.weight.data /= math.sqrt(2 * model.layers)

    def _embed(self, tokens: Tensor, packing: Packing | None = None) -> tuple[Tensor, Positions]:
        """First states of tokens, as `hidden` takes them, and what goes with the batch's length."""
        t = (tokens if packing is None else packing.row).shape[1]
        x = self.embedding(tokens)
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        cos, sin = self.cos[:t].to(x.dtype), self.sin[:t].to(x.dtype)
        return x, Positions(cos, sin, self.mask[:t, :t].to(x.dtype))

    def hidden(self, tokens: Tensor, packing: Packing | None = None, rows: Tensor | None = None) -> Tensor:
        """Final normalised states (B, T, D) of tokens (B, T); with a packing (n, D) of its tokens (n,). Given
        `rows` (m,) of the flattened states, only these (m, D): the last layer's MLP skips the rest."""
        return self._through(*self._embed(tokens, packing), [None] * len(self.blocks), packing, rows)

    def _through(
        self,
        x: Tensor,
        place: Positions,
        patterns: Sequence[Tensor | None],
        packing: Packing | None,
        rows: Tensor | None,
    ) -> Tensor:
        """x through all layers, each with its pattern, and the last norm."""
        last = len(self.blocks) - 1
        for k, (block, pattern) in enumerate(zip(self.blocks, patterns, strict=True)):
            x = block(x, place, pattern, packing, rows if k == last else None)
        return self.norm(x)

    @torch.no_grad()
    def patterns(self, tokens: Tensor, packing: Packing | None = None) -> list[Tensor]:
        """Attention weights of every layer, each (B x heads, T, T), on tokens as `hidden` takes them;
        without gradient."""
        x, place = self._embed(tokens, packing)
        found: list[Tensor] = []
        for block in self.blocks:
            assert isinstance(block, Block)
            found.append(block.attention.pattern(block.attention_norm(x), place, packing))
            x = block(x, place, found[-1], packing)
        return found

    def forward(self, tokens: Tensor, targets: Tensor, packing: Packing | None = None) -> Tensor:
        """Cross-entropy in nats, float32, of predicting targets from tokens: both and the result are (B, T),
        or packed (n,)."""
        logits = F.linear(self.hidden(tokens, packing), self.embedding.weight)
        return cross_entropy(logits.flatten(0, -2), targets.flatten()).view(targets.shape)

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits (..., V) in float32 from final states (..., D)."""
        return F.linear(hidden, self.embedding.weight).float()

    def parameter_groups(self, weight_decay: float) -> list[dict]:
        """Decay matrices and the embedding, not the norms' gains nor a recurrence's biases and decays."""
        matrices = [p for p in self.parameters() if p.ndim >= 2]
        gains = [p for p in self.parameters() if p.ndim < 2]
        return [
            {"params": matrices, "weight_decay": weight_decay},
            {"params": gains, "weight_decay": 0.0},
        ]
