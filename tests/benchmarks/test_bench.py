"""The benchmark compares ways to compute the same thing, and its arithmetic is right."""

import pytest
import torch

from benchmarks import bench, flat, profile, whole_run, worker
from benchmarks.plain import PlainTransformer
from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.transformer import Transformer
from pipeline.training.cost import flops_per_token
from pipeline.training.loop import Trainer


def test_the_plain_model_is_ours(population):
    """Loss and gradients of the same weights on the same biographies, fp32."""
    model = cfg.Model(layers=2, width=24, heads=3)
    torch.manual_seed(0)
    ours = Transformer(model, population.vocabulary, population.longest_biography())
    plain = PlainTransformer(model, population.vocabulary)
    plain.load_state_dict(ours.state_dict())
    sampler = Sampler(population, distributions.Uniform(), seed=1)
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


def test_each_contender_is_taken_at_its_best_and_ratios_are_of_medians():
    def profiles(*milliseconds):
        return [
            {
                "phases": {"forward": ms / 2, "step": ms},
                "milliseconds": {"products with weights": ms / 4},
                "product_gflops": 1.0,
            }
            for ms in milliseconds
        ]

    measured = {
        "rates": {
            "pipeline": {(2, 1): [100.0, 110.0, 90.0]},
            "Trainer, fp32": {(2, 1): [10.0, 11.0, 30.0], (1, 2): [20.0, 22.0, 18.0]},
        },
        "peaks": [{"bfloat16": 4.0, "float32": 1.0}] * 3,
        "first_steps": [5.0, 6.0, 7.0],
        # batches of 4, 8, 32, and the yardstick, in three rounds
        "profiles": [profiles(8, 8, 32, 50), profiles(8, 9, 32, 60), profiles(80, 10, 32, 90)],
    }
    result = bench.summarise(measured, flops=2e7, precision="bf16")
    assert result["tokens_per_second"]["Trainer, fp32"] == {
        "median": 20, "jobs": 1, "threads": 2, "others": {"2 jobs x 1 threads": 11},
    }  # fmt: skip
    assert result["ratios"] == {"Trainer, fp32": {"ratio": 5.0, "pairs": [5.0, 5.0, 5.0]}}
    assert result["share_of_gemm_peak"] == pytest.approx(100 * 2e7 / 4e9)
    assert result["seconds_to_first_step"] == 6.0
    assert result["step_by_batch"][8] == {
        "milliseconds": 9, "phases": {"forward": 4.5}, "parts": {"products with weights": 2.25},
        "product_gflops": 1.0,
    }  # fmt: skip
    # A biography takes 2 ms in batches of 4, 1 ms in those of 32.
    assert result["tokens_per_second_beside_the_largest_batch"] == {4: 0.5, 8: 0.89, 32: 1.0}
    assert result["yardstick"] == {"layers": 2, "width": 128, "batch": 32, "milliseconds_a_step": 60}
    assert result["share_of_gemm_peak_in_products"] == pytest.approx(bench.CORES / 4, abs=1e-3)


def test_cost_of_a_token_is_compared_over_people_and_length(run):
    found = flat.measure(flat.trainers(run, [16, 32], [run.training.steps]), rounds=2, steps=1)
    medians = found["nanoseconds_a_token"]
    assert set(medians) == {"16 people", "32 people", f"{run.training.steps} steps"}
    assert found["largest_over_smallest"] == pytest.approx(
        max(medians.values()) / min(medians.values()), abs=1e-3
    )


def test_the_phases_of_a_step_are_most_of_it(run, population):
    trainer = Trainer(run, population)
    trainer.step(0)
    found = profile.phases(trainer, 1, 9)
    whole = found.pop("step")
    assert set(found) == {"drawing", "forward", "backward", "optimiser"} and min(found.values()) > 0
    assert 0.3 * whole < sum(found.values()) < 1.5 * whole


def test_a_whole_run_is_put_together_from_its_parts(run, population, monkeypatch):
    """Steps of 0.1 s and all else of 1 s, on a machine whose products reach 1 MFLOP/s."""
    ticks = iter([1.0, 1.0, *[0.2] * whole_run.WINDOWS, 1.0, 1.0, 1.0])

    def timed(work, device):
        work()
        return next(ticks)

    monkeypatch.setattr(whole_run, "seconds", timed)
    monkeypatch.setattr(whole_run.gemm, "rate", lambda *shape, device: 1e6)
    found = whole_run.measure(run, population, steps=2)
    assert found["milliseconds_a_step"] == 100 and found["seconds_a_slot"] == 1
    whole = 2 + 0.1 * run.training.steps + len(run.slots)
    assert found["seconds_of_the_run"] == pytest.approx(whole)
    assert found["runs_an_hour"] == pytest.approx(3600 / whole, abs=0.01)
    sampler = Sampler(population, run.distribution, run.seed)
    kinds = [sampler.batch(step, run.training.batch).kind[:, 1:] for step in range(3, 13)]
    tokens = sum(int((kind != PADDING).sum()) for kind in kinds) / 10
    assert found["tokens_a_step"] == pytest.approx(tokens, abs=0.5)
    length = population.meta["tokens_per_biography"]
    flops = tokens * flops_per_token(run.model, population.vocabulary, length)
    assert found["mfu"] == pytest.approx(flops / 0.1 / 1e6, abs=1e-3)
