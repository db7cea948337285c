"""A trend as a small drawing: ratios at our numbers of people, and what their line gives at the paper's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.paper.units import PEOPLE

WIDTH, HEIGHT = 260, 120  # px
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 24, 10, 34  # px around the axes
_TICKS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5)


@dataclass(frozen=True)
class _Axis:
    """A logarithmic axis: values between `low` and `high` lie between `start` and `end`, in px."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """A little more than the values, and 1."""
    low, high = min(*values, 1.0), max(*values, 1.0)
    return low / 1.08, high * 1.08


def drawn(trend: dict[str, Any]) -> dict[str, Any]:
    """Of a trend of claims.json, in px: points (ours, and the extrapolated one as the last) with the ends of
    their intervals and the number of people, the paper's value, and the axis of ratios: its labels, the ends
    of its lines."""
    measured = [*zip(trend["sizes"], trend["ratios"], strict=True), (PEOPLE, trend["at_paper"])]
    ends = [x for _, found in measured for x in (found["estimate"], *(found["interval"] or ()))]
    low, high = _range([*ends, trend["paper"]])
    people = _Axis(trend["sizes"][0], PEOPLE, _LEFT, WIDTH - _RIGHT)
    ratio = _Axis(low, high, HEIGHT - _BOTTOM, _TOP)
    return {
        "points": [
            {
                "x": people.at(n),
                "y": ratio.at(found["estimate"]),
                "ends": [ratio.at(end) for end in found["interval"] or ()],
                "people": f"{n / 1000:.0f}k" if n >= 1000 else f"{n}",
            }
            for n, found in measured
        ],
        "paper": ratio.at(trend["paper"]),
        "ticks": [(ratio.at(tick), f"{tick:g}") for tick in _TICKS if low <= tick <= high],
        "one": ratio.at(1),
        "left": _LEFT,
        "right": WIDTH - _RIGHT / 2,
    }
