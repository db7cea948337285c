"""The curves of a drawing as data, for the page to show their values: what is drawn, and nothing else."""

import json
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.findings.style import SEED

DIGITS = 4  # significant ones of a value: more than a screen shows
_LEAST_POINTS = 5  # fewer are marks, or a line that guides the eye


def _numbers(values: Any) -> list[float | None]:
    """Rounded; None where there is nothing."""
    return [float(f"{v:.{DIGITS}g}") if np.isfinite(v) else None for v in np.asarray(values, float)]


def _kind(line: Line2D) -> str:
    if line.get_gid() == "paper":
        return "paper"
    return (
        "seed" if (line.get_linewidth(), line.get_alpha()) == (SEED["linewidth"], SEED["alpha"]) else "mean"
    )


def _band(ax: Axes, line: Line2D) -> dict[str, list[float | None]]:
    """Bounds of the interval around a mean, whose band is drawn right after its line; {} without one."""
    children = ax.get_children()
    after = children[children.index(line) + 1 :]
    if not after or not isinstance(after[0], PolyCollection):
        return {}
    corners = np.concatenate([np.asarray(path.vertices, float) for path in after[0].get_paths()])
    x = np.asarray(line.get_xdata(), float)
    at = [corners[corners[:, 0] == here, 1] for here in x]
    return {
        "low": _numbers([min(found, default=np.nan) for found in at]),
        "high": _numbers([max(found, default=np.nan) for found in at]),
    }


def _curve(line: Line2D, ax: Axes) -> dict[str, Any] | None:
    """None of what is not a curve over the panel's x axis."""
    x = np.asarray(line.get_xdata(), float)
    marks = line.get_linestyle() in ("None", "", " ")
    if marks or line.get_transform() != ax.transData or len(x) < _LEAST_POINTS or (np.diff(x) <= 0).any():
        return None
    label, kind = str(line.get_label()), _kind(line)
    return {
        "kind": kind,
        "label": "" if label.startswith("_") else label,
        "colour": to_hex(line.get_color()),
        "x": _numbers(x),
        "y": _numbers(line.get_ydata()),
        **(_band(ax, line) if kind == "mean" else {}),
    }


def _panel(ax: Axes) -> dict[str, Any] | None:
    curves = [curve for line in ax.get_lines() if (curve := _curve(line, ax))]
    if ax.images or not any(curve["kind"] == "mean" for curve in curves):
        return None
    legend = ax.get_legend()
    title = legend.get_title().get_text() if legend else ""
    return {
        "title": title or ax.get_title("left"),
        "x": ax.get_xlabel(),
        "y": ax.get_ylabel(),
        "log_x": ax.get_xscale() == "log",
        "log_y": ax.get_yscale() == "log",
        "curves": curves,
    }


def panels(figure: Figure) -> list[dict[str, Any]]:
    """Title, axes and curves (means over seeds with intervals, seeds, the paper's) of our panels."""
    return [panel for ax in figure.axes if (panel := _panel(ax))]


def script(name: str, figure: Figure) -> str:
    """JavaScript that puts them where the page looks: a page from disk may load scripts, and nothing else."""
    data = json.dumps(panels(figure), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"curves[{json.dumps(name)}]={data};\n"
