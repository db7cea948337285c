"""How a claim is decided: inequalities on per-seed values, each with a 95 % interval over seeds.

A check is `low < quantity < high`. It holds if its interval lies within the bounds. It fails if the interval
lies outside of them, and still does when Holm's method allows for the checks of the claim: that one of many
parts fails by chance is likelier than that a given one does. Otherwise these seeds leave it undecided. That
several hold by chance is less likely than that one does, and needs no correction.

A check that holds may have a size: the paper's value and a margin around it. An interval wholly beyond the
margin is an effect that is smaller, or larger, at this scale. Two one-sided tests (TOST) say whether the size
is the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from pipeline.config.frozen import Frozen
from pipeline.findings.estimates import Correlation, Estimate, Sample
from pipeline.findings.power import LEAST_SEEDS, LEVEL
from pipeline.findings.statistics import Interval

NOT_RUN = "not run"
OUT_OF_REGIME = "out of regime"
NOT_REPRODUCED = "not reproduced"
UNDECIDED = "undecided"
SMALLER = "smaller at this scale"
LARGER = "larger at this scale"
REPRODUCED = "reproduced"
# A claim has the first of these that one of its checks has.
PRECEDENCE = (NOT_RUN, OUT_OF_REGIME, NOT_REPRODUCED, UNDECIDED, SMALLER, LARGER, REPRODUCED)
# As they are counted and shown.
VERDICTS = (REPRODUCED, SMALLER, LARGER, NOT_REPRODUCED, UNDECIDED, OUT_OF_REGIME, NOT_RUN)
HARD = (NOT_REPRODUCED, SMALLER, LARGER, REPRODUCED)

SAME_SIZE, SIZE_OPEN = "same size", "size open"


def combine(verdicts: Iterable[str]) -> str:
    """Verdict on a claim from those on its parts, of which there is at least one."""
    parts = set(verdicts)
    assert parts and parts <= set(PRECEDENCE), parts
    return min(parts, key=PRECEDENCE.index)


class Aim(Frozen):
    """What claims.yaml says of a check.

    kind: a direction, or a threshold that the paper states. paper: its value. margin: how far from it is
    still the same size; of a ratio a factor, else a difference. margin_from: where the margin comes from.
    """

    kind: Literal["direction", "threshold"]
    paper: float | None = None
    margin: float | None = Field(default=None, gt=0)
    margin_from: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _has_a_whole_size(self) -> "Aim":
        given = [value is not None for value in (self.paper, self.margin, self.margin_from)]
        if any(given) and not all(given):
            raise ValueError("given some of paper, margin and margin_from, allowed: all three or none")
        return self

    def widened(self, factor: float, log: bool) -> "Aim":
        """With a margin so many times as wide, if it has one; of a factor its logarithm."""
        if self.margin is None:
            return self
        return self.model_copy(update={"margin": self.margin**factor if log else self.margin * factor})

    def same(self, log: bool) -> tuple[float, float]:
        """The values that are of the same size as the paper's."""
        assert self.paper is not None and self.margin is not None
        if log:
            return self.paper / self.margin, self.paper * self.margin
        return self.paper - self.margin, self.paper + self.margin


