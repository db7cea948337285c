"""Curves as data: what a drawing has, and nothing that is not a curve."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from pipeline.findings import averages, cells, drawing, explore, figures, style
from pipeline.findings.averages import Average
from tests.findings.synthetic_tables import build


@pytest.fixture
def ax():
    return Figure().add_subplot()


X = np.arange(1.0, 9.0)


def kinds(ax) -> list[tuple[str, str]]:
    return [(c["kind"], c["label"]) for panel in explore.panels(ax.figure) for c in panel["curves"]]


def test_means_seeds_and_the_papers_curves_are_told_apart(ax):
    ax.plot(X, X, label="ours")
    ax.plot(X, X, **style.SEED)
    style.draw_paper(ax, X, X)
    assert kinds(ax) == [("mean", "ours"), ("seed", ""), ("paper", "paper")]


def test_what_is_not_a_curve_is_left_out(ax):
    style.baseline(ax)
    ax.axvline(2)
    ax.plot([1, 2], [1, 2])  # a guide
    ax.plot(X, X, "o")  # marks
    ax.plot(X[::-1], X)  # not over the axis
    style.paper_entry(ax, "paper")
    assert explore.panels(ax.figure) == []
    ax.plot(X, X)
    assert kinds(ax) == [("mean", "")]


def test_a_mean_has_the_bounds_of_its_interval(ax):
    values = Average(X, X - 1, X + 2, seeds=3)
    style.draw_average(ax, X, values, seeds=np.stack([X, X + 1]), label="ours")
    mean, *seeds = explore.panels(ax.figure)[0]["curves"]
    assert mean["low"] == (X - 1).tolist() and mean["high"] == (X + 2).tolist()
    assert len(seeds) == 2 and all("low" not in curve for curve in seeds)


def test_a_bound_that_is_not_known_is_nothing(ax):
    low = np.where(X == 4, np.nan, X - 1)
    style.draw_average(ax, X, Average(X, low, X + 2, seeds=3))
    (mean,) = explore.panels(ax.figure)[0]["curves"]
    assert mean["low"][3] is None and mean["high"][3] is None and mean["low"][4] == 4


def test_a_panel_of_the_papers_alone_is_not_ours_to_explore(ax):
    style.draw_paper(ax, X, X)
    assert explore.panels(ax.figure) == []


def test_a_panel_has_its_axes_and_values(ax):
    ax.plot(X, np.where(X == 3, np.nan, X / 3), label="a", color="C1")
    ax.set(xlabel="step\n(of 9)", ylabel="loss", yscale="log")
    style.legend_above(ax, "Title")
    (panel,) = explore.panels(ax.figure)
    named = {key: panel[key] for key in ("title", "x", "y", "log_x", "log_y")}
    assert named == {"title": "Title", "x": "step\n(of 9)", "y": "loss", "log_x": False, "log_y": True}
    (curve,) = panel["curves"]
    assert curve["x"] == X.tolist() and curve["y"][:4] == [0.3333, 0.6667, None, 1.333]
    assert curve["colour"] == "#ff7f0e"


def test_the_script_of_a_figure_has_the_values_of_its_tables():
    tables = build()
    name = "phases/three_phases"
    text = explore.script(name, drawing.draw(figures.load()[name], tables))
    prefix = f'curves["{name}"]='
    assert text.startswith(prefix) and text.endswith(";\n")
    loss = json.loads(text[len(prefix) : -2])[0]
    (mean,) = [curve for curve in loss["curves"] if curve["kind"] == "mean"]
    steps, values = averages.mean_curve(tables, cells.experiment(tables, "phases"), "known", "loss")
    assert len(mean["x"]) == len(steps) and sum(c["kind"] == "seed" for c in loss["curves"]) == 3
    np.testing.assert_allclose(mean["y"], values.centre, rtol=1e-3)


def test_a_figure_that_is_not_drawn_has_no_curves():
    tables = build()
    tables.experiments = tables.experiments[tables.experiments.experiment != "phases"]
    name = "phases/three_phases"
    assert explore.script(name, drawing.draw(figures.load()[name], tables)) == f'curves["{name}"]=[];\n'
