"""The model against a plain fp32 implementation: loss and gradients."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.config import run as cfg
from pipeline.model.transformer import Transformer
from pipeline.training.cost import flops_per_token
from tests.reference import logits


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Transformer(cfg.Model(layers=2, width=24, heads=3), vocabulary=50, context=20)


def test_loss_and_gradients_match_the_reference(model):
    tokens = torch.randint(50, (3, 13))
    ours = model(tokens[:, :-1], tokens[:, 1:])
    weights = {k: v.detach().clone().requires_grad_() for k, v in model.state_dict().items()}
    plain = torch.stack(
        [F.cross_entropy(logits(weights, row[:-1], 2, 3), row[1:], reduction="none") for row in tokens]
    )
    torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-5)
    ours.mean().backward()
    plain.mean().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, weights[name].grad, rtol=1e-3, atol=1e-6)


def test_nothing_sees_the_future(model):
    tokens = torch.randint(50, (1, 12))
    changed = tokens.clone()
    changed[0, 7:] = (changed[0, 7:] + 1) % 50
    a, b = model.hidden(tokens), model.hidden(changed)
    torch.testing.assert_close(a[:, :7], b[:, :7])
    assert not torch.allclose(a[:, 7:], b[:, 7:])


def test_bf16_stays_close_to_fp32(model, losses_of):
    exact, rough = losses_of(model)
    assert (exact - rough).abs().max() < 0.1 and abs(exact.mean() - rough.mean()) < 5e-3


def test_the_papers_model_has_44_million_parameters():
    """Section 2; with an embedding of 32,000 x 512 (facts: 25.2M without it, 2.1M of them positions)."""

    def count(vocabulary: int) -> int:
        with torch.device("meta"):
            model = Transformer(cfg.Model(layers=8, width=512, heads=8), vocabulary, context=8)
        return sum(p.numel() for p in model.parameters())

    assert count(32_000) == pytest.approx(41.6e6, rel=0.01)
    assert count(32_000) - count(16_000) == 16_000 * 512


def test_flops_count_the_matrix_products():
    """6 a weight and token; attention's two T x T products, half of them masked."""
    model = cfg.Model(layers=2, width=24, heads=3)
    weights = 2 * 12 * 24**2 + 50 * 24
    assert flops_per_token(model, 50, 10) == 6 * weights + 12 * 2 * 24 * 10 / 2


def test_norm_gains_are_not_decayed(model):
    matrices, gains = model.parameter_groups(0.1)
    assert gains["weight_decay"] == 0 and all(p.ndim == 1 for p in gains["params"])
    assert sum(p.numel() for g in (matrices, gains) for p in g["params"]) == sum(
        p.numel() for p in model.parameters()
    )
