"""What the figures share: fonts, colours, the drawing of averages and of the paper's curves, saving."""

import pipeline.findings.defaults  # noqa: F401

# isort: split
import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from pipeline.findings.averages import SHARES, Array, Average
from pipeline.findings.statistics import Interval

# Okabe and Ito's palette, distinct for colour-blind readers.
BLUE, ORANGE, GREEN, RED, BLACK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#000000"
GREY, PAPER = "0.6", "0.3"
FAMILIES = {"uniform": BLACK, "power_law": BLUE, "celebrities": ORANGE, "warm_up": GREEN}
MARKERS = {"uniform": "o", "power_law": "s", "celebrities": "^", "warm_up": "D"}
# Without viridis' brightest end, which is invisible as a line on white.
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "sequential", mpl.colormaps["viridis"](np.linspace(0, 0.9, 64))
)
SEED: dict[str, Any] = {"linewidth": 0.6, "alpha": 0.45}
DASHED: dict[str, Any] = {"linestyle": (0, (4, 2)), "linewidth": 1.2}
BASELINE_LABEL = "no-knowledge baseline"
# What is measured of a group of people -> label of its axis.
MEASURES = {
    "loss": "attribute loss / baseline",
    "accuracy": "attribute accuracy",
    "max_probability": "maximum probability",
    "entropy": "entropy (nats per token)",
}

DEFAULTS: Any = {
    name: mpl.rcParamsDefault[name] for name in mpl.rcParamsDefault if not name.startswith("backend")
}
RC: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # of like widths: SVG text is the reader's font
    "svg.fonttype": "none",  # text as text: half the size, searchable
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "legend.fontsize": 9,
    "legend.title_fontsize": 9.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.92",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "figures",  # the same ids in every drawing: equal data give equal files
    "figure.dpi": 100,
}


def context() -> AbstractContextManager[None]:
    """The style on matplotlib's defaults, for the drawing of one figure: no global state is left."""
    return mpl.rc_context(DEFAULTS | RC)


def new_figure(
    rows: int, columns: int, width: float, height: float, **subplots: Any
) -> tuple[Figure, NDArray[Any]]:
    """A figure of `width` x `height` inches and its axes (rows, columns)."""
    fig = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))
    return fig, fig.subplots(rows, columns, squeeze=False, **subplots)


def message(text: str) -> Figure:
    """A figure that holds a sentence instead of a drawing."""
    fig = Figure(figsize=(9, 1.6))
    fig.text(0.5, 0.5, textwrap.fill(text, 100), ha="center", va="center")
    return fig


def note(fig: Figure, text: str) -> None:
    """A line under the whole figure."""
    fig.supxlabel(text, fontsize=9, color="0.35")


def draw_average(ax: Axes, x: ArrayLike, values: Average, *, seeds: Array | None = None, **line: Any) -> None:
    """Mean line and, right after it, its interval band; `seeds` (seeds, S) adds every seed as a thin line."""
    drawn = ax.plot(x, values.centre, **line)[0]
    if values.seeds > 1:
        ax.fill_between(x, values.low, values.high, color=drawn.get_color(), alpha=0.18, linewidth=0)
    for one in seeds if seeds is not None and len(seeds) > 1 else ():
        ax.plot(x, one, color=drawn.get_color(), **SEED)


def error_bars(
    ax: Axes, at: ArrayLike, values: Sequence[Interval], *, horizontal: bool = False, **look: Any
) -> None:
    """Means over seeds at the places `at`, with bars of their intervals where there are several seeds."""
    centre, bars = np.array([value.centre for value in values]), None
    if any(value.bounded for value in values):
        bars = np.nan_to_num([[v.centre - v.low for v in values], [v.high - v.centre for v in values]])
    if horizontal:
        ax.errorbar(centre, at, xerr=bars, capsize=3, **look)
    else:
        ax.errorbar(at, centre, yerr=bars, capsize=3, **look)


def draw_paper(ax: Axes, x: ArrayLike, y: ArrayLike, *, color: object = PAPER, label: str = "paper") -> None:
    """A curve of the paper: dashed. Its group id is what tests look for."""
    ax.plot(x, y, color=color, label=label, gid="paper", zorder=1.8, **DASHED)


def paper_entry(ax: Axes, label: str) -> None:
    """A legend entry for the paper's curves where they have the colours of ours."""
    ax.plot([], [], color=PAPER, label=label, **DASHED)


def baseline(ax: Axes, *, vertical: bool = False, label: str | None = None) -> None:
    """Grey line at loss = baseline, on an axis of loss / baseline."""
    draw = ax.axvline if vertical else ax.axhline
    draw(1, color=GREY, linewidth=1, zorder=1, label=label)


