"""How a claim is decided: inequalities on per-seed values, each with a 95 % interval over seeds.

One inequality holds if its interval lies within the bounds, fails if it lies outside of them, and
otherwise the seeds cannot tell. A claim is reproduced if all of its inequalities hold, and not
reproduced if one fails.
"""

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipeline.analysis.statistics import geometric, mean_interval
from pipeline.analysis.tables import Tables

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
NOT_VISIBLE = "not visible at this scale"
NOT_MEASURED = "not measured yet"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, NOT_VISIBLE, NOT_MEASURED)

# With two seeds the 95 % quantile of Student's t is 12.7: an interval that says nothing.
LEAST_SEEDS = 3


class NotMeasuredError(Exception):
    """The plan lacks runs that the claim needs; the message says which."""


class NotVisibleError(Exception):
    """The runs exist, but the effect cannot show in them; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What a judge returns.

    value: the measured numbers, or why there are none. interval: the 95 % interval over seeds of each
    quantity, None without one. seeds: how many; runs: ids of the runs that were used.
    """

    verdict: str
    value: str
    interval: str | None
    seeds: int
    runs: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.verdict in VERDICTS, self.verdict


def decide(interval: tuple[float, float], seeds: int, low: float, high: float) -> str:
    """Three-way verdict on `low < quantity < high` from its interval; below three seeds never a hard one.

    A NaN in the interval compares false everywhere, and so leaves the verdict open.
    """
    bottom, top = interval
    if seeds < LEAST_SEEDS:
        return NOT_VISIBLE
    if low < bottom and top < high:
        return REPRODUCED
    if top <= low or high <= bottom:
        return NOT_REPRODUCED
    return NOT_VISIBLE


def combine(verdicts: Iterable[str]) -> str:
    """Verdict on a claim from those on its parts, of which there is at least one."""
    parts = set(verdicts)
    assert parts, "a claim without parts"
    if NOT_REPRODUCED in parts:
        return NOT_REPRODUCED
    return REPRODUCED if parts == {REPRODUCED} else NOT_VISIBLE


@dataclass(frozen=True)
class Check:
    """One part of a claim: `low < quantity < high`.

    estimate and interval are of the quantity; seeds is how many of them decide.
    """

    quantity: str
    estimate: float
    interval: tuple[float, float]
    seeds: int
    low: float
    high: float

    @classmethod
    def of(cls, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf) -> "Check":
        """From one value a seed. A NaN is a seed in which the quantity is undefined: no verdict then."""
        x = np.asarray(values, float)
        estimate = float(x.mean()) if len(x) else math.nan
        return cls(quantity, estimate, mean_interval(x), len(x), low, high)

    @classmethod
    def ratio(
        cls, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf
    ) -> "Check":
        """The same of a ratio of positive quantities, or of a loss in units of the baseline.

        Seeds multiply these rather than add to them, so mean and interval are of their logarithms, as in
        figures on logarithmic axes: on a plain scale intervals would reach below zero.
        """
        return cls(quantity, *geometric(values), np.size(values), low, high)

    @property
    def verdict(self) -> str:
        return decide(self.interval, self.seeds, self.low, self.high)

    @property
    def required(self) -> str:
        if math.isinf(self.low):
            return f"< {self.high:.3g}"
        return f"> {self.low:.3g}" if math.isinf(self.high) else f"{self.low:.3g} to {self.high:.3g}"

    def __str__(self) -> str:
        measured = "undefined in a seed" if math.isnan(self.estimate) else f"{self.estimate:.3g}"
        return f"{self.quantity} {measured} (needs {self.required})"


def conclude(checks: Sequence[Check], runs: Sequence[str], note: str = "") -> Finding:
    """The finding on a claim whose parts are `checks`; `note` is added to the value."""
    seeds = min(check.seeds for check in checks)
    parts = [*map(str, checks), *([note] if note else [])]
    if seeds < LEAST_SEEDS:
        parts.insert(0, f"too few seeds for a verdict, {seeds} of {LEAST_SEEDS}")
    known = [c for c in checks if not math.isnan(c.interval[0])]
    interval = "; ".join(f"{c.quantity} [{c.interval[0]:.3g}, {c.interval[1]:.3g}]" for c in known)
    verdict = combine(check.verdict for check in checks)
    return Finding(verdict, "; ".join(parts), interval or None, seeds, tuple(runs))


Result = tuple[Sequence[Check], pd.DataFrame] | tuple[Sequence[Check], pd.DataFrame, str]
JUDGES: dict[str, Callable[..., Finding]] = {}


def judge(*experiments: str) -> Callable[[Callable[..., Result]], Callable[..., Finding]]:
    """Register a judge that needs `experiments`.

    The judge takes the tables and the claim's tolerances, by keyword and without defaults so that
    claims.yaml is their only home. It returns checks, the rows of the runs that it used, and perhaps
    a note; or raises NotMeasuredError or NotVisibleError.
    """

    def register(function: Callable[..., Result]) -> Callable[..., Finding]:
        @functools.wraps(function)
        def judged(tables: Tables, **tolerances: float | list[float]) -> Finding:
            rows = {name: tables.of(name) for name in experiments}
            absent = [name for name, found in rows.items() if found.empty]
            if absent:
                return Finding(NOT_MEASURED, f"not in the plan: {', '.join(absent)}", None, 0, ())
            try:
                checks, used, *note = function(tables, **tolerances)
            except NotMeasuredError as why:
                return Finding(NOT_MEASURED, str(why), None, 0, ())
            except NotVisibleError as why:
                used = pd.concat(rows.values())
                return Finding(NOT_VISIBLE, str(why), None, used.seed.nunique(), tuple(used.run.unique()))
            return conclude(checks, tuple(used.run.unique()), *note)

        assert function.__name__ not in JUDGES, function.__name__
        JUDGES[function.__name__] = judged
        return judged

    return register


def tolerance_names(function: Callable[..., Finding]) -> set[str]:
    """The tolerances that a judge takes."""
    return {p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
