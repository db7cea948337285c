import pytest
import torch

from pipeline.memory.pairs import WEIGHTS, draw, finetuning_batches, generator, pretraining_batches


def test_vectors_are_on_the_unit_sphere_and_every_value_is_used(toy):
    pairs = draw(toy, 0)
    assert pairs.keys.shape == (96 + 16, 16) and pairs.values.shape == (5, 16) and pairs.old == 96
    for vectors in (pairs.keys, pairs.values):
        assert torch.allclose(vectors.norm(dim=1), torch.ones(len(vectors)), atol=1e-6)
    assert pairs.keys.mean(0).norm() < 0.3
    assert sorted(pairs.labels.unique().tolist()) == [0, 1, 2, 3, 4]


def test_a_seed_decides_everything(toy):
    a, b, other = draw(toy, 0), draw(toy, 0), draw(toy, 1)
    assert torch.equal(a.keys, b.keys) and torch.equal(a.labels, b.labels)
    assert not torch.equal(a.keys, other.keys) and not torch.equal(a.values, other.values)
    for batches in (pretraining_batches, finetuning_batches):
        assert torch.equal(batches(toy, 0), batches(toy, 0))
        assert not torch.equal(batches(toy, 0), batches(toy, 1))


def test_weights_and_pairs_share_no_random_numbers(toy):
    drawn = torch.randn(5, 16, generator=generator(0, WEIGHTS))
    assert not torch.allclose(torch.nn.functional.normalize(drawn, dim=1), draw(toy, 0).values)


def test_pretraining_sees_all_old_pairs_alike_and_no_new_one(toy):
    batches = pretraining_batches(toy, 0)
    assert batches.shape == (300, 24)
    counts = torch.bincount(batches.flatten(), minlength=96)
    # 75 expected each, standard deviation 8.6.
    assert len(counts) == 96 and counts.min() > 35 and counts.max() < 115


def test_without_replay_only_the_first_new_pairs_are_trained_on(toy):
    batches = finetuning_batches(toy, 0)
    assert batches.shape == (60, 4, 24)
    for condition, new in ((0, 8), (1, 16)):
        assert batches[:, condition].unique().tolist() == list(range(96, 96 + new))


@pytest.mark.parametrize(("condition", "weight"), [(2, 2.0), (3, 0.125)])
def test_a_weight_is_the_odds_of_an_old_pair(toy, condition, weight):
    chosen = finetuning_batches(toy, 0)[:, condition].flatten()
    expected = 96 * weight / (96 * weight + 16)
    deviation = (expected * (1 - expected) / len(chosen)) ** 0.5
    assert (chosen < 96).float().mean() == pytest.approx(expected, abs=4 * deviation)
    assert len(chosen[chosen < 96].unique()) > 90 and chosen.max() < 96 + 16


def test_conditions_differ_only_in_what_they_must(toy):
    plain, much, little = finetuning_batches(toy, 0)[:, 1:].unbind(1)
    for replayed in (much, little):
        assert torch.equal(replayed[replayed >= 96], plain[replayed >= 96])
    both = (much < 96) & (little < 96)
    assert both.any() and torch.equal(much[both], little[both])
