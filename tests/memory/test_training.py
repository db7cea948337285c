"""The toy's training against a plain PyTorch loop, and what its rows hold."""

import math

import pandas as pd
import pytest
import torch
from torch import nn

from pipeline.config.memory import Toy
from pipeline.memory import memory, training
from pipeline.memory.pairs import draw, finetuning_batches, pretraining_batches

READ_OUTS = ("value_embeddings", "linear")


def plain_training(toy, pairs, read_out, start, batches, rate) -> list[torch.Tensor]:
    """One memory trained with nn.Module, autograd and AdamW of one tensor a time; its parameters."""
    model = nn.Sequential(nn.Linear(toy.dimension, toy.hidden), nn.ReLU())
    model.append(nn.Linear(toy.hidden, start["output.bias"].shape[-1]))
    with torch.no_grad():
        for layer, name in ((model[0], "hidden"), (model[2], "output")):
            layer.weight.copy_(start[f"{name}.weight"][0].T)
            layer.bias.copy_(start[f"{name}.bias"][0, 0])
    optimiser = torch.optim.AdamW(
        model.parameters(), betas=(toy.beta1, toy.beta2), weight_decay=toy.weight_decay, foreach=False
    )
    for step, batch in enumerate(batches):
        optimiser.param_groups[0]["lr"] = rate(step)
        output = model(pairs.keys[batch])
        logits = output @ pairs.values.T if read_out == "value_embeddings" else output
        optimiser.zero_grad()
        nn.functional.cross_entropy(logits, pairs.labels[batch]).backward()
        optimiser.step()
    return [model[0].weight.T, model[0].bias, model[2].weight.T, model[2].bias]


def close(stack, m, expected):
    for parameter, other in zip(stack.values(), expected, strict=True):
        assert torch.allclose(parameter[m].squeeze(0), other, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def short(toy) -> Toy:
    """So short that rounding stays small."""
    return Toy.model_validate(toy.model_dump() | {"pretraining": {"steps": 20, "learning_rate": 0.03}})


@pytest.mark.parametrize("read_out", READ_OUTS)
def test_pretraining_is_plain_adamw_with_a_cosine(short, read_out):
    pairs, start = draw(short, 0), memory.initial(short, read_out, 0)
    trained = training.pretrain(short, pairs, read_out, 0)
    expected = plain_training(
        short, pairs, read_out, start, pretraining_batches(short, 0),
        lambda step: 0.03 * (1 + math.cos(math.pi * step / 20)) / 2,
    )  # fmt: skip
    close(trained, 0, expected)


@pytest.mark.parametrize("read_out", READ_OUTS)
def test_each_condition_trains_as_if_alone_from_the_pretrained_weights(short, read_out):
    pairs = draw(short, 0)
    base = training.pretrain(short, pairs, read_out, 0)
    before = {name: p.detach().clone() for name, p in base.items()}
    first, *_, (step, last) = (
        (step, {name: p.detach().clone() for name, p in stack.items()})
        for step, stack in training.finetune(short, pairs, read_out, 0, base)
    )
    assert first[0] == 0 and step == 60
    batches = finetuning_batches(short, 0)
    for m in range(len(short.conditions)):
        assert all(torch.equal(p[m], before[name][0]) for name, p in first[1].items())
        close(last, m, plain_training(short, pairs, read_out, before, batches[:, m], lambda _: 0.01))
    assert all(torch.equal(p, before[name]) for name, p in base.items()), "fine-tuning changed its base"


@pytest.fixture(scope="module")
def rows(toy) -> pd.DataFrame:
    return pd.DataFrame(training.run(toy, 0))


def test_rows(rows, toy):
    assert set(map(tuple, rows[["new", "weight"]].to_numpy())) == set(toy.conditions)
    assert sorted(rows.step.unique()) == [0, 10, 20, 40, 60]
    assert len(rows) == 2 * 4 * 5 and set(rows.read_out) == set(READ_OUTS)
    assert (rows.pairs == 96).all() and (rows["values"] == 5).all() and (rows.seed == 0).all()


def test_an_accuracy_is_a_whole_number_of_pairs(rows):
    """What gave away that a legend of the paper's is reversed: 32 pairs have steps of 1/32."""
    for accuracy, pairs in ((rows.old_accuracy, rows.pairs), (rows.new_accuracy, rows.new)):
        count = accuracy * pairs
        assert ((count - count.round()).abs() < 1e-3).all() and accuracy.between(0, 1).all()


def test_pretraining_teaches_the_old_pairs_and_fine_tuning_the_new_ones(rows):
    start, end = rows[rows.step == 0], rows[rows.step == 60]
    assert (start.old_accuracy > 0.99).all() and (start.new_accuracy < 0.7).all()
    assert start.groupby("read_out").old_loss.nunique().eq(1).all(), "all conditions start alike"
    assert (end[end.weight == 0].new_accuracy > 0.99).all()


def test_replay_keeps_old_pairs(rows):
    end = rows[(rows.step == 60) & (rows.new == 16)].pivot(
        index="read_out", columns="weight", values="old_loss"
    )
    assert (end[2.0] < end[0.125]).all() and (end[0.125] < end[0.0]).all()


def test_measures_are_those_of_the_condition(toy):
    """The new pairs of a condition are its own, not those of the largest set."""
    pairs = draw(toy, 0)
    stack = memory.copies(memory.initial(toy, "linear", 0), len(toy.conditions))
    row = training.measure(toy, pairs, "linear", stack)[0]
    hidden = (pairs.keys[96:104] @ stack["hidden.weight"][0]).relu()
    logits = hidden @ stack["output.weight"][0]
    expected = nn.functional.cross_entropy(logits, pairs.labels[96:104]).item()
    assert row["new"] == 8 and row["new_loss"] == pytest.approx(expected, rel=1e-5)


def test_a_seed_repeats_itself(toy, rows):
    assert pd.DataFrame(training.run(toy, 0)).equals(rows)
