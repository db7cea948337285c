"""A memory that is known to collapse by a shift: later work's positive control (arXiv 2610.08718).

Two matrices with a norm between them learn pairs of a key and one of 32 values. The new pairs have values of
one half only, and half of each key is common to all: fine-tuning raises that half's values for every key.
"""

import pytest
import torch
import torch.nn.functional as F

from pipeline.probes.forgetting import Asked

WIDTH, VALUES, PAIRS, BATCH = 128, 32, 128, 32
RATE, SLOWER = 0.3, 13.3


class Memory:
    """Old pairs with values of the lower half, old pairs with those of the upper half, and new pairs."""

    def __init__(self, new_values: range) -> None:
        self.draws = torch.Generator().manual_seed(0)
        own = torch.randn(3 * PAIRS, WIDTH, generator=self.draws)
        common = torch.randn(WIDTH, generator=self.draws)
        keys = torch.where(torch.arange(WIDTH) < WIDTH // 2, common, own)
        self.keys = F.normalize(keys, dim=1) * WIDTH**0.5
        drawn = [
            torch.randint(values.start, values.stop, (PAIRS,), generator=self.draws)
            for values in (range(VALUES // 2), range(VALUES // 2, VALUES), new_values)
        ]
        self.values = torch.cat(drawn)
        shapes = ((WIDTH, WIDTH), (VALUES, WIDTH))
        self.weights = [torch.randn(*s, generator=self.draws) / WIDTH**0.5 for s in shapes]
        for weight in self.weights:
            weight.requires_grad_()

    def logits(self, keys: torch.Tensor) -> torch.Tensor:
        first, second = self.weights
        return F.rms_norm(keys @ first.T, (WIDTH,)) @ second.T

    def train(self, pairs: range, rate: float, steps: int) -> torch.Tensor:
        """Logits of all pairs after so many steps of plain gradient descent on some of them."""
        for _ in range(steps):
            rows = torch.randint(pairs.start, pairs.stop, (BATCH,), generator=self.draws)
            loss = F.cross_entropy(self.logits(self.keys[rows]), self.values[rows])
            for weight, gradient in zip(self.weights, torch.autograd.grad(loss, self.weights), strict=True):
                weight.data -= rate * gradient
        return self.logits(self.keys).detach()


def course(new_values: range) -> list[dict[str, float]]:
    """Early in fine-tuning and late: accuracy on old pairs of the lower half, on all old ones, as it is and
    with the shift taken out, and on new pairs."""
    memory, old = Memory(new_values), slice(0, 2 * PAIRS)
    before = memory.train(range(2 * PAIRS), RATE, 1500)
    pair, one = torch.arange(2 * PAIRS), torch.zeros(2 * PAIRS, dtype=torch.long)
    asked = Asked(target=memory.values[old], value=pair, attribute=one, place=one, half=pair % 2)
    assert asked.accuracy(before[old]) == 1
    found = []
    for steps in (75, 2000):
        after = memory.train(range(2 * PAIRS, 3 * PAIRS), RATE / SLOWER, steps)
        right = (after.argmax(1) == memory.values).float()
        shift = asked.shift((after - before)[old])
        found.append(
            {
                "other half": float(right[:PAIRS].mean()),
                "old": asked.accuracy(after[old]),
                "shift removed": asked.accuracy(after[old] - shift),
                "new": float(right[2 * PAIRS :].mean()),
            }
        )
    return found


@pytest.fixture(scope="module")
def in_one_half():
    return course(range(VALUES // 2, VALUES))


def test_new_values_of_one_half_cover_the_other_by_a_shift(in_one_half):
    early, _ = in_one_half
    assert early["other half"] < 0.2 and early["new"] < 0.5, "a collapse before the new pairs are known"
    assert early["shift removed"] > 0.95


def test_what_is_lost_later_is_not_all_a_shift(in_one_half):
    _, late = in_one_half
    assert late["new"] > 0.95 and late["old"] < 0.4
    assert late["old"] + 0.1 < late["shift removed"] < 0.75


def test_new_values_from_anywhere_shift_less(in_one_half):
    early, _ = course(range(VALUES))
    shift = {name: of["shift removed"] - of["old"] for name, of in (("half", in_one_half[0]), ("any", early))}
    assert early["old"] > in_one_half[0]["old"] + 0.1 and shift["any"] < 0.5 * shift["half"]