def share_axis(ax: Axes) -> None:
    """The axis of a share: from 0 to 1, so that both can be seen."""
    ax.set_ylim(-0.03, 1.03)


def measure_axis(ax: Axes, measure: str, label: str | None = None) -> None:
    """The axis of a measure, after drawing; of a loss with the baseline, which `label` names, logarithmic."""
    ax.set_ylabel(MEASURES[measure])
    if measure == "loss":
        baseline(ax, label=label)
        plain_log(ax)
    elif measure in SHARES:
        share_axis(ax)


def plain_log(ax: Axes, which: str = "y") -> None:
    """Logarithmic axes with plain numbers (0.1, 1, 10) rather than powers of ten. Call it after drawing."""
    for name in which:
        getattr(ax, f"set_{name}scale")("log")
        axis = getattr(ax, f"{name}axis")
        low, high = axis.get_view_interval()
        # Below two decades the powers of ten alone leave a reader with one tick.
        axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
        axis.set_major_formatter(ticker.FuncFormatter(plain))
        axis.set_minor_formatter(ticker.NullFormatter())


def plain(value: float, _: float) -> str:
    """A tick as a plain number."""
    return f"{value:.0e}" if value < 1e-4 else f"{value:,g}"


def legend_above(ax: Axes, title: str, columns: int = 2) -> None:
    """Legend between title and data: it cannot cover a curve. The title serves as the panel's."""
    legend = ax.legend(
        title=title,
        loc="lower left",
        bbox_to_anchor=(0, 1.02),
        borderaxespad=0,
        ncols=columns,
        alignment="left",
        handlelength=1.9,
        columnspacing=1.2,
        labelspacing=0.3,
    )
    legend.get_title().set_fontweight("bold")


def legend_of_all(fig: Figure, ax: Axes, most: int = 12) -> None:
    """One legend above all panels, of what `ax` has; at most so many columns."""
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), most))


def legend_beside(ax: Axes, title: str) -> None:
    """Legend to the right of the axes."""
    legend = ax.legend(
        title=title, loc="upper left", bbox_to_anchor=(1.03, 1.02), borderaxespad=0, alignment="left"
    )
    legend.get_title().set_fontweight("bold")


def colours(values: Iterable[float], *others: Iterable[float], log: bool = False) -> dict[float, tuple]:
    """An ordered colour for each value; `others` share the scale, so that equal values match."""
    every = sorted({*values, *(v for other in others for v in other)})
    norm = (LogNorm if log else Normalize)(every[0], every[-1] if len(every) > 1 else every[0] * 2 + 1)
    return {value: SEQUENTIAL(float(norm(value))) for value in every}


def heat_map(
    ax: Axes, values: Array, texts: list[list[str]], rows: list[str], columns: list[str], norm: Normalize
) -> AxesImage:
    """values (rows, columns) as colours with a text in each cell; NaN cells are grey."""
    cmap = SEQUENTIAL.with_extremes(bad="0.88")
    image = ax.imshow(np.ma.masked_invalid(values), cmap=cmap, norm=norm, aspect="auto")
    ax.grid(visible=False)
    for edge in np.arange(len(rows) - 1) + 0.5:
        ax.axhline(edge, color="white", linewidth=1.5)
    for edge in np.arange(len(columns) - 1) + 0.5:
        ax.axvline(edge, color="white", linewidth=1.5)
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            filled = np.isfinite(values[i, j])
            light = not filled or np.dot(cmap(norm(values[i, j]))[:3], (0.299, 0.587, 0.114)) > 0.5
            ax.text(j, i, text, ha="center", va="center", fontsize=9, color=BLACK if light else "white")
    return image


def save(fig: Figure, path: Path, kind: str) -> None:
    """Write `fig` as "svg" or "png". Neither carries a date: they change only if the drawing does."""
    drawn = io.BytesIO()
    with context():
        fig.savefig(drawn, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    if kind == "svg":
        path.write_text(compact(drawn.getvalue().decode()), encoding="utf-8")
        return
    # A third of the size, for what no eye sees: 256 colours, chosen for the picture.
    picture = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(path, format=kind, optimize=True)


def compact(svg: str) -> str:
    """The same drawing in a quarter less: paths to 0.01 points, no white space between elements."""

    def rounded(path: re.Match[str]) -> str:
        numbers = re.sub(
            r"-?\d+\.\d+", lambda n: f"{float(n.group()):.2f}".rstrip("0").rstrip("."), path.group()
        )
        return re.sub(r"\s+", " ", numbers)

    return re.sub(r">\s*\n\s*<", "><", re.sub(r'\bd="[^"]*"', rounded, svg))
