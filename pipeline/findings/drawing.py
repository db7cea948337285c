"""Draws the figures of figures.yaml and fills their captions.

Each has a module of its name with `draw(tables)`, and `facts(tables)`: the values that its caption quotes,
and how many seeds it shows. Whatever experiment a figure needs and the tables lack is named in its place.
"""

import pipeline.findings.defaults  # noqa: F401  before a module that imports matplotlib

# isort: split
import contextlib
import importlib
from collections.abc import Iterable
from types import ModuleType

from matplotlib.figure import Figure

from pipeline.findings import style
from pipeline.findings.cells import MissingExperimentError, require
from pipeline.findings.figures import FigureSpec
from pipeline.findings.judging import NotMeasuredError
from pipeline.tables.read import Tables

NOT_DRAWN = (MissingExperimentError, NotMeasuredError)  # what figures say of runs that they lack
MODULES = "pipeline.findings.*.figures.*"  # all of them decide what the figures are


def module_of(figure: FigureSpec) -> ModuleType:
    """The module that draws a figure."""
    chapter, _, name = figure.name.partition("/")
    return importlib.import_module(MODULES.replace("*", chapter, 1).replace("*", name))


def drawable(figures: Iterable[FigureSpec], tables: Tables) -> list[str]:
    """Names of the figures whose experiments have runs."""
    out = []
    for figure in figures:
        with contextlib.suppress(MissingExperimentError):
            require(tables, *figure.needs)
            out.append(figure.name)
    return out


def draw(figure: FigureSpec, tables: Tables) -> Figure:
    """The figure; a panel that says why where the tables lack runs that it needs."""
    module = module_of(figure)
    with style.context():
        try:
            require(tables, *figure.needs)
            fig = module.draw(tables)
            style.note(fig, module.facts(tables)["seeds"])
        except NOT_DRAWN as why:
            return style.message(f"{figure.title}: this figure is not drawn, as {why}")
    return fig


def caption(figure: FigureSpec, tables: Tables) -> str:
    """The caption with its numbers, which come from the tables and the paper's curves."""
    try:
        require(tables, *figure.needs)
        return figure.caption.format_map(module_of(figure).facts(tables))
    except NOT_DRAWN as why:
        return f"Not drawn: {why}."
