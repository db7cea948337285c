"""The forest plot: every check's estimate, interval and bound on a common axis, as rows of SVG."""

import math
from dataclasses import dataclass
from typing import Any

from pipeline.report.checks import estimate

WIDTH, HEIGHT = 260, 18  # px


@dataclass(frozen=True)
class Axis:
    """An axis of the plot, from `low` to `high`. ticks: values that are labelled."""

    id: str
    title: str
    log: bool
    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Position of a value, px; at the edge beyond it."""
        scale = math.log if self.log else float
        if self.log and value <= 0:
            return 0.0
        share = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return round(WIDTH * min(max(share, 0.0), 1.0), 1)

    def labels(self) -> list[tuple[float, str]]:
        return [(self.at(tick), f"{tick:g}") for tick in self.ticks]


OVER_PAPER = Axis("over-paper", "estimate / the paper's value", True, 0.2, 5, (0.25, 0.5, 1, 2, 4))
OVER_BOUND = Axis("over-bound", "ratio or loss / its bound", True, 0.1, 10, (0.1, 0.3, 1, 3, 10))
AS_IT_IS = Axis("as-it-is", "accuracy, share or difference", False, -0.2, 1.2, (0, 0.5, 1))
AXES = (OVER_PAPER, OVER_BOUND, AS_IT_IS)


def _id(claim: dict[str, Any], index: int) -> str:
    return f"check-{claim['id']}-{index}"


def first(claim: dict[str, Any]) -> str | None:
    """Id of the row of a claim's first check that was measured; None without one."""
    measured = (k for k, check in enumerate(claim["checks"]) if check["estimate"] is not None)
    return next((_id(claim, k) for k in measured), None)


def _axis(check: dict[str, Any]) -> tuple[Axis, float]:
    """The axis of a check, and the value that is 1 there."""
    paper, bounds = check["paper"], [b for b in (check["low"], check["high"]) if b is not None]
    if paper and check["estimate"] * paper > 0:
        return OVER_PAPER, paper
    if check["scale"] == "ratio":
        return OVER_BOUND, math.prod(bounds) ** (1 / len(bounds))
    return AS_IT_IS, 1.0


def _row(claim: dict[str, Any], index: int, check: dict[str, Any]) -> tuple[Axis, dict[str, Any]]:
    axis, unit = _axis(check)

    def at(value: float | None) -> float | None:
        return None if value is None else axis.at(value / unit)

    low, high = check["interval"] or (None, None)
    if check["interval"] and high is None:  # a lower bound
        high = math.inf if unit > 0 else -math.inf
    ends = sorted(x for x in (at(low), at(high)) if x is not None)
    bounds = [(at(check[name]), name) for name in ("low", "high") if check[name] is not None]
    if unit < 0:
        bounds = [(x, "high" if name == "low" else "low") for x, name in bounds]
    visible = _visible(check)
    return axis, {
        "id": _id(claim, index),
        "claim": claim,
        "quantity": check["quantity"],
        "verdict": check["verdict"],
        "point": at(check["estimate"]),
        "interval": (ends[0], ends[-1]) if ends else None,
        "bounds": bounds,
        "visible": [at(value) for value in visible],
        "experiments": list(claim["plans"]),
        "estimate": estimate(check),
    }


def _visible(check: dict[str, Any]) -> list[float]:
    """The values nearest to the bounds that the seeds could tell from them at 80 % power."""
    effect = check["visible"]
    if effect is None:
        return []
    log = check["scale"] == "ratio"
    beyond = {
        "low": (lambda bound: bound * effect) if log else (lambda bound: bound + effect),
        "high": (lambda bound: bound / effect) if log else (lambda bound: bound - effect),
    }
    return [beyond[name](check[name]) for name in beyond if check[name] is not None]


def rows(claims: list[dict[str, Any]]) -> list[tuple[Axis, list[dict[str, Any]]]]:
    """The checks that were measured, by axis. In px: the estimate, the interval, the bounds (`low` needs
    more, `high` less) and the smallest effect beyond them that the seeds see."""
    found: dict[str, list[dict[str, Any]]] = {axis.id: [] for axis in AXES}
    for claim in claims:
        for index, check in enumerate(claim["checks"]):
            if check["estimate"] is not None:
                axis, row = _row(claim, index, check)
                found[axis.id].append(row)
    return [(axis, found[axis.id]) for axis in AXES if found[axis.id]]
