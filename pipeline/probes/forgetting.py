"""What fine-tuning does to old facts: weights at several of its steps are compared with those before it.

The logits of a value's tokens change by a part that all people share, a shift, and by one that differs
between people, a drift. The shift is estimated on other people than those whose answers are corrected for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.data.population import Population
from pipeline.data.sampler import PADDING, VALUE, Sampler
from pipeline.model.packing import gather, pack
from pipeline.model.transformer import Transformer

Weights = Mapping[str, Tensor]
_CHUNK = 128


@dataclass(frozen=True)
class Asked:
    """Tokens of values that are asked for, m of them in order of their biographies; all (m,) int64.

    target: the token; value: which value of all it belongs to; attribute: what that states; place: of the
    token in it, from 0; half: of the people that its person is in, 0 or 1.
    """

    target: Tensor
    value: Tensor
    attribute: Tensor
    place: Tensor
    half: Tensor

    def accuracy(self, logits: Tensor) -> float:
        """Share of values whose every token has the largest of its logits (m, V), mean over attributes."""
        wrong = torch.zeros(int(self.value.max()) + 1, device=logits.device)
        wrong.index_add_(0, self.value, (logits.argmax(1) != self.target).float())
        begins = self.place == 0
        of, right = self.attribute[begins], (wrong[self.value[begins]] == 0).double()
        sums = torch.zeros(int(of.max()) + 1, dtype=right.dtype, device=right.device)
        stated = torch.bincount(of)
        return float((sums.index_add_(0, of, right) / stated)[stated > 0].mean())

    def shift(self, change: Tensor) -> Tensor:
        """Mean of `change` (m, V) over tokens at the same place of the same attribute, of people of the other
        half; 0 where these have none."""
        kind = 2 * (self.attribute * (int(self.place.max()) + 1) + self.place) + self.half
        sums = torch.zeros(int(kind.max()) // 2 * 2 + 2, change.shape[1], device=change.device)
        counts = torch.bincount(kind, minlength=len(sums)).clamp(min=1)
        return (sums.index_add_(0, kind, change) / counts[:, None])[kind ^ 1]


@torch.no_grad()
def ask(model: Transformer, sampler: Sampler, first: int, count: int, sequences: int) -> tuple[Asked, Tensor]:
    """Logits (m, V) of the value tokens of `sequences` held-out biographies of people from `first` on."""
    asked: list[tuple[Tensor, ...]] = []
    logits, values = [], 0
    rows = torch.arange(sequences, device=sampler.device)
    for start in range(0, sequences, _CHUNK):
        batch = sampler.evaluation_batch(first, count, rows[start : start + _CHUNK], sequences)
        kind, tokens = batch.kind, batch.tokens
        packing = None if tokens.is_cuda else pack(kind[:, 1:] != PADDING)
        at = gather(kind[:, 1:] == VALUE, packing).flatten().nonzero()[:, 0]
        logits.append(model.logits(model.hidden(gather(tokens[:, :-1], packing), packing, at)))
        row, t = (kind[:, 1:] == VALUE).nonzero(as_tuple=True)
        begins = kind[row, t] != VALUE
        value = begins.cumsum(0) - 1
        index = torch.arange(len(row), device=row.device)
        place = index - index[begins][value]
        half = batch.individuals[row] % 2
        asked.append((tokens[row, t + 1], values + value, batch.attribute[row, t + 1], place, half))
        values += int(begins.sum())
    return Asked(*(torch.cat(part) for part in zip(*asked, strict=True))), torch.cat(logits)


def first_tokens(population: Population, attribute: int) -> Tensor:
    """The different first tokens of an attribute's values, (k,) int64."""
    values = len(population.schema.attributes[attribute].values)
    segments = population.first_value_segment[attribute] + torch.arange(values).numpy()
    return torch.from_numpy(population.bank[population.segment_start[segments]]).long().unique()


def _of_first_tokens(
    population: Population, asked: Asked, logits: Tensor, change: Tensor
) -> tuple[float, float]:
    """Rank of the right first token among those of its attribute's values, from 0, the highest, to 1, the
    lowest, mean over values; and the share of the shift in the mean square of their change."""
    rank, values, common, total = 0.0, 0, 0.0, 0.0
    for a in range(len(population.schema.attributes)):
        among = first_tokens(population, a).to(logits.device)
        of = (asked.attribute == a) & (asked.place == 0)
        if len(among) < 2 or not of.any():
            continue
        right = logits[of].gather(1, asked.target[of][:, None])
        rank += float((logits[of][:, among] > right).double().mean(1).sum()) * len(among) / (len(among) - 1)
        values += int(of.sum())
        # A softmax does not see what is added to all logits.
        moved = change[of][:, among].double()
        moved = moved - moved.mean(1, keepdim=True)
        halves = [moved[asked.half[of] == half] for half in (0, 1)]
        if all(map(len, halves)):
            # The product of two independent means: the square of one would count their noise.
            common += float(halves[0].mean(0) @ halves[1].mean(0)) * len(moved)
            total += float(moved.square().sum())
    return rank / values, common / total if total else 0.0


def without_top_direction(before: Weights, after: Weights) -> dict[str, Tensor]:
    """`after`, without the direction in which each matrix has changed most: the largest singular value of its
    change is taken out."""
    out = {}
    for name, weight in after.items():
        out[name] = weight
        if weight.ndim == 2:
            u, s, v = torch.linalg.svd((weight - before[name]).double(), full_matrices=False)
            out[name] = (weight.double() - s[0] * torch.outer(u[:, 0], v[0])).to(weight.dtype)
    return out


def measure(
    model: Transformer,
    population: Population,
    sampler: Sampler,
    people: tuple[int, int],
    sequences: int,
    snapshots: Mapping[int, Weights],
) -> list[dict[str, float]]:
    """One row a snapshot, by step; the first is of the weights before fine-tuning. Of held-out biographies of
    `people` (first, count), shares of values that are right:

    accuracy: with the weights of that step; shift_removed: the same with the shift taken from the logits;
    shift_alone: with the first weights and the shift added to their logits; top_removed: with the direction
    taken out in which each matrix has changed most.

    rank: of the right first token among those of its attribute's values, 0 the highest, 1 the lowest;
    common: share of the shift in the mean square of the change of these logits.
    """

    def answers(weights: Weights) -> tuple[Asked, Tensor]:
        model.load_state_dict(weights)
        # Within one autocast context torch would go on with the casts of the weights before.
        torch.clear_autocast_cache()
        return ask(model, sampler, *people, sequences)

    start = snapshots[min(snapshots)]
    asked, before = answers(start)
    rows = []
    for step, weights in sorted(snapshots.items()):
        logits = answers(weights)[1]
        shift = asked.shift(logits - before)
        rank, common = _of_first_tokens(population, asked, logits, logits - before)
        rows.append(
            {
                "step": step,
                "accuracy": asked.accuracy(logits),
                "shift_removed": asked.accuracy(logits - shift),
                "shift_alone": asked.accuracy(before + shift),
                "top_removed": asked.accuracy(answers(without_top_direction(start, weights))[1]),
                "rank": rank,
                "common": common,
            }
        )
    return rows
