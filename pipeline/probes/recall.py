"""Recall and confidence on held-out biographies (paper, section 2, appendix B.3 and F).

Loss is the sum of the cross-entropies of all tokens of a value, in nats per value; accuracy counts a
value only if every one of its tokens is the argmax, given the true tokens before it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline import config as cfg
from pipeline.data.sampler import VALUE, A, Batch, Sampler
from pipeline.model.transformer import Transformer


@dataclass(frozen=True)
class Recall:
    """Means over biographies of one group of people; each a tensor over the A = 6 attributes.

    loss (A,): nats per value; accuracy (A,): share of values fully right;
    max_probability (A,), entropy (A,): of the predictive distribution, mean over value tokens, in
    attribute order (entropy in nats); tokens (A,): value tokens that the last two are means over.
    """

    loss: Tensor
    accuracy: Tensor
    max_probability: Tensor
    entropy: Tensor
    tokens: Tensor

    def summary(self) -> dict[str, float]:
        """Means over values (loss, accuracy) and over value tokens (confidence), as the paper plots."""
        share = self.tokens / self.tokens.sum()
        return {
            "loss": self.loss.mean().item(),
            "accuracy": self.accuracy.mean().item(),
            "max_probability": (self.max_probability * share).sum().item(),
            "entropy": (self.entropy * share).sum().item(),
        }


def value_sums(per_token: Tensor, batch: Batch) -> Tensor:
    """Sum a quantity of the predicted tokens over the tokens of each value.

    per_token (B, T-1), for targets = tokens[:, 1:]; returns (B, A) in attribute order.
    """
    is_value = batch.kind[:, 1:] == VALUE
    out = torch.zeros(len(per_token), A, dtype=per_token.dtype, device=per_token.device)
    return out.scatter_add_(1, batch.attribute[:, 1:], torch.where(is_value, per_token, 0))


def groups(run: cfg.RunConfig) -> dict[str, tuple[int, int]]:
    """Groups of people that are evaluated, as (first, count).

    known: the pre-training people; new: people this run never trains on, or in fine-tuning the new
    people it is fine-tuned on. With `evaluation.apart`, also the parts of the former.
    """
    who = run.population
    new = run.distribution.new if isinstance(run.distribution, cfg.Replay) else who.unseen
    everybody = {"known": (0, who.individuals), "new": (who.individuals, new)}
    return everybody | (run.parts if run.evaluation.apart else {})


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
) -> Recall:
    """Evaluate people first .. first + count - 1 on `sequences` held-out biographies.

    Raises LeakageError if these, or what the sampler has drawn for training before, are not held out.
    share: (k, n), this process runs every n-th biography from the k-th; `add` sums over the n processes.
    """
    totals = torch.zeros(5, A, dtype=torch.float64)
    mine = torch.arange(sequences, device=sampler.device)[share[0] :: share[1]]
    for start in range(0, len(mine), chunk):
        batch = sampler.evaluation_batch(first, count, mine[start : start + chunk], sequences)
        targets = batch.tokens[:, 1:]
        at = batch.kind[:, 1:] == VALUE
        # Only positions that predict a value token need logits: about one in eight.
        logp = torch.log_softmax(model.logits(model.hidden(batch.tokens[:, :-1])[at]), -1)
        p = logp.exp()
        measures = (
            -logp.gather(1, targets[at][:, None])[:, 0],
            (logp.argmax(1) != targets[at]).float(),
            p.amax(1),
            -(p * logp).sum(1),
            torch.ones(len(logp), device=logp.device),
        )
        sums = []
        for m in measures:
            spread = torch.zeros(at.shape, dtype=m.dtype, device=m.device)
            spread[at] = m
            sums.append(value_sums(spread, batch))
        sums[1] = (sums[1] == 0).float()
        totals += torch.stack([s.sum(0) for s in sums]).double().cpu()
    sampler.assert_no_leak()
    loss, right, confidence, entropy, tokens = add(totals)
    return Recall(
        loss=loss / sequences,
        accuracy=right / sequences,
        max_probability=confidence / tokens,
        entropy=entropy / tokens,
        tokens=tokens,
    )
