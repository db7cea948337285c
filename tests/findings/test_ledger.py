"""The ledger of claims: what is in claims.yaml, what is refused there, and what becomes of it."""

import json
import re
import sys
from collections import Counter

import pytest
import yaml

from pipeline.config.errors import ConfigError
from pipeline.findings import figures, ledger
from pipeline.findings.entries import CLAIMS, OURS, load, regimes
from pipeline.findings.judging import BY_ESTIMATE, FAILS, HOLDS, JUDGES, Finding, conclude, state, within
from pipeline.findings.ledger import counts, judge_all, of_the_paper
from pipeline.findings.verdict import (
    LARGER,
    NOT_REPRODUCED,
    NOT_RUN,
    OUT_OF_REGIME,
    REPRODUCED,
    UNDECIDED,
    VERDICTS,
    Aim,
    Check,
)
from pipeline.stages import claims as stage
from pipeline.store.artefacts import ArtefactError
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests.findings.scenes import empty, phases_scene, power_law_scene, sizes_scene

KEYS = (
    "id title statement verdict size calibrated trend checks regime note paper p p_adjusted seeds "
    "seeds_needed runs figure drawn origin digest plans at_margins"
).split()
OF_A_CHECK = (
    "key kind quantity estimate interval low high seeds verdict scale paper margin margin_from size "
    "p p_fails p_same prediction visible seeds_needed"
).split()


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
    entries = [{"verdict": verdict} for verdict in (NOT_RUN, REPRODUCED, NOT_RUN)]
    assert list(counts(entries).items()) == [(REPRODUCED, 1), (NOT_RUN, 2)]


def test_an_empty_plan_measures_nothing():
    entries = judge_all(empty())
    assert [e["id"] for e in entries] == [claim.id for claim in load()]
    assert {e["verdict"] for e in entries} == {NOT_RUN}
    assert all(e["note"].startswith("no runs of: ") and not e["checks"] for e in entries)


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
        assert re.fullmatch(r"[0-9a-f]{10}", entry["digest"]) and isinstance(entry["calibrated"], bool)
        assert (entry["p"] is None) or 0 <= entry["p"] <= 1
    measured = {e["id"]: e for e in entries if e["verdict"] != NOT_RUN}
    assert set(measured) == {"C1", "C2", "C3", "C32", "C33", "C34"}
    assert measured["C33"]["regime"][0]["state"] == HOLDS
    assert all(e["checks"] and len(e["runs"]) == 3 for e in measured.values())


