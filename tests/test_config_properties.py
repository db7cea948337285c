"""Whatever stands in params.yaml: it loads, or it is refused in one line. Nothing else ever happens."""

import copy
import itertools
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import ROOT
from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import PlannedRun, expand
from tests import params

PARAMS = yaml.safe_load(params.FILE.read_text())
AWKWARD = [
    "",
    " ",
    "a b",
    "'",
    '"',
    "$(touch x)",
    "`id`",
    "; rm -rf .",
    "../..",
    "naïve",
    "名",
    "\n",
    "\x00",
    "{}",
    "%s",
]


def paths(node: Any, at: tuple = ()) -> list[tuple]:
    """Every path to a value of the nested mapping or list."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [p for key, value in inside for p in [(*at, key), *paths(value, (*at, key))]]


PATHS = paths(PARAMS)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(AWKWARD),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["kind", "steps", *AWKWARD]), st.integers(), max_size=2),
)


def put(content: dict, path: tuple, value: Any) -> dict:
    """A copy with `value` at `path`."""
    out = copy.deepcopy(content)
    node = out
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return out


def expanded(tmp_path, content: Any) -> list[PlannedRun]:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return expand(scales.load(params=path))


def loads_or_is_refused(tmp_path, content: Any) -> bool:
    """Whether it was refused; any exception but ConfigError, or one of several lines, fails the test."""
    try:
        planned = expanded(tmp_path, content)
    except ConfigError as error:
        message = str(error)
        assert message.strip() and "\n" not in message and len(message) < 600
        return True
    assert all(c.isalnum() or c in ".-" for plan in planned for c in plan.config.id), "ids are safe as paths"
    return False


many = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@many
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_any_value_anywhere(tmp_path, path, value):
    loads_or_is_refused(tmp_path, put(PARAMS, path, value))


@many
@given(path=st.sampled_from(PATHS), name=st.one_of(st.text(max_size=8), st.sampled_from(AWKWARD)))
def test_any_unknown_key_is_refused(tmp_path, path, name):
    """In blocks with a schema. Names of experiments and cases are free."""
    node = PARAMS
    for key in path:
        node = node[key]
    free = path[:1] == ("experiments",)
    if not isinstance(node, dict) or name in node or free:
        return
    assert loads_or_is_refused(tmp_path, put(PARAMS, (*path, name), 1))


def test_at_least_two_hundred_malformed_ones_are_refused(tmp_path):
    """Each value of the file replaced in turn by two of a few that are wrong almost anywhere."""
    wrong = itertools.cycle((None, -1, "$(touch x)", [], {"kind": "none"}))
    refused = sum(loads_or_is_refused(tmp_path, put(PARAMS, path, next(wrong))) for path in PATHS * 2)
    assert refused >= 200, refused


@pytest.mark.parametrize("name", AWKWARD)
def test_names_of_experiments_and_cases_are_only_names(tmp_path, name):
    renamed = copy.deepcopy(PARAMS)
    renamed["experiments"][name] = renamed["experiments"].pop("warm_up")
    cases = renamed["experiments"]["power_law"]["cases"]
    cases[name] = cases.pop("alpha-0.8")
    refused = loads_or_is_refused(tmp_path, renamed)
    assert refused or {p.config.id for p in expanded(tmp_path, renamed)} == {
        p.config.id for p in expanded(tmp_path, PARAMS)
    }
    assert not (ROOT / "x").exists()
