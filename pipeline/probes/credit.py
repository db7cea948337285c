"""How much of the error on values reaches names and template text, by layer: credit assignment.

The paper argues (section 3) that while no circuit moves a name's tokens to its values, errors on values do
not reach the name, and that attention forms first for this reason; it does not measure it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.config.probes import PROBES
from pipeline.data.sampler import NAME, PADDING, TEXT, VALUE, Sampler
from pipeline.model.transformer import Transformer

# Mean over tokens of the norm of the gradient of a biography's loss on value tokens (their sum, nats) in the
# states that enter the layer. Tokens at which a value token is predicted are left out: no attention is needed
# for an error to reach them.
CREDIT = PROBES["credit"].columns


@contextmanager
def _entering(blocks: torch.nn.ModuleList) -> Iterator[list[Tensor]]:
    """Collects the states (B, T, D) that enter each block of the next forward pass."""
    states: list[Tensor] = []
    hooks = [block.register_forward_pre_hook(lambda _, given: states.append(given[0])) for block in blocks]
    try:
        yield states
    finally:
        for hook in hooks:
            hook.remove()


def measure(
    model: Transformer, sampler: Sampler, first: int, count: int, sequences: int, chunk: int = 128
) -> list[dict[str, float]]:
    """CREDIT of each layer (1 is the first) on `sequences` biographies of people from `first` on.

    The gradients of the parameters are left alone.
    """
    sums = torch.zeros(len(model.blocks), len(CREDIT), dtype=torch.float64)
    tokens = torch.zeros(len(CREDIT), dtype=torch.float64)
    for start in range(0, sequences, chunk):
        rows = torch.arange(start, min(start + chunk, sequences), device=sampler.device)
        batch = sampler.evaluation_batch(first, count, rows, sequences)
        after = batch.kind[:, 1:]
        predicts = after == VALUE
        with _entering(model.blocks) as states:
            hidden = model.hidden(batch.tokens[:, :-1])
        logits = model.logits(hidden[predicts])
        loss = F.cross_entropy(logits, batch.tokens[:, 1:][predicts], reduction="sum")
        norms = [g.float().norm(dim=-1) for g in torch.autograd.grad(loss, states)]
        for k, kind in enumerate((NAME, TEXT)):
            # A biography's last token predicts nothing; whether it is an input depends on the padding.
            at = (batch.kind[:, :-1] == kind) & ~predicts & (after != PADDING)
            tokens[k] += at.sum().cpu()
            sums[:, k] += torch.stack([n[at].sum() for n in norms]).double().cpu()
    means = (sums / tokens).tolist()
    return [{"layer": k, **dict(zip(CREDIT, row, strict=True))} for k, row in enumerate(means, 1)]
