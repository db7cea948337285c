"""The benchmark compares ways to compute the same thing, and its arithmetic is right."""

import pytest
import torch

from benchmarks import bench, worker
from benchmarks.plain import PlainTransformer
from pipeline import config as cfg
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.transformer import Transformer


def test_the_plain_model_is_ours(population):
    """Loss and gradients of the same weights on the same biographies, fp32."""
    model = cfg.Model(layers=2, width=24, heads=3)
    torch.manual_seed(0)
    ours = Transformer(model, population.vocabulary, population.longest_biography())
    plain = PlainTransformer(model, population.vocabulary)
    plain.load_state_dict(ours.state_dict())
    sampler = Sampler(population, cfg.Uniform(), seed=1)
    inputs, labels, tokens = worker.padded(sampler, 0, 6)
    batch = sampler.batch(0, 6)
    per_token = ours(batch.tokens[:, :-1].contiguous(), batch.tokens[:, 1:].contiguous())
    counted = batch.kind[:, 1:] != PADDING
    mine, theirs = per_token[counted].sum() / tokens, plain(inputs, labels)["loss"]
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)
    mine.backward()
    theirs.backward()
    for (name, a), b in zip(ours.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-6, msg=name)


def test_ratios_are_of_medians_and_shares_of_the_peak():
    names = list(bench.CONTENDERS)
    measured = {
        "rates": {name: [100.0 * (k + 1), 110.0 * (k + 1), 90.0 * (k + 1)] for k, name in enumerate(names)},
        "peaks": [{"bfloat16": 4.0, "float32": 1.0}] * 3,
        "first_steps": [5.0, 6.0, 7.0],
        "profiles": [
            {"milliseconds": {"products with weights": ms, "the rest": 1.0}, "product_gflops": 1.0}
            for ms in (2.0, 3.0, 9.0)
        ],
    }
    result = bench.summarise(measured, flops=2e7, precision="bf16")
    assert result["ratios"][f"pipeline / {names[1]}"] == {
        "ratio": 0.5, "medians": [100, 200], "pairs": [0.5, 0.5, 0.5],
    }  # fmt: skip
    assert result["share_of_gemm_peak"] == pytest.approx(100 * 2e7 / 4e9)
    assert result["seconds_to_first_step"] == 6.0
    assert result["milliseconds_of_a_default_step"] == {"products with weights": 3.0, "the rest": 1.0}
    assert result["share_of_gemm_peak_in_products"] == pytest.approx(bench.CORES / 4, abs=1e-3)
