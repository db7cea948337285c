"""Where attention goes, against the plain definitions position by position (paper, appendix E)."""

import math

import pytest

from pipeline.data.sampler import NAME, PADDING, TEXT, VALUE
from pipeline.probes import attention
from pipeline.probes.attention import STATISTICS


def by_hand(model, batch, layer: int) -> dict[str, float]:
    sums = {name: [] for name in STATISTICS}
    b, t = batch.tokens.shape
    patterns = model.patterns(batch.tokens)[layer].view(b, 2, t, t)
    for row in range(b):
        kind = [int(k) for k in batch.kind[row]] + [PADDING]
        last = [j for j in range(t) if kind[j] == NAME and kind[j + 1] != NAME]
        assert len(last) == 6
        for head in range(2):
            p = patterns[row, head].tolist()
            for i in range(t):
                if kind[i] == PADDING:
                    continue
                if i:
                    entropy = -sum(w * math.log(w) for w in p[i][: i + 1] if w)
                    sums["sharpness"].append(entropy / math.log(i + 1))
                if i in last:
                    sums["name_to_name"].append(sum(p[i][j] for j in range(i) if kind[j] == NAME))
                if kind[i + 1] == VALUE and kind[i] != VALUE:
                    seen = range(i + 1)
                    sums["attribute_to_name"].append(sum(p[i][j] for j in seen if kind[j] == NAME))
                    sums["attribute_to_last_name"].append(sum(p[i][j] for j in seen if j in last))
                    sums["attribute_to_text"].append(sum(p[i][j] for j in seen if kind[j] == TEXT))
    assert len(sums["attribute_to_text"]) == len(sums["name_to_name"]) == b * 6 * 2
    return {name: sum(values) / len(values) for name, values in sums.items()}


def test_statistics_match_their_definitions(model, sampler):
    rows = attention.measure(model, sampler, 0, 40, 7, chunk=3)
    batch = sampler.evaluation_batch(0, 40, 7, 7)
    assert [row.pop("layer") for row in rows] == [1, 2]
    for layer, row in enumerate(rows):
        assert row == pytest.approx(by_hand(model, batch, layer), rel=1e-4)


def test_uniform_attention(model, sampler):
    """Without queries attention is uniform: sharpness 1, and shares are those of the tokens in sight."""
    for block in model.blocks:
        block.attention.qkv.weight.data[:16] = 0
    row = attention.measure(model, sampler, 0, 40, 16)[0]
    assert row["sharpness"] == pytest.approx(1, abs=1e-5)
    assert 0.2 < row["attribute_to_name"] < 0.5 < row["attribute_to_text"] < 0.7
    assert row["attribute_to_last_name"] < 0.7 * row["attribute_to_name"]
