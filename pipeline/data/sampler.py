"""Batches as a pure function of (population, distribution, seed, step, row).

No state: resuming, a second process or another device change nothing in what is drawn. Biographies
are assembled from the token bank on the device and never stored (paper, section 2, appendix B.1).
"""

import copy
import functools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.config import distributions
from pipeline.config.distributions import Learned
from pipeline.data import random
from pipeline.data.population import Population

PADDING, START, TEXT, NAME, VALUE = range(5)  # what a token belongs to
_TRAIN, _EVALUATE = 0, 1  # streams of random numbers


class LeakageError(RuntimeError):
    """What is evaluated on was trained on, or the reverse: no number of this run can be trusted."""


@dataclass(frozen=True)
class Batch:
    """Biographies on the device. B rows, T tokens.

    tokens (B, T) int64, PAD = 0 after the end; kind (B, T) int64: PADDING, START, TEXT, NAME or
    VALUE; attribute (B, T) int64: which of the A attributes the token's sentence states;
    individuals (B,) int64; templates (B, A) int64: template of each attribute, in attribute order.
    """

    tokens: Tensor
    kind: Tensor
    attribute: Tensor
    individuals: Tensor
    templates: Tensor

    def part(self, first: int, count: int, width: int) -> "Batch":
        """`count` rows from the first on, and as many of their tokens."""
        of = slice(first, first + count)
        return Batch(
            tokens=self.tokens[of, :width],
            kind=self.kind[of, :width],
            attribute=self.attribute[of, :width],
            individuals=self.individuals[of],
            templates=self.templates[of],
        )


def probabilities(
    distribution: distributions.Distribution,
    individuals: int,
    people: int,
    steps: int,
    frequencies: NDArray[np.float64] | None = None,
    learned: Learned = (),
) -> list[tuple[int, NDArray[np.float64]]]:
    """The distribution over people as phases [(first step, p of shape (people,))], p summing to 1, of a run
    of `steps`. Paper, section 4 and appendix B.2. Unseen people (index >= individuals) have p = 0 but in
    fine-tuning. frequencies (people,): of the rows of a table, for a distribution that asks for them;
    learned: by the run so far, for one that adapts."""
    phases = distribution.phases_after(learned, individuals, people, steps)
    if power := distribution.of_frequencies:
        assert frequencies is not None, "checked where the run is resolved"
        phases = [(step, p * frequencies**power) for step, p in phases]
    return [(step, p / p.sum()) for step, p in phases]


