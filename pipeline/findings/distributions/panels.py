"""What figures of families of distributions share: the best setting of each."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from pipeline.findings import style
from pipeline.findings.statistics import Interval

# Family -> label of its best setting.
BEST = {
    "uniform": "uniform",
    "power_law": "best power law",
    "celebrities": "best celebrities",
    "warm_up": "best warm-up",
}


def draw_best(ax: Axes, x: ArrayLike, values: Sequence[Interval], family: str) -> None:
    """What the best settings of a family give at x, in its colour."""
    look: dict[str, Any] = {
        "fmt": f"{style.MARKERS[family]}-",
        "color": style.FAMILIES[family],
        "label": BEST[family],
    }
    style.error_bars(ax, x, values, **look)
