"""What an answer is: numbers with their intervals over seeds, a statement, and the runs behind them."""

import math
from dataclasses import dataclass

from pipeline.findings.statistics import Interval


@dataclass(frozen=True)
class Value:
    """A number: its mean over seeds, 95 % interval (None below two seeds), and how many seeds. estimate: None
    where it is undefined in a seed, as of an accuracy that a run never reaches."""

    quantity: str
    estimate: float | None
    interval: tuple[float, float] | None
    seeds: int

    @classmethod
    def of(cls, quantity: str, found: Interval) -> "Value":
        if math.isnan(found.centre):
            return cls(quantity, None, None, found.seeds)
        return cls(quantity, found.centre, (found.low, found.high) if found.bounded else None, found.seeds)

    def __str__(self) -> str:
        if self.estimate is None:
            return "not in every seed"
        bounds = f" [{self.interval[0]:.3g}, {self.interval[1]:.3g}]" if self.interval else ""
        return f"{self.estimate:.3g}{bounds}"


@dataclass(frozen=True)
class Answer:
    """title: the question. statement: the answer in words."""

    title: str
    statement: str
    values: list[Value]
    runs: list[str]
