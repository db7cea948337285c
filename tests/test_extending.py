"""docs/extending.md, done as it says: all additions in one copy of the project, its scale run to the end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline import ROOT
from tests.tree import ENV, copy_tree

# "New file `a.py`:" or "In `a.py`, below `LINE`:", and the block of code after it.
ADDITION = re.compile(
    r"^(?:New file|In) `(?P<file>[^`]+)`(?:, (?P<where>above|below) `(?P<line>[^`]+)`)?:\n\n"
    r"```\w+\n(?P<block>.*?)```$",
    re.M | re.S,
)
SECTIONS = ("distribution", "mixer", "probe", "experiment", "scale", "figure", "claim")


def add(folder: Path, file: str, where: str | None, line: str | None, block: str) -> None:
    path = folder / file
    if where is None:
        assert not path.exists()
        path.write_text(block)
        return
    lines = path.read_text().splitlines(keepends=True)
    (at,) = (k for k, found in enumerate(lines) if found.startswith(line))
    lines.insert(at + (where == "below"), f"{block}\n\n" if block.startswith("class") else block)
    path.write_text("".join(lines))


def call(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Path:
    folder = copy_tree(tmp_path_factory.mktemp("extending") / "copy")
    for found in ADDITION.finditer((ROOT / "docs" / "extending.md").read_text()):
        add(folder, **found.groupdict())
    call(folder, "snakemake", "--cores", "2", "--config", "scale=tiny")
    return folder


def test_each_takes_one_file_or_a_module_and_an_entry():
    text = (ROOT / "docs" / "extending.md").read_text()
    parts = dict(re.findall(r"^## An? (\w+)\n(.*?)(?=^## )", text, re.M | re.S))
    assert set(parts) == set(SECTIONS)
    touched = {section: [m["where"] for m in ADDITION.finditer(part)] for section, part in parts.items()}
    assert {section for section, places in touched.items() if len(places) == 1} == {
        "distribution", "experiment", "scale",
    }  # fmt: skip
    assert all(places[0] is None for places in touched.values() if len(places) == 2)
    assert max(map(len, touched.values())) == 2


def test_runs_of_the_new_kinds_are_in_the_tables(extended):
    tables = extended / "results" / "tiny" / "tables"
    runs = pd.read_csv(tables / "state_norms" / "runs.csv").set_index("distribution")
    assert runs.decay["exponential"] == 3 and pd.isna(runs.decay["uniform"])
    assert "exponential3-n64-s0" in runs.run["exponential"]
    mixed = pd.read_csv(tables / "running_mean" / "runs.csv")
    plain = pd.read_csv(tables / "phases" / "runs.csv")
    assert mixed.mixer.tolist() == ["running_mean"] and (mixed.parameters < plain.parameters).all()
    norms = pd.read_csv(tables / "state_norms" / "state_norms.csv")
    assert set(norms.run) == set(runs.run) and set(norms.layer) == {1, 2} and (norms.norm > 0).all()
    assert norms.step.max() == 20
    assert not (tables / "phases" / "state_norms.csv").exists()


def test_the_figure_and_the_claim_are_on_the_page(extended):
    results = extended / "results" / "tiny"
    claim = next(c for c in json.loads((results / "claims.json").read_text()) if c["id"] == "states-grow")
    (check,) = claim["checks"]
    assert claim["origin"] == "O" and claim["seeds"] == 1 and check["estimate"] > 0 and check["low"] == 1
    page = (results / "report" / "index.html").read_text()
    assert "states-grow" in page and "../figures/mechanism/state_norms.svg" in page
    assert "this figure is not drawn" not in (results / "figures/mechanism/state_norms.svg").read_text()


def test_the_experiment_is_one_of_the_default_scale_too(extended):
    said = call(extended, "snakemake", "--cores", "2", "--dry-run", "state_norms")
    assert re.search(r"^train +6$", said, re.M) and re.search(r"^evaluate +1$", said, re.M)


def test_documents_and_schema_know_the_new_keys(extended):
    call(extended, sys.executable, "-m", "pipeline.commands.parameters")
    page = (extended / "docs" / "parameters.md").read_text()
    assert "`distribution.decay`" in page and "`running_mean`" in page
    assert "distribution.decay" in (extended / "docs" / "params.schema.json").read_text()


def test_the_additions_are_as_the_checks_of_the_code_want_them(extended):
    changed = [m["file"] for m in ADDITION.finditer((ROOT / "docs" / "extending.md").read_text())]
    code = [name for name in changed if name.endswith(".py")]
    for check in (["check"], ["format", "--check"]):
        call(extended, "ruff", *check, *code)
