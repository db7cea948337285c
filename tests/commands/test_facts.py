"""`facts`: a user's table from its first folder to its tables of results."""

import re
import subprocess
import sys

import numpy as np
import pytest
import yaml

from pipeline import ROOT
from pipeline.commands import begin
from pipeline.commands import facts as command
from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import expand
from pipeline.config.facts import table
from pipeline.data import tabled
from pipeline.findings.facts import expected
from pipeline.tables.read import Tables
from tests.facts.tables import HEADER, folder, rows, separated
from tests.tree import copy_tree


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A place for a user's folders and scales, above the project's parameters."""
    (tmp_path / "scales").mkdir()
    (tmp_path / "params.yaml").write_text((scales.ROOT / "params.yaml").read_text())
    for module in (scales, command, tabled):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def csv(path, header=HEADER[:3], lines=None):
    lines = rows(400) if lines is None else lines
    path.write_text(separated([header, *(row[: len(header)] for row in lines)]))
    return path


def test_a_table_becomes_a_scale_that_is_taken(project, tmp_path):
    made = begin.begin(project, "cities", csv(tmp_path / "t.csv"))
    assert [path.name for path in made] == ["t.csv", "facts.yaml", "cities.yaml"]
    read = table.read(project / "cities")
    assert len(read) == 400 and [len(lines) for lines in read.spec.attributes.values()] == [8, 8]
    planned = expand(scales.load("cities"))
    assert {plan.experiment for plan in planned} == {
        "uniform", "schedules", "wordings", "fine_tuning", "replay",
    }  # fmt: skip
    run = planned[0].config
    assert (run.population.individuals, run.population.unseen) == (320, 80)
    assert run.training.steps * run.training.batch / 320 == pytest.approx(68, rel=0.02)


@pytest.mark.parametrize("number", [16, 17, 1000, 100_000])
def test_any_number_of_rows_gives_a_scale(number):
    text = begin._scale("f", number, max(1, number // 5))
    assert all(isinstance(v, dict) for v in yaml.safe_load(text)["experiments"].values())


def test_columns_that_tell_nothing_are_left_out(project, tmp_path):
    lines = [[row[0], row[1], "", "same"] for row in rows(100)]
    begin.begin(project, "cities", csv(tmp_path / "t.csv", ("city", "country", "none", "same"), lines))
    assert list(table.read(project / "cities").spec.attributes) == ["country"]


@pytest.mark.parametrize(
    ("name", "header", "refused"),
    [
        ("Cities", HEADER[:3], "allowed: a name of a-z, 0-9, _ and -"),
        ("laptop", HEADER[:3], "allowed: a name of a-z, 0-9, _ and -"),
        ("cities", HEADER[:1], "a column of names, then columns of two values or more"),
    ],
)
def test_what_is_refused_leaves_nothing(project, tmp_path, name, header, refused):
    with pytest.raises(ConfigError, match=refused):
        begin.begin(project, name, csv(tmp_path / "t.csv", header))
    assert not (project / name).exists() and not list((project / "scales").iterdir())


def test_nothing_is_written_over(project, tmp_path):
    source = csv(tmp_path / "t.csv")
    begin.begin(project, "cities", source)
    with pytest.raises(ConfigError, match=r"cities/facts\.yaml: is there"):
        begin.begin(project, "cities", source)


def test_a_check_says_what_is_in_it_and_what_it_costs(project, tmp_path, capsys):
    begin.begin(project, "cities", csv(tmp_path / "t.csv"))
    command.check(project / "cities")
    said = capsys.readouterr().out
    assert "warning: t.csv, river: 100 of 400 rows have none" in said
    assert "400 rows, 2 attributes; held out by the table: none" in said
    assert "  country: 5 values, 80 rows a value, entropy 1.61 nats, 8 sentences" in said
    assert "baseline 1.778 nats a value" in said
    assert "scale cities: 45 runs, " in said and "FLOP" in said
    assert "snakemake --cores all --config scale=cities" in said


@pytest.mark.committed
def test_the_expected_plateau_is_that_of_the_committed_runs():
    rows = Tables.read(ROOT / "results/laptop/tables", ["population_size"]).of("population_size")
    for people in (512, 2048):
        runs = rows[rows.individuals == people]
        mean = np.exp(np.log(runs.plateau_end * runs.batch / people).mean())
        assert expected.exposures(people, ROOT / "results/laptop/tables") == pytest.approx(mean, rel=0.25)


def test_without_committed_runs_no_plateau_is_expected(project):
    assert expected.exposures(1000, project / "results/laptop/tables") is None


def test_a_check_says_which_columns_tell_of_others(tmp_path, capsys):
    lines = [[f"City {k}", f"Land {k % 4}", f"River {k % 12}"] for k in range(240)]
    command.check(folder(tmp_path, separated([HEADER[:3], *lines]), frequencies=None, held_out=None))
    said = capsys.readouterr().out
    assert "country: 4 values, 60 rows a value, entropy 1.39 nats, 4 sentences, determined by river" in said
    assert "baseline 1.589 nats a value" in said and "(1.936 without what columns tell of each other)" in said


def test_a_check_names_all_that_is_wrong(tmp_path, capsys):
    lines = rows()
    lines[3][0], lines[7][3] = "", "many"
    with pytest.raises(ConfigError) as last:
        command.check(folder(tmp_path, separated([HEADER, *lines])))
    said = capsys.readouterr()
    assert said.err.startswith("error: cities.csv line 5, city: no name\n") and not said.out
    assert "line 9, people: given no number" in str(last.value)


def test_all_that_was_made_can_be_removed(project, tmp_path):
    """And nothing else: not the table, not what another scale of a like name has."""
    begin.begin(project, "cities", csv(tmp_path / "t.csv"))
    begin.begin(project, "cities-2", csv(tmp_path / "t.csv"))
    made = ["results/{}/runs/a/weights", "logs/{}/train/a.log", ".snakemake/calls/{}-0123456789.json"]
    for scale in ("cities", "cities-2", "laptop"):
        for name in made:
            path = project / name.format(scale)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("made")
    assert len(command.remove("cities")) == 3 and not command.remove("cities")
    left = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert not {name.format("cities") for name in made} & left
    assert {name.format(scale) for name in made for scale in ("cities-2", "laptop")} <= left
    assert {"cities/t.csv", "cities/facts.yaml", "scales/cities.yaml"} <= left
    with pytest.raises(ConfigError, match=r"allowed: one with population\.facts"):
        command.remove("laptop")


def test_the_workflow_makes_tables_of_it(tmp_path):
    """From a CSV to curves and final values by the three commands that the page names, at a tiny size."""
    tree = copy_tree(tmp_path / "project")
    source = csv(tmp_path / "t.csv", lines=rows(60))

    def call(*words):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tree, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("pipeline.commands.facts", "--init", "places", str(source))
    scale = tree / "scales" / "places.yaml"
    content = yaml.safe_load(scale.read_text())
    content["over"], content["seeds"] = "smoke", [0]
    content["defaults"]["training"]["steps"] = 40
    content["defaults"]["population"]["vocabulary"] = 300
    content["experiments"] = {"uniform": None, "fine_tuning": content["experiments"]["fine_tuning"]}
    content["experiments"]["fine_tuning"]["cases"] = {
        "new-6": {"distribution": {"kind": "replay", "new": 6}, "training.steps": 20}
    }
    scale.write_text(yaml.safe_dump(content))
    call("snakemake", "--cores", "2", "--config", "scale=places")
    results = tree / "results" / "places"
    page = (results / "report" / "index.html").read_text()
    assert "How long is the loss flat?" in page and "48 to pre-train on, 12 held out" in page
    assert not (results / "figures").exists(), "the paper's figures are not about this table"
    # Rows may be private: neither names nor values are on the page.
    assert not re.search(r"City \d|Land \d|River \d", page)
    told = call("pipeline.commands.facts", "--answers", "places")
    assert (
        "U1 How long is the loss flat?" in told
        and "U5 What does fine-tuning on new rows cost?" in told
        and "U7 Which confidence" in told
    )
    final = (results / "evaluations" / "uniform" / "final.csv").read_text()
    assert {line.split(",")[2] for line in final.splitlines()[1:]} == {"country", "river"}
    summary = (results / "tables" / "fine_tuning" / "summary.csv").read_text()
    assert len(summary.splitlines()) == 3, "the run and its base"
    assert "Nothing to be done" in subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--config", "scale=places"],
        cwd=tree, capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
