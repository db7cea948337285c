"""What is said of the parameters: complete, never out of date, and true of the files that are here."""

import json
from typing import get_args

import jsonschema
import pytest

from pipeline import ROOT
from pipeline.commands import parameters
from pipeline.config import experiments, run, schema, strict_yaml
from pipeline.config.frozen import Frozen

FILES = [ROOT / "params.yaml", *sorted((ROOT / "scales").glob("*.yaml")), ROOT / "tests" / "params.yaml"]
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())


def classes_in(annotation) -> set[type[Frozen]]:
    """The typed classes that a field holds, in whatever way."""
    if isinstance(annotation, type) and issubclass(annotation, Frozen):
        return {annotation}
    return {found for part in get_args(annotation) for found in classes_in(part)}


def typed(*models: type[Frozen]) -> set[type[Frozen]]:
    """These classes and all that they hold."""
    found: set[type[Frozen]] = set()
    todo = list(models)
    while todo:
        model = todo.pop()
        if model not in found:
            found.add(model)
            todo += [m for field in model.model_fields.values() for m in classes_in(field.annotation)]
    return found


@pytest.mark.committed
@pytest.mark.parametrize("name", ["docs/parameters.md", "docs/params.schema.json"])
def test_the_files_are_what_the_classes_say(name):
    made = parameters.made()[name]
    assert (ROOT / name).read_text() == made, "give python -m pipeline.commands.parameters"


@pytest.mark.parametrize("model", sorted(typed(run.RunConfig, experiments.Params), key=str))
def test_every_value_says_what_it_is(model):
    """A block of values is described by its class."""
    for name, field in model.model_fields.items():
        if not classes_in(field.annotation) and name != "kind":
            assert field.description, f"{model.__name__}.{name}: no docstring"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_editors_find_no_fault_in_the_files(path):
    VALIDATOR.validate(strict_yaml.read(path))
    named = "# yaml-language-server: $schema="
    first = path.read_text().splitlines()[0]
    if path.parent != ROOT / "tests":
        assert first.startswith(named) and (path.parent / first.removeprefix(named)).resolve().is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sedes": [0]},
        {"defaults": {"training": {"step": 5}}},
        {"defaults": {"training": {"steps": 0}}},
        {"defaults": {"model": {"mixer": "mamba"}}},
        {"experiments": {"a": {"set": {"training.step": 5}}}},
        {"experiments": {"a": {"set": {"training.steps": "many"}}}},
        {"experiments": {"a": {"grid": {"training.steps": 5}}}},
        {"experiments": {"a": {"cases": {"b": {"distribution": {"kind": "celebrity"}}}}}},
        {"experiments": {"a": {"cases": {"b": {"distribution": {"kind": "warm_up", "alpha": 1}}}}}},
        {"toy": {"batch": 0}},
    ],
    ids=json.dumps,
)
def test_editors_mark_what_a_run_would_refuse(wrong):
    assert not VALIDATOR.is_valid(wrong)
