"""Tables lack nothing that the plan asks for, or are refused."""

import re
import shutil

import pandas as pd
import pytest

from pipeline.config.experiments import expand
from pipeline.store.artefacts import ArtefactError, verify
from pipeline.tables.gather import run_row, write
from pipeline.tables.read import COLUMNS, Tables
from tests.findings.synthetic_tables import build, part_of
from tests.params import load


@pytest.fixture(scope="module")
def built() -> Tables:
    return build(seeds=3)


def test_written_and_read_alike(built, tmp_path):
    tables = part_of(built, "phases")
    write(tables, tmp_path)
    assert Tables.read(tmp_path).of("phases").shape == tables.of("phases").shape


def test_a_long_table_goes_on_in_another_file(built, tmp_path, monkeypatch):
    tables = part_of(built, "phases")
    monkeypatch.setattr("pipeline.tables.gather._ROWS", 7)
    write(tables, tmp_path)
    longer = {path.name for path in (tmp_path / "phases").glob("curves*.csv")}
    assert (
        longer == {"curves.csv", *(f"curves.{k}.csv" for k in range(2, len(longer) + 1))} and len(longer) > 10
    )
    read = Tables.read(tmp_path)
    pd.testing.assert_frame_equal(read.curves, tables.curves, rtol=1e-7, check_dtype=False)
    assert read.runs.shape == tables.runs.shape
    (tmp_path / "phases" / "curves.2.csv").unlink()
    with pytest.raises(ArtefactError, match=r"curves\.2\.csv: missing"):
        Tables.read(tmp_path)
    monkeypatch.undo()
    write(tables, tmp_path)
    assert [path.name for path in (tmp_path / "phases").glob("curves*.csv")] == ["curves.csv"]


def test_what_is_told_of_the_final_weights_is_read_as_numbers(built, tmp_path):
    """`people` are counted in parts.csv, and a checksum in runs.csv."""
    tables = part_of(built, "phases")
    run = tables.runs.run.iloc[0]
    tables.parts = pd.DataFrame({"run": [run], "part": ["head"], "people": [128], "share": [0.25]})
    tables.confidences = pd.DataFrame(
        {"run": [run], "group": ["new"], "log_odds": [-0.25], "values": [7], "right": [0]}
    )
    write(tables, tmp_path)
    read = Tables.read(tmp_path)
    for name in ("parts", "confidences"):
        pd.testing.assert_frame_equal(read.table(name), tables.table(name), check_dtype=False)
        numbers = read.table(name).drop(columns=["run", "part", "group"], errors="ignore")
        assert all(pd.api.types.is_numeric_dtype(kind) for kind in numbers.dtypes), numbers.dtypes
    assert read.runs.people.tolist() == tables.runs.people.tolist()


@pytest.mark.parametrize(
    "name", ["NA", "null", "nan", "None", "N/A", "1.10", "007", "true", "inf", "a,\r\n'b\"", " "]
)
def test_a_name_is_read_as_it_was_given(built, tmp_path, name):
    tables = part_of(built, "phases", "power_law")
    tables.experiments.loc[tables.experiments.experiment == "phases", "case"] = name
    renamed = re.sub("[^a-z0-9]", "", name.lower()) or "none"
    tables.experiments.loc[tables.experiments.experiment == "power_law", "experiment"] = renamed
    write(tables, tmp_path)
    read = Tables.read(tmp_path)
    assert set(read.of("phases").case) == {name}
    assert renamed in read.names and len(read.of(renamed)) == len(tables.of(renamed))
    assert read.runs.alpha.dtype == read.curves.loss.dtype == float


@pytest.mark.parametrize("name", ["runs", "curves", "summary", "training"])
def test_a_missing_seed_is_refused_and_not_dropped(built, tmp_path, name):
    tables = part_of(built, "phases", "power_law")
    gone = tables.of("phases").run.iloc[-1]
    table = tables.table(name)
    setattr(tables, name, table[table.run != gone])
    write(tables, tmp_path)
    with pytest.raises(
        ArtefactError, match=rf"phases/{name}\.csv: no run {gone} \(experiment phases, seed 2\)"
    ):
        Tables.read(tmp_path)


def test_a_folder_an_experiment_joins_to_the_same_tables(tmp_path):
    tables = build(seeds=2)
    write(tables, tmp_path, {"phases": "0123456789"})
    assert {folder.name for folder in tmp_path.iterdir()} == set(tables.names)
    assert verify(tmp_path / "phases")["plan"] == "0123456789"
    assert set(verify(tmp_path / "toy")["files"]) == {"toy.csv"}
    assert "attention.csv" in verify(tmp_path / "attention")["files"]
    assert "attention.csv" not in verify(tmp_path / "phases")["files"]
    back = Tables.read(tmp_path, tables.names)
    for name in ("experiments", "runs", "curves", "summary", "attention", "toy"):
        was = tables.table(name)
        same = back.table(name)[was.columns].sort_values(list(was.columns)[:4], kind="stable")
        was = was.sort_values(list(was.columns)[:4], kind="stable")
        pd.testing.assert_frame_equal(
            same.reset_index(drop=True), was.reset_index(drop=True), check_dtype=False, rtol=1e-6
        )


def test_some_experiments_can_be_read_without_the_others(built, tmp_path):
    write(part_of(built, "phases", "finetune_sizes", "toy"), tmp_path)
    some = Tables.read(tmp_path, ["finetune_sizes"])
    assert some.names == ["finetune_sizes"] and some.of("phases").empty and some.toy.empty
    assert set(some.runs[some.runs.kind == "pretrain"].run) == set(some.of("finetune_sizes").base)
    with pytest.raises(ArtefactError, match="nothing"):
        Tables.read(tmp_path, ["nothing"])


def test_who_asks_for_a_run_speaks_before_who_starts_from_it(built, tmp_path):
    tables = part_of(built, "phases", "finetune_sizes")
    write(tables, tmp_path)
    base = tables.of("finetune_sizes").base.iloc[0]
    tables.runs.loc[tables.runs.run == base, "commit"] = "trained again"
    write(tables, tmp_path / "later")
    shutil.rmtree(tmp_path / "phases")
    (tmp_path / "later" / "phases").rename(tmp_path / "phases")
    for order in (["finetune_sizes", "phases"], ["phases", "finetune_sizes"]):
        runs = Tables.read(tmp_path, order).runs
        assert runs[runs.run == base].commit.tolist() == ["trained again"]


def test_a_column_that_came_later_is_empty_in_older_tables(built, tmp_path):
    tables = part_of(built, "phases")
    tables.runs = tables.runs.drop(columns=["code", "seconds_evaluating"])
    write(tables, tmp_path)
    runs = Tables.read(tmp_path).runs
    assert runs.code.isna().all() and runs.seconds_evaluating.isna().all()


def test_the_columns_of_runs_are_those_that_are_written():
    """A new column of run_row belongs into COLUMNS, or older tables lack it."""
    run = expand(load())[0].config
    made = {"cost": {}, "environment": {}, "inputs": {"code": "", "population": ""}}
    assert set(run_row(run, made)) <= set(COLUMNS["runs"])
