"""Where attention goes on held-out biographies, by layer (paper, section 3, appendix E; Figures 3, F, O).

All are means over heads, biographies and the positions named below; shares count every name or template
token up to the position, in whatever sentence.
"""

import torch
from torch import Tensor

from pipeline.config.probes import PROBES
from pipeline.data.sampler import NAME, PADDING, TEXT, VALUE, Sampler
from pipeline.model.transformer import Transformer

# name_to_name: share of attention from the last token of a name to all other name tokens.
# attribute_to_name, attribute_to_last_name, attribute_to_text: share of attention from the position that
#   predicts the first token of a value to name tokens, to last tokens of names, to template tokens.
# sharpness: entropy of the attention of a position over that of uniform attention, log t with t tokens in
#   sight; which positions the paper averages over is not known: here all from the second on.
STATISTICS = PROBES["attention"].columns


def _share(pattern: Tensor, of: Tensor) -> Tensor:
    """Attention (B, T) that each position pays to the tokens `of` (B, T), given pattern (B, T, T)."""
    return torch.bmm(pattern, of.to(pattern.dtype)[..., None])[..., 0]


def _sums(pattern: Tensor, kind: Tensor) -> Tensor:
    """Sum and number of positions of each statistic, (5, 2), given pattern (B, H, T, T), kind (B, T)."""
    after = torch.cat([kind[:, 1:], torch.full_like(kind[:, :1], PADDING)], 1)
    last_name = (kind == NAME) & (after != NAME)
    predicts = (after == VALUE) & (kind != VALUE)
    seen = torch.arange(1, kind.shape[1] + 1, device=kind.device)
    several = (kind != PADDING) & (seen > 1)
    mean = pattern.mean(1)
    to_name = _share(mean, kind == NAME)
    uniform = seen.log().clamp(min=1e-9)  # of the first position, which does not count
    measures = (
        (to_name - mean.diagonal(dim1=1, dim2=2), last_name),
        (to_name, predicts),
        (_share(mean, last_name), predicts),
        (_share(mean, kind == TEXT), predicts),
        (torch.special.entr(pattern).sum(-1).mean(1) / uniform, several),
    )
    return torch.stack([torch.stack([m[at].sum(), at.sum().to(m.dtype)]) for m, at in measures])


@torch.no_grad()
def measure(
    model: Transformer, sampler: Sampler, first: int, count: int, sequences: int, chunk: int = 128
) -> list[dict[str, float]]:
    """STATISTICS of each layer (1 is the first) on `sequences` biographies of people from `first` on."""
    totals = torch.zeros(len(model.blocks), len(STATISTICS), 2, dtype=torch.float64)
    for start in range(0, sequences, chunk):
        rows = torch.arange(start, min(start + chunk, sequences), device=sampler.device)
        batch = sampler.evaluation_batch(first, count, rows, sequences)
        b, t = batch.tokens.shape
        for layer, pattern in enumerate(model.patterns(batch.tokens)):
            totals[layer] += _sums(pattern.view(b, -1, t, t).float(), batch.kind).double().cpu()
    means = (totals[..., 0] / totals[..., 1]).tolist()
    return [{"layer": k, **dict(zip(STATISTICS, row, strict=True))} for k, row in enumerate(means, 1)]
