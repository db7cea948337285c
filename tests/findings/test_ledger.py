import json
import sys

import pytest
import yaml

from pipeline.config.errors import ConfigError
from pipeline.findings.ledger import CLAIMS, judge_all, load
from pipeline.findings.verdict import JUDGES, NOT_MEASURED, NOT_REPRODUCED, REPRODUCED, VERDICTS
from pipeline.stages import claims as stage
from pipeline.store.artefacts import ArtefactError
from pipeline.tables.gather import write
from tests.findings.scenes import empty, phases_scene, sizes_scene

KEYS = ["id", "statement", "verdict", "value", "interval", "paper", "seeds", "runs", "figure", "origin"]
IDS = [f"C{k}" for k in range(1, 54)]
# Claims on figures, or parts of them, whose measured values are kept out of sight.
HELD_BACK = ["C7", "C8", "C11", "C12", "C46", "C50", "C51", "C53"]


def test_an_empty_plan_measures_nothing():
    entries = judge_all(empty())
    assert [e["id"] for e in entries] == IDS
    assert {e["verdict"] for e in entries} == {NOT_MEASURED}


def test_schema():
    tables = phases_scene().tables()
    entries = json.loads(json.dumps(judge_all(tables), allow_nan=False))
    runs = set(tables.runs.run)
    for entry in entries:
        assert list(entry) == KEYS
        assert entry["verdict"] in VERDICTS and entry["origin"] in ("P", "D")
        assert entry["interval"] is None or isinstance(entry["interval"], str)
        assert isinstance(entry["seeds"], int) and set(entry["runs"]) <= runs
        assert all(
            entry[key] and isinstance(entry[key], str) for key in ("statement", "value", "paper", "figure")
        )
    measured = {e["id"] for e in entries if e["verdict"] != NOT_MEASURED}
    assert measured == {"C1", "C2", "C3", "C32", "C33", "C34"}


def test_held_back_values_are_not_shown():
    assert [c.id for c in load() if "held back" in c.paper] == HELD_BACK


def test_every_judge_serves_one_claim():
    assert sorted(c.judge for c in load() if c.judge) == sorted(JUDGES)


@pytest.fixture
def edited(tmp_path):
    """Writes claims.yaml after an edit of its entries, by id."""

    def write(edit):
        entries = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))
        edit({e["id"]: e for e in entries}, entries)
        path = tmp_path / "claims.yaml"
        path.write_text(yaml.safe_dump(entries, sort_keys=False), encoding="utf-8")
        return path

    return write


def test_a_tolerance_changes_the_verdict_and_nothing_else_is_needed(edited):
    tables = sizes_scene().tables()
    path = edited(lambda claim, _: claim["C5"]["tolerances"].update(highest_exponent=0.75))
    before, after = ({e["id"]: e for e in judge_all(tables, p)} for p in (CLAIMS, path))
    assert before["C5"]["verdict"] == REPRODUCED
    assert after["C5"]["verdict"] == NOT_REPRODUCED
    assert before["C6"] == after["C6"]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda claim, _: claim["C1"].update(colour="red"), "C1.colour"),
        (lambda claim, _: claim["C1"].update(origin="X"), "C1.origin"),
        (lambda claim, _: claim["C1"].update(judge="nobody"), "C1.judge.*nobody.*allowed"),
        (lambda claim, _: claim["C1"]["tolerances"].pop("loss"), "C1.tolerances.*loss"),
        (lambda claim, _: claim["C1"]["tolerances"].update(extra=1.0), "C1.tolerances.*extra"),
        (lambda claim, _: claim["C7"].update(tolerances={"loss": 1.0}), "C7.tolerances"),
        (lambda _, entries: entries.pop(), "C53"),
        (lambda _, entries: entries.append(entries[0]), "once"),
        (lambda _, entries: entries.reverse(), "in order"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(edited, edit, message):
    with pytest.raises(ConfigError, match=message) as error:
        load(edited(edit))
    assert "\n" not in str(error.value)


def test_stage_writes_the_ledger_and_counts(tmp_path, monkeypatch, capsys):
    tables = sizes_scene().tables()
    write(tables, tmp_path)
    out = tmp_path / "claims.json"
    monkeypatch.setattr(sys, "argv", ["claims", "--tables", str(tmp_path), "--out", str(out)])
    stage.main()
    entries = json.loads(out.read_text(encoding="utf-8"))
    assert [e["id"] for e in entries] == IDS
    counts = {line[4:]: int(line[:3]) for line in capsys.readouterr().out.splitlines()}
    assert counts == {v: sum(e["verdict"] == v for e in entries) for v in VERDICTS}


def test_stage_names_a_missing_table(tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["claims", "--tables", str(tmp_path), "--out", str(tmp_path / "claims.json")]
    )
    with pytest.raises(ArtefactError, match="no tables"):
        stage.main()
