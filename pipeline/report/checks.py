"""What the page says of a check: what was measured and is needed, the paper's value, what would decide it."""

import math
from typing import Any

from pipeline.findings.power import MOST_SEEDS
from pipeline.findings.statistics import Interval
from pipeline.findings.verdict import UNDECIDED


def required(check: dict[str, Any]) -> str:
    """The bounds of a check."""
    low, high = check["low"], check["high"]
    if low is None:
        return f"< {high:.3g}"
    return f"> {low:.3g}" if high is None else f"{low:.3g} to {high:.3g}"


def estimate(check: dict[str, Any]) -> str:
    """What a check measured, with its interval. A bound that is not known is infinite."""
    centre = math.nan if check["estimate"] is None else check["estimate"]
    low, high = check["interval"] or (math.nan, math.nan)
    return str(Interval(centre, low, math.inf if high is None else high, check["seeds"]))


def against_the_paper(check: dict[str, Any]) -> str:
    """The paper's value, what counts as its size, and what one more seed would give; "" without one."""
    if check["paper"] is None:
        return ""
    paper, margin = check["paper"], check["margin"]
    allowed = f"within a factor of {margin:g}" if check["scale"] == "ratio" else f"within {margin:g}"
    told = [f"paper {paper:.3g}, the same size {allowed} ({check['margin_from']})"]
    if check["prediction"]:
        low, high = check["prediction"]
        told.append(f"one more seed would give {low:.3g} to {high:.3g}")
    return "; ".join(filter(None, [check["size"], *told]))


def would_decide(check: dict[str, Any]) -> str:
    """What an undecided check would need; "" for another."""
    if check["verdict"] != UNDECIDED:
        return ""
    return "; ".join(filter(None, [seen(check), seeds(check["seeds_needed"])]))


def seen(check: dict[str, Any]) -> str:
    """The smallest effect that the seeds of a check see; "" below two."""
    if check["visible"] is None:
        return ""
    effect = "a factor of" if check["scale"] == "ratio" else "a difference of"
    return f"{check['seeds']} seeds see {effect} {check['visible']:.3g} at 80 % power"


def seeds(needed: int | None) -> str:
    """How many seeds would decide."""
    if needed is None:
        return "how many would decide cannot be told"
    beyond = "" if needed <= MOST_SEEDS else f", more than the {MOST_SEEDS} that are tried at most"
    return f"{needed:,} seeds would decide{beyond}"


def trend(found: dict[str, Any]) -> str:
    """How an effect moves with the number of people, and what that gives at the paper's."""

    def told(name: str) -> str:
        low, high = found[name]["interval"] or (math.nan, math.nan)
        return f"{Interval(found[name]['estimate'], low, high, found['seeds']):.2f}"

    sizes = ", ".join(f"{n:,}" for n in found["sizes"])
    inside = "holds" if found["holds"] else "does not hold"
    return (
        f"Over {sizes} people the logarithm of the ratio changes by {told('slope')} a factor e of people. "
        f"At the paper's number that gives {told('at_paper')}, which {inside} the paper's {found['paper']:g}"
    )
