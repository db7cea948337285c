"""Claims by scale: which scales stand beside the default one, and with what."""

import pytest

from pipeline.config.scales import DEFAULT
from pipeline.findings import ledger
from pipeline.findings.verdict import NOT_RUN, REPRODUCED, UNDECIDED, Aim, Check, as_json, decide
from pipeline.report import beside, headlines
from pipeline.store import plan
from pipeline.store.artefacts import ArtefactError


def entry(id: str, verdict: str, values=()) -> dict:
    checks = [Check.of("a", "a", values, low=0)] if values else []
    parts = decide(checks, {"a": Aim(kind="direction")}) if checks else []
    return {"id": id, "title": id, "verdict": verdict, "checks": [as_json(part) for part in parts]}


@pytest.fixture
def results(tmp_path):
    """The default scale's folder, beside which the workstation has judged C1, and not C2."""
    mine = tmp_path / "workstation" / "claims.json"
    ledger.write([entry("C1", REPRODUCED, [1.9, 2.0, 2.1]), entry("C2", NOT_RUN)], mine)
    return tmp_path / DEFAULT


OURS = [entry("C1", UNDECIDED, [0.5, 1.0, 1.5]), entry("C2", REPRODUCED, [1.0, 1.1, 1.2])]


def test_claims_that_another_scale_judges_stand_beside_ours(results):
    found = beside.matrix(DEFAULT, results, OURS)
    assert found["scales"] == [DEFAULT, "workstation"]
    ((row),) = found["rows"]
    assert row["claim"]["id"] == "C1"
    assert [cell["verdict"] for cell in row["cells"]] == [UNDECIDED, REPRODUCED]
    assert row["cells"][0]["estimate"].startswith("1 [") and row["cells"][1]["estimate"].startswith("2 [")


def test_a_claim_that_the_other_does_not_have_is_not_run_there(results):
    ledger.write([entry("C2", REPRODUCED, [1.0, 1.1, 1.2])], results.parent / "half-rate" / "claims.json")
    found = beside.matrix(DEFAULT, results, OURS)
    assert found["scales"] == [DEFAULT, "workstation", "half-rate"]
    cells = {row["claim"]["id"]: [cell["verdict"] for cell in row["cells"]] for row in found["rows"]}
    assert cells == {"C1": [UNDECIDED, REPRODUCED, NOT_RUN], "C2": [REPRODUCED, NOT_RUN, REPRODUCED]}


def test_another_scales_verdict_has_its_explanation(results, monkeypatch, tmp_path):
    notes = tmp_path / "notes.yaml"
    notes.write_text(
        f"workstation:\n  C1: {{verdict: {REPRODUCED}, text: wider}}\n"
        f"  C2: {{verdict: {UNDECIDED}, text: old}}\n"
        f"{DEFAULT}:\n  C1: {{verdict: {UNDECIDED}, text: ours}}\n"
    )
    monkeypatch.setattr(headlines, "NOTES", notes)
    ((row),) = beside.matrix(DEFAULT, results, OURS)["rows"]
    assert [cell["note"] for cell in row["cells"]] == ["", "wider"]


def test_pages_of_other_scales_show_only_themselves(results):
    assert plan.beside("smoke", results) == {} == beside.matrix("smoke", results, OURS)


def test_nothing_stands_beside_where_no_other_scale_has_results(tmp_path):
    assert beside.matrix(DEFAULT, tmp_path / DEFAULT, OURS) == {}


def test_damaged_results_of_another_scale_are_named(results):
    (results.parent / "workstation" / "claims.json").write_text("[]")
    with pytest.raises(ArtefactError, match="workstation"):
        beside.matrix(DEFAULT, results, OURS)
