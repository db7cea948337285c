"""The packages of the pipeline stand on each other: each imports from those below it, and from none above."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import ROOT

FLOORS = (
    *("config", "store", "execution", "data", "model", "probes", "training", "memory", "tables", "paper"),
    *("findings", "costs", "report", "stages", "commands"),
)
PIPELINE = ROOT / "pipeline"
MODULES = sorted(PIPELINE.rglob("*.py"))
LONGEST = 300  # lines: what is longer does more than one thing


def name_of(path: Path) -> str:
    return path.relative_to(PIPELINE).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a module imports, in functions too; `from a import b` gives a.b, perhaps a module."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_package_has_a_floor():
    assert {path.parent.name for path in PIPELINE.glob("*/__init__.py")} == set(FLOORS)
    assert [path.name for path in PIPELINE.glob("*.py")] == ["__init__.py"], "modules lie in packages"


@pytest.mark.parametrize("floor", FLOORS)
def test_a_package_imports_from_itself_and_those_below(floor):
    above = tuple(f"pipeline.{other}." for other in FLOORS[FLOORS.index(floor) + 1 :])
    for path in MODULES:
        if name_of(path).startswith(f"{floor}/"):
            upward = [name for name in imported(path) if f"{name}.".startswith(above)]
            assert not upward, f"{name_of(path)} imports {', '.join(upward)}"


def test_the_root_of_the_packages_imports_none_of_them():
    assert not [name for name in imported(PIPELINE / "__init__.py") if name.startswith("pipeline")]


def test_modules_are_short():
    longer = {name_of(path) for path in MODULES if len(path.read_text().splitlines()) > LONGEST}
    assert not longer, f"over {LONGEST} lines: {longer}"
