"""Recall and confidence on held-out biographies (paper, section 2, appendix B.3 and F).

Loss is the sum of the cross-entropies of all tokens of a value, in nats per value; accuracy counts a
value only if every one of its tokens is the argmax, given the true tokens before it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.data.sampler import PADDING, VALUE, Batch, Sampler
from pipeline.model.packing import Packing, gather, pack
from pipeline.model.transformer import Transformer


@dataclass(frozen=True)
class Recall:
    """Means over biographies of one group of people; each a tensor over the A attributes.

    loss (A,): nats per value; accuracy (A,): share of values fully right;
    max_probability (A,), entropy (A,): of the predictive distribution, mean over value tokens, in
    attribute order (entropy in nats); values (A,), tokens (A,): that the first and the last two are means
    over. NaN where nobody has a value.
    """

    loss: Tensor
    accuracy: Tensor
    max_probability: Tensor
    entropy: Tensor
    values: Tensor
    tokens: Tensor

    def summary(self) -> dict[str, float]:
        """Means over attributes (loss, accuracy) and over value tokens (confidence), as the paper plots."""
        share, there = self.tokens / self.tokens.sum(), self.values > 0
        return {
            "loss": self.loss[there].mean().item(),
            "accuracy": self.accuracy[there].mean().item(),
            "max_probability": (self.max_probability * share)[there].sum().item(),
            "entropy": (self.entropy * share)[there].sum().item(),
        }


def value_sums(per_token: Tensor, batch: Batch) -> Tensor:
    """Sum a quantity of the predicted tokens over the tokens of each value.

    per_token (B, T-1), for targets = tokens[:, 1:]; returns (B, A) in attribute order.
    """
    is_value = batch.kind[:, 1:] == VALUE
    out = torch.zeros(batch.templates.shape, dtype=per_token.dtype, device=per_token.device)
    return out.scatter_add_(1, batch.attribute[:, 1:], torch.where(is_value, per_token, 0))


def predictions(
    model: Transformer, tokens: Tensor, packing: Packing | None, rows: Tensor, targets: Tensor
) -> Tensor:
    """Loss, whether the argmax is another token, maximum probability and entropy of predicting `targets` (m,)
    from `rows` (m,) of the flattened states of tokens, which are as `Transformer.hidden` takes them; (4, m).

    Only positions that predict a value token are asked for, about one in eight: no others need logits.
    """
    logp = torch.log_softmax(model.logits(model.hidden(tokens, packing, rows)), -1)
    p = logp.exp()
    wrong = (logp.argmax(1) != targets).float()
    return torch.stack([-logp.gather(1, targets[:, None])[:, 0], wrong, p.amax(1), -(p * logp).sum(1)])


@torch.no_grad()
def measure(
    model: Transformer,
    sampler: Sampler,
    first: int,
    count: int,
    sequences: int,
    chunk: int = 128,
    share: tuple[int, int] = (0, 1),
    add: Callable[[Tensor], Tensor] = lambda sums: sums,
    predict: Callable[..., Tensor] = predictions,
    each: Callable[[Tensor, Tensor], None] | None = None,
) -> Recall:
    """Evaluate people first .. first + count - 1 on `sequences` held-out biographies.

    Raises LeakageError if these, or what the sampler has drawn for training before, are not held out.
    share: (k, n), this process runs every n-th biography from the k-th; `add` sums over the n processes;
    `predict`: `predictions`, or what it is compiled to. each: is given every value of this process: the sum
    over its tokens of the logarithms of the maximum probability, and whether it is right; (n,) both.
    """
    totals = torch.zeros(6, sampler.attributes, dtype=torch.float64)
    mine = torch.arange(sequences, device=sampler.device)[share[0] :: share[1]]
    for start in range(0, len(mine), chunk):
        batch = sampler.evaluation_batch(first, count, mine[start : start + chunk], sequences)
        kind = batch.kind[:, 1:]
        packing = None if batch.tokens.is_cuda else pack(kind != PADDING)
        tokens, targets = gather(batch.tokens[:, :-1], packing), gather(batch.tokens[:, 1:], packing)
        rows = gather(kind == VALUE, packing).flatten().nonzero()[:, 0]
        measures = predict(model, tokens, packing, rows, targets.flatten()[rows])
        spread = torch.zeros(5, *kind.shape, dtype=measures.dtype, device=measures.device)
        spread[:, kind == VALUE] = torch.cat([measures, torch.ones_like(measures[:1])])
        sums = torch.stack([value_sums(m, batch) for m in spread])
        stated = sums[4] > 0
        sums[1] = (stated & (sums[1] == 0)).float()
        if each:
            each(value_sums(spread[2].clamp_min(1e-30).log(), batch)[stated], sums[1][stated])
        totals += torch.cat([sums, stated[None].float()]).sum(1).double().cpu()
    sampler.assert_no_leak()
    loss, right, confidence, entropy, tokens, values = add(totals)
    return Recall(
        loss=loss / values,
        accuracy=right / values,
        max_probability=confidence / tokens,
        entropy=entropy / tokens,
        values=values,
        tokens=tokens,
    )
