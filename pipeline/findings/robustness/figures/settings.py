"""Learning curves of the default run with one thing changed, beside the paper's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, numbers, style
from pipeline.findings.cells import experiment
from pipeline.findings.robustness.settings import VARIED, Settings, settings
from pipeline.findings.time_axis import TimeAxis, time_axis
from pipeline.paper import published
from pipeline.paper.units import PEOPLE
from pipeline.tables.read import Tables

_PAPER_SIZES = {"50m": 8 * 512**2, "150m": 12 * 896**2, "400m": 12 * 1536**2}
_MIXERS = {"attention": style.BLACK, "rg_lru": style.ORANGE, "ssm": style.ORANGE}


@dataclass(frozen=True)
class Panel:
    """experiment: whose settings. paper: panel of its curves. value: the setting of one of them; default:
    that of the paper's default run."""

    title: str
    experiment: str
    paper: str
    value: Callable[[str], float] = published.number
    default: float = 1.0


PANELS = (
    Panel("Learning rate", "learning_rate", "C_lr", default=4e-4),
    Panel("Individuals", "population_size", "C_nindiv", default=PEOPLE),
    Panel("Weight decay", "weight_decay", "C_weight_decay", default=0.1),
    Panel("Batch size, equal data", "batch_size", "C_batch", default=128),
    Panel("Sequence mixer", "mixer", "C_mixer"),
    Panel("Layers × width", "model_size", "C_size", _PAPER_SIZES.__getitem__, _PAPER_SIZES["50m"]),
)


def _settings(tables: Tables, panel: Panel) -> Settings:
    experiment(tables, panel.experiment)
    return settings(tables, panel.experiment)


def _default(tables: Tables, panel: Panel) -> Any:
    """The default run's value of what the panel varies."""
    row = experiment(tables, "phases").iloc[0]
    if panel.experiment == "model_size":
        return row.layers * row.width**2
    return row[VARIED[panel.experiment]]


def _name(panel: Panel, runs: pd.DataFrame) -> str:
    row = runs.iloc[0]
    match panel.experiment:
        case "mixer":
            return {"attention": "attention", "rg_lru": "recurrent (RG-LRU)"}[row.mixer]
        case "model_size":
            return f"{row.layers} × {row.width}"
        case "population_size":
            return numbers.short(row.individuals)
    return f"{row[VARIED[panel.experiment]]:g}"


def _time(tables: Tables) -> TimeAxis:
    return time_axis(experiment(tables, "phases"))


def facts(tables: Tables) -> dict[str, str]:
    shown = [_settings(tables, panel) for panel in PANELS]
    tried = [experiment(tables, panel.experiment).groupby("case") for panel in PANELS]
    swept = any((runs.learning_rate.nunique() > 1).any() for runs in tried)
    return {
        "time": _time(tables).sentence,
        "population_steps": f"{experiment(tables, 'population_size').steps.max():,}",
        "rates": (
            "Where several learning rates were tried, the one with the lowest final training loss is shown, "
            "as in the paper; elsewhere it is the default."
            if swept
            else "Except in the first panel, the learning rate is the default (paper: the best of five)."
        ),
        "seeds": averages.seeds_sentence(*(runs for by_value in shown for runs in by_value.values())),
    }


def _papers(panel: Panel) -> dict[str, Any]:
    """The paper's curves of a panel by name: their settings, relative to its default; mixers by name."""
    names = published.names(panel.paper)
    if panel.experiment == "mixer":
        return {name: name for name in names}
    return {name: panel.value(name) / panel.default for name in names}


def _draw(ax: Axes, tables: Tables, panel: Panel) -> None:
    time, theirs, default = _time(tables), _papers(panel), _default(tables, panel)
    mixer = panel.experiment == "mixer"
    ours = {value if mixer else value / default: runs for value, runs in _settings(tables, panel).items()}
    colour: dict[Any, Any] = _MIXERS if mixer else style.colours(ours, theirs.values(), log=True)
    for name, ratio in theirs.items():
        paper = published.curve(panel.paper, name)
        # Biographies over those of a default step: that is steps where the batch is the default one.
        larger = ratio if panel.experiment == "batch_size" else 1
        at = paper.steps * larger / time.paper
        style.draw_paper(ax, at, paper.relative(), color=colour[ratio], label="_")
    batch = experiment(tables, "phases").batch.iloc[0]
    for ratio, runs in ours.items():
        steps, mean = averages.mean_curve(tables, runs, "known", "loss")
        at = steps * (runs.batch.iloc[0] / batch) / time.unit
        style.draw_average(ax, at, mean, color=colour[ratio], label=_name(panel, runs))
    style.paper_entry(ax, "paper")
    style.measure_axis(ax, "loss")
    ax.set_xlabel(time.label)
    if panel.experiment == "batch_size":
        ax.set_xlabel(f"biographies / those to the {time.what}\n(here {time.unit:,.0f} steps of {batch})")
    style.legend_above(ax, panel.title, columns=3)


def draw(tables: Tables) -> Figure:
    for panel in PANELS:
        _settings(tables, panel)
    fig, axes = style.new_figure(2, 3, 13.5, 9.4)
    for ax, panel in zip(axes.flat, PANELS, strict=True):
        _draw(ax, tables, panel)
    return fig