def test_every_judge_serves_one_claim():
    """Or one regime."""
    assert sorted(entry.judge for entry in (*load(), *regimes())) == sorted(JUDGES)


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
    path = edited(lambda claim, _: claim["C5"]["tolerances"].update(lowest_exponent=0.85))
    before, after = ({e["id"]: e for e in judge_all(tables, p)} for p in (CLAIMS, path))
    assert before["C5"]["verdict"] == REPRODUCED
    assert after["C5"]["verdict"] == NOT_REPRODUCED
    assert before["C5"]["digest"] != after["C5"]["digest"]
    # Adjusted over all claims, of which C5 is one.
    assert before["C6"] | {"p_adjusted": 0} == after["C6"] | {"p_adjusted": 0}


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
        (lambda claim, _: claim["C1"].pop("checks"), "C1.checks"),
        (lambda claim, _: claim["C1"].update(checks={}), "C1.checks"),
        (lambda claim, _: claim["C1"]["checks"]["short"].update(kind="size"), "C1.checks.short.kind"),
        (
            lambda claim, _: claim["C1"]["checks"]["short"].update(paper=0.02),
            "C1.checks.short.*all three or none",
        ),
        (
            lambda claim, _: claim["C5"]["checks"]["exponent"].pop("margin_from"),
            "C5.checks.exponent.*all three",
        ),
        (lambda claim, _: claim["C5"]["checks"]["exponent"].update(margin=-1), "C5.checks.exponent.margin"),
        (lambda claim, _: claim["C1"].update(regime=["sunshine"]), "C1.regime.*sunshine.*people-are-known"),
        (lambda claim, _: claim["C1"].update(calibrated="perhaps"), "C1.calibrated"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(edited, edit, message):
    with pytest.raises(ConfigError, match=message) as error:
        load(edited(edit))
    assert "\n" not in str(error.value)


def test_stage_writes_the_ledger_and_counts(tmp_path, monkeypatch, capsys):
    tables = sizes_scene().tables()
    plans = {"phases": "0123456789"}
    write(tables, tmp_path, plans)
    out = tmp_path / "claims.json"
    monkeypatch.setattr(sys, "argv", ["claims", "--tables", str(tmp_path), "--out", str(out)])
    stage.main()
    entries = json.loads(out.read_text(encoding="utf-8"))
    assert (
        entries == ledger.read(out) == json.loads(json.dumps(judge_all(Tables.read(tmp_path), plans=plans)))
    )
    assert {entry["id"]: entry["plans"] for entry in entries}["C1"] == plans
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


def test_a_check_that_the_file_lacks_is_one_line(edited):
    path = edited(lambda claim, _: claim["C2"]["checks"].pop("accuracy"))
    with pytest.raises(ConfigError, match="plateau_is_flat: checks: given loss, needed: accuracy too"):
        judge_all(phases_scene().tables(), path)


def test_a_margin_decides_which_size_is_the_same(edited):
    tables = sizes_scene(exponent=1.1).tables()
    wider = edited(lambda claim, _: claim["C5"]["checks"]["exponent"].update(margin=0.5))
    before, after = ({e["id"]: e for e in judge_all(tables, p)} for p in (CLAIMS, wider))
    assert before["C5"]["verdict"] == LARGER and before["C5"]["size"] is None
    assert after["C5"]["verdict"] == REPRODUCED and after["C5"]["size"] == "same size"
    assert before["C5"]["digest"] != after["C5"]["digest"]


def test_digests_are_of_rules_not_of_prose(edited):
    def prose(claim, _):
        claim["C5"].update(statement="Said in other words than before, to the same effect.")
        claim["C5"]["checks"]["exponent"].update(margin_from="said otherwise")

    told, other = ({c.id: c.digest() for c in load(p)} for p in (CLAIMS, edited(prose)))
    assert told == other and len(set(told.values())) == len(told)
    needs = edited(lambda claim, _: claim["C5"].update(regime=["people-are-known"]))
    assert {
        name for name, digest in told.items() if {c.id: c.digest() for c in load(needs)}[name] != digest
    } == {"C5"}


def test_what_calibration_looked_at_is_marked_and_counted_apart():
    marked = {claim.id for claim in load() if claim.calibrated}
    assert marked == {"C1", "C2", "C3", "C4", "C18", "C19", "C20"}
    assert {e["id"] for e in ledger.calibrated(judge_all(empty()))} == marked


def test_what_judges_the_plateau_does_not_need_it():
    needs = {claim.id: set(claim.regime) for claim in load() if claim.origin != "O"}
    assert not needs["C1"] | needs["C2"] | needs["C3"] | needs["C4"]
    chapter = {f"C{k}" for k in (*range(13, 18), *range(21, 32))}
    assert {name for name, regime in needs.items() if "plateau-stands-apart" in regime} == chapter
    assert {name for name, regime in needs.items() if "people-are-known" in regime} == {
        f"C{k}" for k in range(32, 46)
    }


def regime(values, low: float = 0.99) -> Finding:
    return conclude([Check.of("a", "a", values, low=low)], {"a": Aim(kind="threshold")}, [])


STATES = [
    (regime([0.999, 0.9991, 0.9992]), HOLDS),
    (regime([0.99, 0.995, 1.0]), BY_ESTIMATE),
    (regime([0.98, 0.985, 0.994]), UNDECIDED),
    (regime([0.5, 0.51, 0.52]), FAILS),
    (Finding(NOT_RUN), NOT_RUN),
    (Finding(OUT_OF_REGIME), OUT_OF_REGIME),
]


@pytest.mark.parametrize(("found", "told"), STATES, ids=[told for _, told in STATES])
def test_a_regime_is_decided_by_interval_and_by_estimate(found, told):
    assert state(found) == told


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_claim_is_judged_where_its_regime_holds(verdict):
    found = {told: within(Finding(verdict), {"a": regime}).verdict for regime, told in STATES}
    assert found[HOLDS] == found[BY_ESTIMATE] == verdict
    assert found[NOT_RUN] == NOT_RUN
    assert found[FAILS] == found[OUT_OF_REGIME] == (NOT_RUN if verdict == NOT_RUN else OUT_OF_REGIME)
    unjudged = (NOT_RUN, OUT_OF_REGIME)
    assert found[UNDECIDED] == (verdict if verdict in unjudged else UNDECIDED), "a red one neither"
    assert within(Finding(verdict), {}).verdict == verdict


def test_of_several_regimes_the_worst_counts():
    regimes = {told: found for found, told in STATES}
    kept = within(Finding(REPRODUCED), {name: regimes[name] for name in (HOLDS, FAILS, UNDECIDED)})
    assert kept.verdict == OUT_OF_REGIME and [name for name, _ in kept.regimes] == [HOLDS, FAILS, UNDECIDED]


def test_an_undecided_regime_says_how_many_seeds_would_decide_it():
    (undecided,) = (found for found, told in STATES if told == UNDECIDED)
    assert within(Finding(REPRODUCED), {"a": undecided}).seeds_needed == undecided.seeds_needed > 3


def test_claims_of_a_regime_that_fails_are_out_of_it_with_the_number():
    """People who are known to 0.97: enough for what the judges themselves ask."""
    entries = {e["id"]: e for e in judge_all(phases_scene(known={"final_accuracy": 0.97}).tables())}
    assert entries["C33"]["verdict"] == OUT_OF_REGIME and entries["C33"]["p"] is None
    (told,) = entries["C33"]["regime"]
    assert told["id"] == "people-are-known" and told["state"] == FAILS
    assert told["checks"][0]["estimate"] == pytest.approx(0.97) and told["checks"][0]["low"] == 0.99
    assert entries["C33"]["checks"], "shown, though they decide nothing"
    assert entries["C1"]["verdict"] == REPRODUCED


def test_p_values_of_main_contrasts_are_adjusted_over_the_papers_claims():
    entries = judge_all(sizes_scene().tables())
    papers = [e for e in of_the_paper(entries) if e["p"] is not None]
    assert {"C5", "C6"} <= {e["id"] for e in papers} and all(e["p_adjusted"] >= e["p"] for e in papers)
    least = min(papers, key=lambda e: e["p"])
    assert least["p_adjusted"] <= min(1, 53 * least["p"]) + 1e-12
    alone, adjusted = ledger.discoveries(papers)
    assert alone >= adjusted == sum(e["p_adjusted"] <= 0.05 for e in papers)


def test_the_main_contrast_of_several_checks_is_as_clear_as_the_least():
    checks = [Check.of("a", "a", [1.0, 1.1, 1.2 + k], low=0) for k in range(3)]
    finding = conclude(
        [*checks, Check.of("b", "b", [9.0, 9.1, 9.2], low=0)], dict.fromkeys("ab", Aim(kind="direction")), []
    )
    assert ledger._p(finding) == max(check.p for check in checks)


def test_few_of_the_undecided_are_decidable():
    entries = [{"verdict": UNDECIDED, "seeds_needed": n} for n in (None, 4, 10, 11)]
    assert ledger.decidable([*entries, {"verdict": REPRODUCED, "seeds_needed": 4}]) == 2


def test_an_effect_at_three_sizes_has_a_trend():
    """Here the ratio is the same at each, and so at the paper's."""
    found = {e["id"]: e["trend"] for e in judge_all(power_law_scene().tables())}["C22"]
    assert found["sizes"] == [512, 1024, 2048] and found["paper"] == 0.66
    assert found["slope"]["estimate"] == pytest.approx(0, abs=1e-3)
    assert found["at_paper"]["estimate"] == pytest.approx(170 / 300, rel=0.05)
    assert {e["trend"] for e in judge_all(phases_scene().tables())} == {None}
