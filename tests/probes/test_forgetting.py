"""What fine-tuning does to logits: known changes of them, and of weights, against what is measured."""

import pytest
import torch

from pipeline.data.sampler import VALUE
from pipeline.probes import forgetting
from pipeline.probes.recall import measure as recall
from tests.reference import logits as plain_logits


@pytest.fixture
def asked(model, sampler):
    return forgetting.ask(model, sampler, 0, 40, 30)


def known(asked) -> torch.Tensor:
    """Logits (m, V) of someone who knows every token."""
    return 5.0 * torch.nn.functional.one_hot(asked.target, 400).float()


def small(asked) -> forgetting.Asked:
    """The same tokens under numbers below 400."""
    return forgetting.Asked(asked.target % 400, asked.value, asked.attribute, asked.place, asked.half)


def moved(asked, by: dict[int, float]) -> torch.Tensor:
    """A change that raises one wrong token of every attribute's first tokens, by so much for each half."""
    change = torch.zeros(len(asked.target), 400)
    for half, much in by.items():
        of = (asked.half == half) & (asked.place == 0)
        change[of, 399] = much
    return change


def test_tokens_and_logits_are_those_of_the_biographies(model, sampler):
    model.embedding.weight.data *= 4
    asked, logits = forgetting.ask(model, sampler, 0, 40, 30)
    batch, at = sampler.evaluation_batch(0, 40, 30, 30), 0
    for row in range(30):
        expected = plain_logits(dict(model.state_dict()), batch.tokens[row], 2, 2)
        for t in torch.nonzero(batch.kind[row] == VALUE)[:, 0].tolist():
            first = batch.kind[row, t - 1] != VALUE
            assert asked.target[at] == batch.tokens[row, t] and asked.attribute[at] == batch.attribute[row, t]
            assert asked.place[at] == (0 if first else asked.place[at - 1] + 1)
            assert asked.half[at] == batch.individuals[row] % 2
            torch.testing.assert_close(logits[at], expected[t - 1], rtol=1e-4, atol=1e-4)
            at += 1
    assert at == len(asked.target) and int(asked.value.max()) + 1 == 30 * 6


def test_accuracy_is_that_of_recall(model, sampler):
    # Untrained, but that it speaks of values more than of anything else.
    batch = sampler.evaluation_batch(0, 40, 300, 300)
    model.embedding.weight.data[batch.tokens[batch.kind == VALUE].unique()] *= 4
    asked, logits = forgetting.ask(model, sampler, 0, 40, 300)
    expected = recall(model, sampler, 0, 40, 300).summary()["accuracy"]
    assert asked.accuracy(logits) == pytest.approx(expected) and expected > 0


def test_a_value_is_right_with_all_its_tokens(asked):
    tokens = small(asked[0])
    last = torch.cat([tokens.place[1:] == 0, torch.tensor([True])])
    for_one = known(tokens)
    assert tokens.accuracy(for_one) == 1
    for_one[last & (tokens.attribute == 2)] = 0
    for_one[last & (tokens.attribute == 2), 399] = 1
    assert tokens.accuracy(for_one) == pytest.approx(5 / 6)


def test_a_shift_is_taken_out_and_a_drift_is_not(asked):
    tokens = small(asked[0])
    for_all, for_some = moved(tokens, {0: 9.0, 1: 9.0}), moved(tokens, {0: 9.0})
    torch.testing.assert_close(tokens.shift(for_all), for_all)
    assert tokens.accuracy(known(tokens) + for_all) == 0
    assert tokens.accuracy(known(tokens) + for_all - tokens.shift(for_all)) == 1
    # Who is corrected has no part in the correction.
    torch.testing.assert_close(tokens.shift(for_some), moved(tokens, {1: 9.0}))


def test_the_shares_of_shift_and_drift(model, sampler, population):
    asked, logits = forgetting.ask(model, sampler, 0, 40, 300)
    shift = torch.zeros_like(logits)
    for a in range(6):
        shift[asked.attribute == a] = torch.randn(logits.shape[1])
    drift = torch.randn_like(logits)
    for change, share in ((shift, 1.0), (drift, 0.0), (shift + drift, 0.5)):
        found = forgetting._of_first_tokens(population, asked, logits, change)[1]
        assert found == pytest.approx(share, abs=0.08)
    constant = torch.ones_like(logits)
    assert forgetting._of_first_tokens(population, asked, logits, constant)[1] == 0, (
        "a softmax is blind to it"
    )


def test_rank_goes_from_the_highest_to_the_lowest(asked, population):
    tokens, logits = asked
    for value, rank in ((1e3, 0.0), (-1e3, 1.0)):
        moved_logits = logits.scatter(1, tokens.target[:, None], value)
        found = forgetting._of_first_tokens(population, tokens, moved_logits, 0 * logits)[0]
        assert found == pytest.approx(rank)
    found = forgetting._of_first_tokens(population, tokens, torch.randn_like(logits), 0 * logits)[0]
    assert found == pytest.approx(0.5, abs=0.1)


def test_the_top_direction_is_the_whole_of_a_change_of_rank_one(model):
    before = model.state_dict()
    after = {name: w + torch.ones_like(w) * (w.ndim == 2) for name, w in before.items()}
    restored = forgetting.without_top_direction(before, after)
    for name, w in before.items():
        torch.testing.assert_close(restored[name], w, rtol=0, atol=1e-5)
    name = "blocks.0.up.weight"
    after = before | {name: before[name] + torch.randn_like(before[name])}
    left = forgetting.without_top_direction(before, after)[name] - before[name]
    sizes = torch.linalg.svdvals(after[name] - before[name])
    torch.testing.assert_close(torch.linalg.svdvals(left)[: len(sizes) - 1], sizes[1:], rtol=1e-3, atol=1e-3)


def test_weights_that_stay_lose_nothing(model, sampler, population):
    start = {name: w.clone() for name, w in model.state_dict().items()}
    later = start | {"embedding.weight": start["embedding.weight"] * 1.5}
    rows = forgetting.measure(model, population, sampler, (0, 40), 60, {0: start, 8: start, 9: later})
    assert [row["step"] for row in rows] == [0, 8, 9]
    for row in rows[:2]:
        same = {row[key] for key in ("accuracy", "shift_removed", "shift_alone", "top_removed")}
        assert len(same) == 1 and row["common"] == 0
    assert rows[2]["rank"] != rows[0]["rank"] and rows[2]["common"] != 0


def test_weights_of_one_step_are_not_taken_for_those_of_another(model, sampler, population):
    """Under autocast, which keeps the casts of weights for as long as its context lasts."""
    start = {name: w.clone() for name, w in model.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    later = {
        name: w + (0.2 * torch.randn(w.shape, generator=generator) if "blocks" in name else 0)
        for name, w in start.items()
    }

    def ranks(snapshots: dict) -> list[float]:
        with torch.autocast("cpu", torch.bfloat16):
            rows = forgetting.measure(model, population, sampler, (0, 40), 60, snapshots)
        return [row["rank"] for row in rows]

    first, second = ranks({0: start, 9: later})
    assert [first] == ranks({0: start}) and [second] == ranks({9: later}) and first != second
