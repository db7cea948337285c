"""The gradient that reaches names and text, against plain definitions biography by biography."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.config import run as cfg
from pipeline.data.sampler import NAME, PADDING, TEXT, VALUE
from pipeline.probes import credit
from pipeline.training.loop import Trainer


def by_hand(model, batch, layer: int) -> dict[str, float]:
    """Each biography alone, its states perturbed before the block `layer`."""
    norms = {NAME: [], TEXT: []}
    for tokens, kind in zip(batch.tokens, batch.kind, strict=True):
        x, *position = model._embed(tokens[None, :-1])
        for block in model.blocks[:layer]:
            x = block(x, *position)
        x = x.detach().requires_grad_()
        y = x
        for block in model.blocks[layer:]:
            y = block(y, *position)
        loss = F.cross_entropy(model.logits(model.norm(y))[0], tokens[1:], reduction="none")
        (gradient,) = torch.autograd.grad(loss[kind[1:] == VALUE].sum(), x)
        for t, norm in enumerate(gradient[0].norm(dim=-1).tolist()):
            if int(kind[t + 1]) not in (VALUE, PADDING) and int(kind[t]) in norms:
                norms[int(kind[t])].append(norm)
    return {
        f"credit_to_{what}": sum(norms[kind]) / len(norms[kind])
        for what, kind in (("name", NAME), ("text", TEXT))
    }


def test_credit_matches_its_definition(model, sampler):
    rows = credit.measure(model, sampler, 0, 40, 7, chunk=3)
    batch = sampler.evaluation_batch(0, 40, 7, 7)
    assert [row.pop("layer") for row in rows] == [1, 2]
    for layer, row in enumerate(rows):
        assert row == pytest.approx(by_hand(model, batch, layer), rel=1e-3)
    assert all(p.grad is None for p in model.parameters())
    assert not any(block._forward_pre_hooks for block in model.blocks)


def test_without_attention_no_error_reaches_the_names(model, sampler):
    for block in model.blocks:
        block.attention.out.weight.data.zero_()
    for row in credit.measure(model, sampler, 0, 40, 4):
        assert row["credit_to_name"] == row["credit_to_text"] == 0


def test_measuring_it_changes_nothing_in_a_run(run, population):
    plain, credited = (
        Trainer(
            run.model_copy(update={"observe": cfg.Observation(sequences=8, credit=asked)}), population
        ).train()
        for asked in (None, 4)
    )
    assert plain.evaluations == credited.evaluations and plain.training_log == credited.training_log
    both = zip(plain.observed["attention"], credited.observed["attention"], strict=True)
    for without, row in both:
        assert {**row, **without} == row and row["credit_to_name"] > 0
        assert set(row) - set(without) == {"credit_to_name", "credit_to_text"}
