"""Whatever experiment the code or figures.yaml names is one: a name of none leaves figures empty for good."""

import ast
from collections.abc import Iterator

import pytest

from pipeline import ROOT
from pipeline.config import scales
from pipeline.findings import cells, figures
from pipeline.findings.robustness.settings import VARIED
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES

TABLES = {"of", "experiment"}  # tables.of(NAME), averages.experiment(tables, NAME)


def named(call: ast.Call) -> Iterator[str]:
    """Experiments that a call names: what a judge is registered with, and what is asked of tables."""
    function, arguments = call.func, call.args
    if isinstance(function, ast.Attribute) and function.attr in TABLES:
        owner = ast.unparse(function.value if function.attr == "of" else arguments[0])
        arguments = arguments[:1] if function.attr == "of" else arguments[1:2]
        if not owner.endswith("tables"):
            return
    elif not (isinstance(function, ast.Name) and function.id == "judge"):
        return
    yield from (a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str))


def in_code() -> dict[str, str]:
    """Names of experiments in the code, and where."""
    found = {}
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call):
                where = f"{path.relative_to(ROOT)} line {node.lineno}"
                found |= dict.fromkeys(named(node), where)
    return found


def test_names_are_found():
    code = """
@judge("a", "b")
def c(tables):
    tables.of("d"), averages.experiment(tables, "e"), Check.of("f", [1]), other.tables.of("g"), tables.of(h)
"""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    assert sorted(name for call in calls for name in named(call)) == ["a", "b", "d", "e", "g"]
    assert len(in_code()) > 25


@pytest.mark.committed
def test_every_experiment_that_is_named_exists():
    there = {*scales.load().experiments, TOY_SIZES, TOY_REPLAY}
    asked = in_code() | dict.fromkeys(
        (*cells.FAMILIES, *cells.DEFAULT_RUNS, *cells.SIZES, *VARIED), "a family"
    )
    asked |= {need: f"figures.yaml: {f.name}" for f in figures.load().values() for need in f.needs}
    assert not {name: where for name, where in asked.items() if name not in there}


@pytest.mark.committed
def test_every_experiment_is_drawn():
    """Those of the default scale, each in a figure that needs it or by a name in the code."""
    asked = {*in_code(), *cells.FAMILIES, *cells.DEFAULT_RUNS, *cells.SIZES, *VARIED}
    asked |= {need for figure in figures.load().values() for need in figure.needs}
    experiments = scales.load().experiments
    assert not [name for name, e in experiments.items() if (e.joins or name) not in asked]
