"""Recall and confidence against the plain definitions, biography by biography (paper, appendix B.3)."""

import pytest
import torch

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.sampler import VALUE, Sampler
from pipeline.model.transformer import Transformer
from pipeline.probes.recall import measure
from tests.reference import logits


@pytest.fixture
def model(population):
    torch.manual_seed(1)
    model = Transformer(cfg.Model(layers=1, width=16, heads=2), population.vocabulary, 200)
    model.embedding.weight.data *= 4  # confident enough that some argmaxes are right
    return model


def test_measures_match_their_definitions(population, model):
    sampler, n = Sampler(population, distributions.Uniform(), seed=1), 12
    ours = measure(model, sampler, 0, 40, n, chunk=5)
    batch = sampler.evaluation_batch(0, 40, n, n)
    loss, right = torch.zeros(6), torch.zeros(6)
    confidence, entropy, tokens = torch.zeros(6), torch.zeros(6), torch.zeros(6)
    for row in range(n):
        logp = logits(dict(model.state_dict()), batch.tokens[row], 1, 2).log_softmax(-1)
        for a in range(6):
            at = torch.nonzero((batch.kind[row] == VALUE) & (batch.attribute[row] == a))[:, 0]
            predicted, truth = logp[at - 1], batch.tokens[row, at]
            loss[a] -= predicted[torch.arange(len(at)), truth].sum()
            right[a] += float((predicted.argmax(-1) == truth).all())
            confidence[a] += predicted.exp().amax(-1).sum()
            entropy[a] -= (predicted.exp() * predicted).sum()
            tokens[a] += len(at)
    torch.testing.assert_close(ours.loss.float(), loss / n, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours.accuracy.float(), right / n)
    torch.testing.assert_close(ours.max_probability.float(), confidence / tokens, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours.entropy.float(), entropy / tokens, rtol=1e-4, atol=1e-4)
    summary = ours.summary()
    assert summary["loss"] == pytest.approx((loss / n).mean().item(), rel=1e-4)
    assert summary["entropy"] == pytest.approx((entropy.sum() / tokens.sum()).item(), rel=1e-4)


def test_a_value_counts_only_if_all_its_tokens_are_right(population):
    """A model that knows everything but the first token of each value scores 0."""
    sampler = Sampler(population, distributions.Uniform(), seed=1)

    class Oracle:
        def __init__(self, spoil: bool):
            self.spoil, self.at = spoil, 0

        def hidden(self, tokens, packing, rows):
            return tokens[:, None]

        def logits(self, _selected):
            batch = sampler.evaluation_batch(0, 40, 20, 20)
            at = batch.kind[:, 1:] == VALUE
            first = at & (batch.kind[:, :-1] != VALUE)
            wrong = (batch.tokens[:, 1:] + 1) % population.vocabulary
            answer = torch.where(first & self.spoil, wrong, batch.tokens[:, 1:])[at]
            return 50.0 * torch.nn.functional.one_hot(answer, population.vocabulary)

    assert measure(Oracle(False), sampler, 0, 40, 20).accuracy.tolist() == [1.0] * 6
    assert measure(Oracle(True), sampler, 0, 40, 20).accuracy.tolist() == [0.0] * 6


def test_groups_of_people(run):
    assert run.groups == {"known": (0, 40), "new": (40, 24)}
    tuned = run.model_copy(update={"distribution": distributions.Replay(kind="replay", new=8), "base": run})
    assert tuned.groups == {"known": (0, 40), "new": (40, 8)}


def test_parts_of_the_people_are_measured_apart_where_asked(run):
    in_turn = {**dict(run), "distribution": distributions.Sequential(kind="sequential", groups=4)}
    quarters = {f"group-{k}": (10 * (k - 1), 10) for k in (1, 2, 3, 4)}
    assert cfg.RunConfig.model_validate(in_turn).parts == quarters
    famous = {**dict(run), "distribution": distributions.Celebrities(kind="celebrities", count=4, weight=2)}
    base = cfg.RunConfig.model_validate(famous)
    assert base.parts == {"head": (0, 4), "tail": (4, 36)} and not run.parts
    tuned = {"distribution": distributions.Seen(kind="seen", skip=4, count=36), "base": base}
    assert cfg.RunConfig.model_validate({**dict(run), **tuned}).parts == base.parts
    assert base.groups == run.groups == {"known": (0, 40), "new": (40, 24)}