@dataclass(frozen=True)
class Check:
    """One part of a claim, as it was measured: `low < quantity < high`.

    key: its name in claims.yaml; checks of one kind, as those at several sizes, share one. measured: what is
    shown; estimate: what is tested.
    """

    key: str
    quantity: str
    measured: Interval
    estimate: Estimate
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(
        cls, key: str, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf
    ) -> "Check":
        """From one value a seed. A NaN is a seed in which the quantity is undefined: no verdict then."""
        return cls(key, quantity, Interval.mean(values), Sample.of(values), low, high)

    @classmethod
    def ratio(
        cls,
        key: str,
        quantity: str,
        values: ArrayLike,
        low: float = -math.inf,
        high: float = math.inf,
        at_least: ArrayLike = False,
    ) -> "Check":
        """The same of a ratio of positive quantities, or of a loss in units of the baseline: of logarithms.

        at_least: whether a seed's value is a lower bound, of a run that ended too early to tell.
        """
        sample = Sample.of(values, log=True, at_least=bool(np.any(at_least)))
        measured = Interval.geometric(values)
        if sample.at_least and measured.bounded:
            measured = replace(measured, high=math.inf)
        return cls(key, quantity, measured, sample, low, high)

    @classmethod
    def share(
        cls, key: str, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf
    ) -> "Check":
        """The same of what is from 0 to 1 by definition, as an accuracy is.

        Its interval ends there, which changes no verdict: the bounds that are asked for lie within them.
        """
        return cls(key, quantity, Interval.share(values), Sample.of(values), low, high)

    @classmethod
    def correlation(
        cls,
        key: str,
        quantity: str,
        x: ArrayLike,
        y: ArrayLike,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> "Check":
        """Of the rank correlation over seeds between two quantities, each a value a seed."""
        found = Correlation.of(x, y)
        return cls(key, quantity, found.interval, found, low, high)

    @property
    def p(self) -> float:
        """Two-sided P value for lying within the bounds: at most 0.05 where the interval does."""
        return float(
            np.minimum(1, 2 * np.max([self.estimate.above(self.low), self.estimate.below(self.high)]))
        )

    @property
    def p_outside(self) -> float:
        """The same for lying outside of them, before any correction."""
        sides = [self.estimate.below(self.low, equal=True), self.estimate.above(self.high, equal=True)]
        return float(np.minimum(1, 2 * np.min(sides)))

    @property
    def bounds(self) -> list[float]:
        return [bound for bound in (self.low, self.high) if math.isfinite(bound)]

    @property
    def estimated_inside(self) -> bool:
        """Whether the estimate lies within the bounds, wherever its interval ends."""
        return self.low < self.measured.centre < self.high

    @property
    def towards_less(self) -> bool:
        """Whether a smaller number is a larger effect."""
        return math.isinf(self.low)


@dataclass(frozen=True)
class Part:
    """A check, decided among the others of its claim. p_fails: P value for lying outside, after Holm."""

    check: Check
    aim: Aim
    p_fails: float

    @property
    def quantity(self) -> str:
        return self.check.quantity

    @property
    def verdict(self) -> str:
        if self.check.estimate.seeds < LEAST_SEEDS:
            return UNDECIDED
        if self.check.p <= LEVEL:
            return self._size if self._size in (SMALLER, LARGER) else REPRODUCED
        return NOT_REPRODUCED if self.p_fails <= LEVEL else UNDECIDED

    @property
    def p_same(self) -> float | None:
        """P value for a size within the margin (TOST); None without one."""
        if self.aim.paper is None:
            return None
        low, high = self.aim.same(self.check.estimate.log)
        return float(np.max([self.check.estimate.above(low), self.check.estimate.below(high)]))

    @property
    def _size(self) -> str | None:
        if self.p_same is None:
            return None
        estimate, (low, high) = self.check.estimate, self.aim.same(self.check.estimate.log)
        if 2 * estimate.below(low) <= LEVEL:
            return LARGER if self.check.towards_less else SMALLER
        if 2 * estimate.above(high) <= LEVEL:
            return SMALLER if self.check.towards_less else LARGER
        return SAME_SIZE if self.p_same <= LEVEL else SIZE_OPEN

    @property
    def size(self) -> str | None:
        """Of a check that is reproduced and has a size: whether it is the same, or open."""
        return self._size if self.verdict == REPRODUCED else None

    @property
    def seeds_needed(self) -> int | None:
        """Seeds that would decide what is undecided, were it as measured; None if no number can be told."""
        if self.verdict != UNDECIDED:
            return None
        needed = self.check.estimate.needed(self.check.bounds)
        return None if needed is None else max(needed, self.check.estimate.seeds + 1)


def holm(p: ArrayLike) -> np.ndarray:
    """P values after Holm's correction; an undefined one counts as 1.

    As statsmodels' multipletests, which collects garbage at each call: a tenth of a second for every claim.
    """
    given = np.nan_to_num(np.asarray(p, float), nan=1.0)
    order = np.argsort(given)
    corrected = np.empty(len(given))
    corrected[order] = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)).clip(max=1)
    return corrected


def decide(checks: Sequence[Check], aims: Mapping[str, Aim]) -> tuple[Part, ...]:
    """The checks of a claim, decided together."""
    corrected = holm([check.p_outside for check in checks])
    return tuple(Part(check, aims[check.key], float(p)) for check, p in zip(checks, corrected, strict=True))


def as_json(part: Part) -> dict[str, Any]:
    """What claims.json has of a part; None for what is undefined or unbounded."""

    def finite(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    check, measured = part.check, part.check.measured
    predicted = check.estimate.prediction()
    return {
        "key": check.key,
        "kind": part.aim.kind,
        "quantity": check.quantity,
        "estimate": finite(measured.centre),
        "interval": [finite(measured.low), finite(measured.high)] if measured.bounded else None,
        "low": finite(check.low),
        "high": finite(check.high),
        "seeds": measured.seeds,
        "verdict": part.verdict,
        "scale": "ratio" if check.estimate.log else "difference",
        "paper": part.aim.paper,
        "margin": part.aim.margin,
        "margin_from": part.aim.margin_from,
        "size": part.size,
        "p": finite(check.p),
        "p_fails": part.p_fails,
        "p_same": finite(part.p_same),
        "prediction": list(predicted) if predicted else None,
        "visible": finite(check.estimate.visible()),
        "seeds_needed": part.seeds_needed,
    }
