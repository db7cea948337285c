"""Histograms of confidence against confidences of one value at a time."""

import numpy as np
import torch

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.sampler import VALUE, Sampler
from pipeline.model.transformer import Transformer
from pipeline.probes.confidence import BIN, EDGES, Histogram
from pipeline.probes.recall import measure
from tests.reference import logits


def test_each_value_is_counted_by_the_product_of_its_largest_probabilities(population):
    torch.manual_seed(1)
    model = Transformer(cfg.Model(layers=1, width=16, heads=2), population.vocabulary, 200)
    model.embedding.weight.data *= 4
    sampler, n, given = Sampler(population, distributions.Uniform(), seed=1), 12, []
    recall = measure(model, sampler, 0, 40, n, chunk=5, each=lambda *values: given.append(values))
    found, right = (torch.cat(part) for part in zip(*given, strict=True))
    batch, expected = sampler.evaluation_batch(0, 40, n, n), []
    for row in range(n):
        logp = logits(dict(model.state_dict()), batch.tokens[row], 1, 2).log_softmax(-1)
        for a in range(6):
            at = torch.nonzero((batch.kind[row] == VALUE) & (batch.attribute[row] == a))[:, 0]
            expected.append(logp[at - 1].amax(-1).sum())
    torch.testing.assert_close(found.sort()[0], torch.stack(expected).sort()[0], rtol=1e-4, atol=1e-4)
    assert right.sum() == (recall.accuracy * recall.values).sum()


def test_bins_hold_what_lies_in_them():
    p = torch.tensor([0.5, 0.51, 0.9, 0.999, 1.0, 1e-9])
    histogram = Histogram()
    for half in (slice(0, 3), slice(3, 6)):
        histogram.add(p[half].log(), torch.tensor([True, False, True])[: len(p[half])])
    rows = histogram.rows()
    assert sum(row["values"] for row in rows) == 6 and sum(row["right"] for row in rows) == 4
    for value in (0.51, 0.9, 0.999):
        odds = np.log(value / (1 - value))
        assert any(row["log_odds"] <= odds < row["log_odds"] + BIN for row in rows)
    assert rows[0]["log_odds"] == EDGES[0] and rows[-1]["log_odds"] == EDGES[-1], (
        "the ends take what is beyond"
    )
