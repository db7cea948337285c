"""The ledger of claims: what is in claims.yaml, what is refused there, and what becomes of it."""

import json
import re
import sys
from collections import Counter

import pytest
import yaml

from pipeline.config.errors import ConfigError
from pipeline.findings import figures, ledger
from pipeline.findings.ledger import CLAIMS, OURS, counts, judge_all, load, of_the_paper
from pipeline.findings.verdict import JUDGES, NOT_MEASURED, NOT_REPRODUCED, REPRODUCED, VERDICTS
from pipeline.stages import claims as stage
from pipeline.store.artefacts import ArtefactError
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests.findings.scenes import empty, phases_scene, sizes_scene

KEYS = ["id", "statement", "verdict", "checks", "note", "paper", "seeds", "runs", "figure", "drawn", "origin"]
OF_A_CHECK = ["quantity", "estimate", "interval", "low", "high", "seeds", "verdict"]


def test_the_papers_claims_are_c1_to_c53():
    """Each once, none of ours among them."""
    claims = load()
    papers = [claim.id for claim in claims if claim.origin != OURS]
    assert Counter(papers) == Counter(f"C{k}" for k in range(1, 54))
    ours = [claim.id for claim in claims if claim.origin == OURS]
    assert not [name for name in ours if re.fullmatch(r"C\d+", name)]
    assert len({claim.id for claim in claims}) == len(claims)


def test_claims_of_the_paper_name_its_figures_and_all_name_where_they_show():
    for claim in load():
        assert claim.drawn and set(claim.drawn) <= set(figures.load()), claim.id
        assert claim.figure is None or claim.origin != OURS, f"{claim.id}: the paper has no figure of it"


def test_of_the_paper_are_those_that_are_not_ours():
    entries = [{"id": "C1", "origin": "P"}, {"id": "a", "origin": OURS}, {"id": "C2", "origin": "D"}]
    assert [entry["id"] for entry in of_the_paper(entries)] == ["C1", "C2"]


def test_counts_are_in_the_order_of_verdicts_without_those_that_none_has():
    entries = [{"verdict": verdict} for verdict in (NOT_MEASURED, REPRODUCED, NOT_MEASURED)]
    assert list(counts(entries).items()) == [(REPRODUCED, 1), (NOT_MEASURED, 2)]


def test_an_empty_plan_measures_nothing():
    entries = judge_all(empty())
    assert [e["id"] for e in entries] == [claim.id for claim in load()]
    assert {e["verdict"] for e in entries} == {NOT_MEASURED}
    assert all(e["note"].startswith("not in the plan: ") and not e["checks"] for e in entries)


def test_schema():
    tables = phases_scene().tables()
    entries = json.loads(json.dumps(judge_all(tables), allow_nan=False))
    runs = set(tables.runs.run)
    for entry in entries:
        assert list(entry) == KEYS
        assert entry["verdict"] in VERDICTS and entry["origin"] in ("P", "D", OURS)
        assert isinstance(entry["seeds"], int) and set(entry["runs"]) <= runs
        assert all(entry[key] and isinstance(entry[key], str) for key in ("statement", "paper"))
        assert all(list(check) == OF_A_CHECK and check["verdict"] in VERDICTS for check in entry["checks"])
    measured = {e["id"]: e for e in entries if e["verdict"] != NOT_MEASURED}
    assert set(measured) == {"C1", "C2", "C3", "C32", "C33", "C34"}
    assert all(e["checks"] and len(e["runs"]) == 3 for e in measured.values())


def test_every_judge_serves_one_claim():
    assert sorted(claim.judge for claim in load()) == sorted(JUDGES)


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
        (
            lambda claim, _: claim["C1"]["drawn"].append("phases/none"),
            "C1.drawn.*phases/none.*allowed",
        ),
        (lambda claim, _: claim["C1"].update(drawn=[]), "C1.drawn"),
        (lambda claim, _: claim["C1"].update(figure=""), "C1.figure"),
        (lambda claim, _: claim["C1"].pop("drawn"), "C1.drawn"),
        (lambda claim, _: claim["C1"].pop("id"), r"\?.id"),
        (lambda claim, _: claim["C1"].update(id="c 1"), "c 1.id"),
        (lambda _, entries: entries.append(entries[0]), "id: given C1 twice, allowed: once"),
        (lambda _, entries: entries.append("C54"), "a list of claims is needed, each a mapping"),
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
    assert entries == ledger.read(out) == json.loads(json.dumps(judge_all(Tables.read(tmp_path))))
    told = {line[4:]: int(line[:3]) for line in capsys.readouterr().out.splitlines()}
    assert told == counts(entries) and sum(told.values()) == len(entries)
    assert ledger.judged_on(out) == ["phases", "population_size"]


def test_claims_of_ours_are_judged_and_not_counted_with_the_papers(edited):
    def add(_, entries):
        mine = next(entry for entry in entries if entry["id"] == "C1")
        entries.append({**mine, "id": "sooner", "origin": OURS} | {"figure": None})

    entries = judge_all(phases_scene().tables(), edited(add))
    assert entries[-1]["id"] == "sooner" and entries[-1]["verdict"] == REPRODUCED
    assert len(of_the_paper(entries)) == 53 and "sooner" not in {e["id"] for e in of_the_paper(entries)}


def test_stage_names_a_missing_table(tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["claims", "--tables", str(tmp_path), "--out", str(tmp_path / "claims.json")]
    )
    with pytest.raises(ArtefactError, match="no tables"):
        stage.main()