def _mask(order: NDArray[np.int64], first: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(people, A, K): whether a template is at one of the places from `first` to before `end`, (A,), in each
    person's order."""
    out = np.zeros(order.shape, bool)
    for a, places in enumerate(map(slice, first, end)):
        np.put_along_axis(out[:, a], order[:, a, places], True, axis=1)
    return out


class Sampler:
    """Draws training batches under a distribution, and fixed evaluation batches under the uniform one.

    `steps`: the run's length, which a distribution may share out.
    """

    def __init__(
        self,
        population: Population,
        distribution: distributions.Distribution,
        seed: int,
        device: torch.device | str = "cpu",
        steps: int = 0,
    ) -> None:
        who = population.config
        self.seed, self.device, self.shuffled = seed, torch.device(device), who.shuffled
        put = lambda x: torch.from_numpy(np.ascontiguousarray(x)).to(self.device)  # noqa: E731
        self._values = put(population.values.clip(min=0)).long()
        self._at_first = self._values if population.at_first is None else put(population.at_first).long()
        self._stated = None if population.stated.all() else put(population.stated)
        self._order = put(population.template_order)
        self._bank = put(population.bank).long()
        self._start = put(population.segment_start).long()
        self._length = put(population.segment_length).long()
        said = population.schema.attributes
        self.attributes, self.names = len(said), population.schema.names
        self._first_part = put(np.array(population.schema.first_part[:-1]))
        self._first_name = population.first_name_segment
        self._first_value = put(np.array(population.first_value_segment))
        self._kinds = put(np.array([START, *[TEXT, NAME, TEXT, VALUE, TEXT] * self.attributes]))
        self._longest = population.longest_biography()
        asked = (distribution, who.individuals, population.people, steps, population.frequencies)
        self._probabilities = functools.partial(probabilities, *asked)
        self._put = put
        self._phases: list[tuple[int, Tensor]] = []  # cumulative sums
        self.adapt(())
        # Of each attribute: templates that a person is trained on, that are held out, and where these begin.
        train, held_out = np.array([a.train for a in said]), np.array([a.held_out for a in said])
        every = np.array([len(a.templates) for a in said])
        self._train, self._held, self._first_held = put(train), put(held_out), put(every - held_out)
        order = population.template_order.astype(np.int64)
        self._trained_on = put(_mask(order, 0 * train, train))
        self._held_out = put(_mask(order, every - held_out, every))
        self._leaks = (self._trained_on & self._held_out).sum()

    def adapt(self, learned: Learned) -> bool:
        """Take up the phases that follow from what a run has learned; whether there are more than before."""
        phases = self._probabilities(learned=learned)
        if len(phases) == len(self._phases):
            return False
        # The cumulative sums are made on the host, once: their rounding must not depend on the device.
        self._phases = [(step, self._put(np.cumsum(p))) for step, p in phases]
        self._last = [int(np.flatnonzero(p)[-1]) for _, p in phases]
        self._may_train = [self._put(p > 0) for _, p in phases]
        return True

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """From which step on how many people are drawn from."""
        return [(s, int(may.sum())) for (s, _), may in zip(self._phases, self._may_train, strict=True)]

    def individuals(self, step: int, rows: Tensor) -> Tensor:
        """Who is drawn in these rows of the batch of `step`; (B,) int64."""
        return self._individuals(step, rows, self._phase(step))

    def _individuals(self, step: int | Tensor, rows: Tensor, phase: int) -> Tensor:
        u = random.uniform(self._bits(_TRAIN, step, rows, 0))
        # u can exceed the last cumulative sum by a rounding error: such a draw is the last person's.
        drawn = torch.searchsorted(self._phases[phase][1], u, right=True)
        return drawn.clamp(max=self._last[phase])

    def batch(self, step: int, rows: Tensor | int) -> Batch:
        """The training biographies of these rows (an int n means rows 0..n-1) of the batch of `step`."""
        return self.batches(step, step + 1, rows)[0]

    def batches(self, step: int, until: int, rows: Tensor | int) -> list[Batch]:
        """The same of the steps from `step` on: to the one before `until`, or to the end of a phase of the
        distribution. They are drawn together: a draw takes many small operations, however few rows it has."""
        phase, rows = self._phase(step), self._rows(rows)
        count = min([until, *(first for first, _ in self._phases if first > step)]) - step
        steps = torch.arange(step, step + count, device=self.device).repeat_interleave(len(rows))
        at = rows.repeat(count)
        slots = 1 + torch.arange(2 * self.attributes, device=self.device)
        key = self._bits(_TRAIN, steps[:, None], at[:, None], slots)
        which = random.below(key[:, : self.attributes], self._train)
        people, values = self._individuals(steps, at, phase), self._values if phase > 0 else self._at_first
        drawn = self._assemble(people, which, key[:, self.attributes :], values)
        self._watch(~self._may_train[phase][drawn.individuals])
        self._watch(self._of(self._held_out, drawn))
        return self._parted(drawn, len(rows))

    def evaluation_batch(self, first: int, count: int, rows: Tensor | int, of: int) -> Batch:
        """Held-out biographies of people first .. first + count - 1; rows out of a fixed set of `of`.

        Uniform over the people, stratified: row r draws from the r-th of `of` equal slices, which is
        unbiased and spares the estimate the noise of who happens to be drawn.
        """
        rows = self._rows(rows)
        slots = torch.arange(2 * self.attributes + 1, device=self.device)
        key = self._bits(_EVALUATE, first, rows[:, None], slots)
        u = random.uniform(key[:, 0])
        people = first + ((rows + u) * (count / of)).long().clamp(max=count - 1)
        which = self._first_held + random.below(key[:, 1 : 1 + self.attributes], self._held)
        batch = self._assemble(people, which, key[:, 1 + self.attributes :], self._values)
        self._watch(self._of(self._trained_on, batch))
        return batch

    def count(self, batch: Batch) -> Tensor | int:
        """How many values a batch states."""
        return batch.templates.numel() if self._stated is None else self._stated[batch.individuals].sum()

    def in_random_order(self) -> "Sampler":
        """One that draws the same people and templates, with the sentences of a biography in random order."""
        other = copy.copy(self)
        other.shuffled = True
        return other

    def assert_no_leak(self) -> None:
        """Raises LeakageError if a batch so far held what it must not hold.

        Looked up in the population's own lists, not in the way that batches are drawn. Training batches:
        people that the distribution leaves out, templates held out for evaluation. Evaluation batches:
        templates that the person is trained on. Counted on the device, so that only this asks for it.
        """
        if leaks := int(self._leaks):
            raise LeakageError(f"{leaks} people or templates were both trained on and held out, or left out")

    def _watch(self, wrong: Tensor) -> None:
        self._leaks = self._leaks + wrong.sum()

    def _of(self, mask: Tensor, batch: Batch) -> Tensor:
        """`mask` (people, A, K) at the templates of the batch, (B, A)."""
        return torch.gather(mask[batch.individuals], 2, batch.templates[..., None])[..., 0]

    def _phase(self, step: int) -> int:
        return max(k for k, (first, _) in enumerate(self._phases) if first <= step)

    def _rows(self, rows: Tensor | int) -> Tensor:
        return torch.arange(rows, device=self.device) if isinstance(rows, int) else rows

    def _bits(self, stream: int, step: int | Tensor, rows: Tensor, slot: Tensor | int) -> Tensor:
        return random.bits(self.seed, stream, step, rows, slot, device=self.device)

    def _width(self, end: Tensor) -> int:
        """Tokens that rows whose segments end at (B, S) are padded to. On a GPU one shape, and no word back
        to the host; elsewhere no padding beyond the longest row."""
        return self._longest if self.device.type == "cuda" else int(end[:, -1].max())

    def _parted(self, drawn: Batch, size: int) -> list[Batch]:
        """Batches of `size` rows each, padded as each would be by itself."""
        firsts = range(0, len(drawn.individuals), size)
        widths = [drawn.tokens.shape[1]] * len(firsts)
        if self.device.type != "cuda" and len(firsts) > 1:
            widths = (drawn.kind != PADDING).sum(1).view(-1, size).amax(1).tolist()
        return [drawn.part(first, size, width) for first, width in zip(firsts, widths, strict=True)]

    def _assemble(self, people: Tensor, which: Tensor, order_key: Tensor, values: Tensor) -> Batch:
        """Spell biographies. people (B,), which (B, A): places in each person's template order; values
        (people, A)."""
        b, a = which.shape
        attribute = torch.arange(a, device=self.device)
        templates = torch.gather(self._order[people], 2, which[..., None])[..., 0].long()
        part = self._first_part + templates * 3
        name = (self._first_name + people)[:, None].expand(b, a)
        value = self._first_value + values[people]
        sentence = torch.stack([part, name, part + 1, value, part + 2], -1)  # (B, A, 5) segments
        order = torch.argsort(order_key, dim=1, stable=True) if self.shuffled else attribute.expand(b, a)
        sentence = torch.gather(sentence, 1, order[..., None].expand(b, a, 5))
        bos = torch.zeros(b, 1, dtype=torch.long, device=self.device)
        segments = torch.cat([bos, sentence.flatten(1)], 1)  # (B, 1 + 5 A)

        length = self._length[segments]
        if self._stated is not None:
            stated = torch.gather(self._stated[people], 1, order).repeat_interleave(5, 1)
            length = torch.cat([length[:, :1], length[:, 1:] * stated], 1)
        end = torch.cumsum(length, 1)
        t = torch.arange(self._width(end), device=self.device)
        at = torch.searchsorted(end, t.expand(b, -1).contiguous(), right=True)  # (B, T) segment of a token
        real = at < segments.shape[1]
        at = at.clamp(max=segments.shape[1] - 1)
        offset = t - torch.gather(end - length, 1, at)
        begin = torch.gather(self._start[segments], 1, at)
        tokens = torch.where(real, self._bank[torch.where(real, begin + offset, 0)], 0)
        sentence_of = ((at - 1) // 5).clamp(min=0)
        return Batch(
            tokens=tokens,
            kind=torch.where(real, self._kinds[at], PADDING),
            attribute=torch.gather(order, 1, sentence_of),
            individuals=people,
            templates=templates,
        )
