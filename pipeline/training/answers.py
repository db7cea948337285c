"""What a model holds for true of a person: the probability of every value at the end of a sentence."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.data.population import Population
from pipeline.model.transformer import Transformer

_CHUNK = 512  # sequences at a time
Tokens = tuple[int, ...]


def _segment(population: Population, segment: int) -> Tokens:
    start = population.segment_start[segment]
    return tuple(population.bank[start : start + population.segment_length[segment]].tolist())


def _after(model: Transformer, prompt: Tokens, ends: Sequence[Tokens]) -> dict[Tokens, Tensor]:
    """Log-probabilities (vocabulary,) of the token after the prompt and each beginning of each of `ends`."""
    found: dict[Tokens, Tensor] = {}
    for start in range(0, len(ends), _CHUNK):
        mine = ends[start : start + _CHUNK]
        longest = max(map(len, mine))
        # Padding comes after all that is read, which cannot see it.
        tokens = torch.tensor([prompt + end + (0,) * (longest - len(end)) for end in mine])
        states = model.hidden(tokens)[:, len(prompt) - 1 :]
        log = torch.log_softmax(model.logits(states).double(), -1)
        found |= {end[:n]: log[row, n] for row, end in enumerate(mine) for n in range(len(end) + 1)}
    return found


@torch.no_grad()
def probabilities(
    model: Transformer, population: Population, name: Tokens, attribute: int, templates: Sequence[int]
) -> Tensor:
    """Of each value of the attribute, (values,) float64: that all of its tokens come next.

    The sentence is the first of a biography, in one of the templates, given by their index; the mean over
    them.
    name: its tokens, in the population's numbering. The sum is below 1 where the model expects other text.
    """
    first, first_value = population.schema.first_part[attribute], population.first_value_segment[attribute]
    every = range(len(population.schema.attributes[attribute].values))
    values = [_segment(population, first_value + v) for v in every]
    before_last = {value[:-1] for value in values}
    # One that begins another is read with it.
    longer = {end[:n] for end in before_last for n in range(len(end))}
    ends = sorted(before_last - longer)
    total = torch.zeros(len(values), dtype=torch.float64)
    for template in templates:
        before, between = (_segment(population, first + template * 3 + part) for part in (0, 1))
        after = _after(model, _segment(population, 0) + before + name + between, ends)
        log = [sum(after[value[:n]][token] for n, token in enumerate(value)) for value in values]
        total += torch.tensor(log, dtype=torch.float64).exp()
    return total / len(templates)
