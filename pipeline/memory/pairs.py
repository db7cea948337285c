"""The toy's facts: random keys, each with one of a few values, and which of them a batch holds.

Paper, appendix F. Everything is a pure function of (parameters, seed): two conditions differ in what they
train on, and in nothing else.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.config.memory import Toy
from pipeline.data.random import below, bits, uniform

# Streams of random numbers, so that no two draws of a seed share bits.
_PAIRS, WEIGHTS, _PRETRAINING, _GROUP, _OLD, _NEW = range(6)


@dataclass(frozen=True)
class Pairs:
    """keys (P, D) and values (V, D) on the unit sphere; labels (P,): the value of each key.

    The first `old` pairs are those of pre-training; the new pairs follow.
    """

    keys: Tensor
    values: Tensor
    labels: Tensor
    old: int


def generator(seed: int, stream: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(bits(seed, stream)))


def draw(toy: Toy, seed: int) -> Pairs:
    """Old pairs, and as many new ones as the largest fine-tuning set; smaller sets are its beginning."""
    random = generator(seed, _PAIRS)
    new = max(n for n, _ in toy.conditions)
    values = torch.randn(toy.values, toy.dimension, generator=random)
    keys = torch.randn(toy.pairs + new, toy.dimension, generator=random)
    labels = torch.randint(toy.values, (toy.pairs + new,), generator=random)
    return Pairs(F.normalize(keys, dim=1), F.normalize(values, dim=1), labels, toy.pairs)


def pretraining_batches(toy: Toy, seed: int) -> Tensor:
    """(steps, batch): indices of old pairs, uniform."""
    steps, rows = torch.arange(toy.pretraining.steps)[:, None], torch.arange(toy.batch)
    return below(bits(seed, _PRETRAINING, steps, rows), toy.pairs)


def finetuning_batches(toy: Toy, seed: int) -> Tensor:
    """(steps, conditions, batch): indices of pairs. With n new pairs and weight w, a new one has the
    probability 1 / (n + w x old), an old one w times that.
    """
    steps, rows = torch.arange(toy.finetuning.steps)[:, None], torch.arange(toy.batch)
    group, old, new = (bits(seed, stream, steps, rows) for stream in (_GROUP, _OLD, _NEW))
    share, chosen = uniform(group), below(old, toy.pairs)
    conditions = []
    for n, weight in toy.conditions:
        replayed = share < weight * toy.pairs / (weight * toy.pairs + n)
        conditions.append(torch.where(replayed, chosen, toy.pairs + below(new, n)))
    return torch.stack(conditions, dim=1)
