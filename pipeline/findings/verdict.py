"""How a claim is decided: inequalities on per-seed values, each with a 95 % interval over seeds.

One inequality holds if its interval lies within the bounds, fails if it lies outside of them, and
otherwise the seeds cannot tell. A claim is reproduced if all of its inequalities hold, and not
reproduced if one fails.
"""

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables

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

    note: why there are no checks, or what should be known beside them. seeds: how many decide; runs: ids of
    the runs that were used.
    """

    verdict: str
    checks: tuple["Check", ...] = ()
    note: str = ""
    seeds: int = 0
    runs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert self.verdict in VERDICTS, self.verdict


def decide(measured: Interval, low: float, high: float) -> str:
    """Three-way verdict on `low < quantity < high`, as it was measured; below three seeds never a hard one.

    Bounds of the interval that are NaN compare false everywhere, and so leave the verdict open.
    """
    if measured.seeds < LEAST_SEEDS:
        return NOT_VISIBLE
    if low < measured.low and measured.high < high:
        return REPRODUCED
    if measured.high <= low or high <= measured.low:
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
    """One part of a claim: `low < quantity < high`, of a quantity as it was measured."""

    quantity: str
    measured: Interval
    low: float = -math.inf
    high: float = math.inf

    @classmethod
    def of(cls, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf) -> "Check":
        """From one value a seed. A NaN is a seed in which the quantity is undefined: no verdict then."""
        return cls(quantity, Interval.mean(values), low, high)

    @classmethod
    def ratio(
        cls, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf
    ) -> "Check":
        """The same of a ratio of positive quantities, or of a loss in units of the baseline."""
        return cls(quantity, Interval.geometric(values), low, high)

    @classmethod
    def share(
        cls, quantity: str, values: ArrayLike, low: float = -math.inf, high: float = math.inf
    ) -> "Check":
        """The same of what is from 0 to 1 by definition, as an accuracy is.

        Its interval ends there, which changes no verdict: the bounds that are asked for lie within them.
        """
        return cls(quantity, Interval.share(values), low, high)

    @property
    def verdict(self) -> str:
        return decide(self.measured, self.low, self.high)

    def as_json(self) -> dict[str, Any]:
        """Its fields; None for what is undefined or unbounded."""
        measured = self.measured
        return {
            "quantity": self.quantity,
            "estimate": None if math.isnan(measured.centre) else measured.centre,
            "interval": [measured.low, measured.high] if measured.bounded else None,
            "low": None if math.isinf(self.low) else self.low,
            "high": None if math.isinf(self.high) else self.high,
            "seeds": measured.seeds,
            "verdict": self.verdict,
        }


def conclude(checks: Sequence[Check], runs: Sequence[str], note: str = "") -> Finding:
    """The finding on a claim whose parts are `checks`."""
    seeds = min(check.measured.seeds for check in checks)
    verdict = combine(check.verdict for check in checks)
    return Finding(verdict, tuple(checks), note, seeds, tuple(runs))


Result = tuple[Sequence[Check], pd.DataFrame] | tuple[Sequence[Check], pd.DataFrame, str]


@dataclass(frozen=True)
class Judge:
    """What judges a claim, and the experiments that it needs.

    The function takes the tables and the claim's tolerances, by keyword and without defaults so that
    claims.yaml is their only home. It returns checks, the rows of the runs that it used, and perhaps
    a note; or raises NotMeasuredError or NotVisibleError.
    """

    function: Callable[..., Result]
    needs: tuple[str, ...]

    @property
    def tolerances(self) -> set[str]:
        """The names of those that it takes."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}

    def __call__(self, tables: Tables, **tolerances: float | list[float]) -> Finding:
        absent = [name for name in self.needs if name not in tables]
        if absent:
            return Finding(NOT_MEASURED, note=f"not in the plan: {', '.join(absent)}")
        try:
            checks, used, *note = self.function(tables, **tolerances)
        except NotMeasuredError as why:
            return Finding(NOT_MEASURED, note=str(why))
        except NotVisibleError as why:
            used = pd.concat([tables.of(name) for name in self.needs])
            seeds, runs = used.seed.nunique(), tuple(used.run.unique())
            return Finding(NOT_VISIBLE, note=str(why), seeds=seeds, runs=runs)
        return conclude(checks, tuple(used.run.unique()), *note)


JUDGES: dict[str, Judge] = {}


def judge(*needs: str) -> Callable[[Callable[..., Result]], Judge]:
    """Register a function as a judge, under its name."""

    def register(function: Callable[..., Result]) -> Judge:
        assert function.__name__ not in JUDGES, function.__name__
        return JUDGES.setdefault(function.__name__, Judge(function, needs))

    return register
