"""How an effect moves with the number of people, at one model, and what that says of the paper's size.

An effect is the logarithm of a ratio, one a seed and a number of people. A line in log N is fitted to each
seed; the mean line over seeds has Student t intervals. Where each seed has every size, as in our plans,
that is the estimate of a mixed model with a random line for each seed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.findings.statistics import Interval
from pipeline.paper.units import PEOPLE
from pipeline.tables.read import Tables

LEAST_SIZES = 3


@dataclass(frozen=True)
class Trend:
    """slope: change of the logarithm of the ratio for each factor e of people; at_paper: the ratio that the
    line gives at the paper's number of people; paper: its value there; sizes: numbers of people, rising;
    ratios: those measured at each."""

    slope: Interval
    at_paper: Interval
    paper: float
    sizes: tuple[int, ...]
    ratios: tuple[Interval, ...]

    @property
    def holds_the_papers(self) -> bool | None:
        """Whether the paper's value lies in the extrapolated interval; None where that has no bounds."""
        if not self.at_paper.bounded:
            return None
        return self.at_paper.low <= self.paper <= self.at_paper.high

    def as_json(self) -> dict[str, object]:
        """Its fields; None for what is undefined."""

        def fields(interval: Interval) -> dict[str, object]:
            return {
                "estimate": None if math.isnan(interval.centre) else interval.centre,
                "interval": [interval.low, interval.high] if interval.bounded else None,
            }

        return {
            "sizes": list(self.sizes),
            "ratios": [fields(ratio) for ratio in self.ratios],
            "seeds": self.slope.seeds,
            "slope": fields(self.slope),
            "at_paper": fields(self.at_paper),
            "paper": self.paper,
            "holds": self.holds_the_papers,
        }


def trend(ratios: pd.DataFrame, paper: float) -> Trend | None:
    """The trend of ratios, a table (sizes, seeds) indexed by the number of people, and the paper's ratio.

    Seeds that lack a size are left out. None with fewer than three sizes: nothing is extrapolated from two.
    """
    whole = ratios.sort_index().dropna(axis=1)
    if len(whole) < LEAST_SIZES or whole.shape[1] < 2:
        return None
    x = np.log(whole.index.to_numpy(float) / PEOPLE)  # so the constant is the value at the paper's size
    values = whole.to_numpy(float)
    slopes, at_paper = np.polyfit(x, np.log(values), 1)
    return Trend(
        Interval.mean(slopes),
        Interval.geometric(np.exp(at_paper)),
        paper,
        tuple(map(int, whole.index)),
        tuple(map(Interval.geometric, values)),
    )


Effect = Callable[[Tables], pd.DataFrame]
EFFECTS: dict[str, Effect] = {}


def effect(function: Effect) -> Effect:
    """Register what gives an effect's ratios, a table (sizes, seeds), under its name."""
    assert function.__name__ not in EFFECTS, function.__name__
    return EFFECTS.setdefault(function.__name__, function)
