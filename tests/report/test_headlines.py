"""The findings that open the page: what they quote exists, and numbers are those of the claims' checks."""

import pytest
from pydantic import ValidationError

from pipeline.config import scales, strict_yaml
from pipeline.findings.entries import load
from pipeline.findings.verdict import (
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    UNDECIDED,
    VERDICTS,
    Aim,
    Check,
    as_json,
    decide,
)
from pipeline.report import headlines


def entry(id: str, *checks: Check, verdict: str = NOT_RUN, **more) -> dict:
    aims = {check.key: more.get("aim", Aim(kind="direction")) for check in checks}
    return {
        "id": id,
        "title": f"Title {id}",
        "origin": "P",
        "verdict": verdict,
        "checks": [as_json(part) for part in decide(checks, aims)] if checks else [],
    }


def ledger(**changed: dict) -> list[dict]:
    """One entry a claim of claims.yaml, not run but for those that are given."""
    return [changed.get(claim.id, entry(claim.id) | {"origin": claim.origin}) for claim in load()]


def test_what_headlines_quote_exists():
    claims = {claim.id: claim for claim in load()}
    for headline in headlines.load():
        assert headline.of(ledger()), headline.id
        for saying in headline.says:
            aim = claims[saying.claim].checks[saying.check]
            assert saying.paper is None or aim.paper is None, (
                f"{saying.claim} has a value of the paper's itself"
            )


def test_every_claim_of_the_paper_is_of_one_headline():
    papers = [claim for claim in ledger() if claim["origin"] != "O"]
    found = [claim["id"] for headline in headlines.load() for claim in headline.of(papers)]
    assert sorted(found) == sorted(claim["id"] for claim in papers)


def test_a_sentence_has_the_estimate_its_interval_and_the_papers_value():
    sized = Aim(kind="direction", paper=0.57, margin=1.25, margin_from="one seed")
    c22 = entry("C22", Check.ratio("shortens", "q", [0.7, 0.8, 0.9], high=1), aim=sized, verdict=REPRODUCED)
    onset = [Check.of("onset", "q", [x - 0.1, x, x + 0.1], high=2) for x in (0.5, 0.9)]
    told = headlines.told(ledger(C22=c22, C32=entry("C32", *onset)), ["hallucination/confidence"])
    phases, distributions, hallucinations = told
    assert phases["says"] == [] and [c["id"] for c in phases["missing"]] == ["C20", "C5", "C13"]
    ((text, claim),) = distributions["says"]
    assert "ends at 0.796 [0.582, 1.09] (paper: 0.57) of the time" in text and claim["verdict"] == REPRODUCED
    ((text, _),) = hallucinations["says"]
    assert "at 0.9 [0.652, 1.15] (paper: 0.99) of t(0.99)" in text, "of several checks the last"
    assert distributions["figure"] is None and hallucinations["figure"] == "hallucination/confidence"


@pytest.mark.parametrize(("r_squared", "verdict"), [(0.5, NOT_REPRODUCED), (0.99, UNDECIDED)])
def test_a_sentence_whose_own_check_holds_says_what_does_not(r_squared, verdict):
    checks = [
        Check.of("exponent", "exponent", [0.7, 0.8, 0.9], low=0),
        *(
            Check.of("r_squared", f"R² of {k}", [r_squared - 0.01, r_squared, r_squared + 0.01], low=0.99)
            for k in (1, 2)
        ),
    ]
    for shown, told in ((checks[:2], "another part: R² of 1."), (checks, "part: R² of 1 (and 1 more).")):
        ((text, _),) = headlines.told(ledger(C5=entry("C5", *shown, verdict=verdict)), [])[0]["says"]
        assert text.endswith(told)
    ((text, _),) = headlines.told(ledger(C5=entry("C5", *checks[:1], verdict=REPRODUCED)), [])[0]["says"]
    assert "part" not in text


def test_what_is_red_or_open_is_counted():
    told = headlines.told(ledger(C1=entry("C1", verdict=NOT_REPRODUCED)), [])
    assert [claim["id"] for claim in told[0]["red"]] == ["C1"] and told[0]["open"] == 19
    assert [finding["open"] for finding in told[1:]] == [18, 15] and not told[1]["red"]


def test_notes_are_about_claims_and_verdicts_that_exist():
    ids = {claim.id for claim in load()}
    for scale, notes in strict_yaml.read(headlines.NOTES).items():
        assert scale in scales.names()
        for id, note in notes.items():
            assert id in ids and note["verdict"] in VERDICTS and set(note) == {"verdict", "text"}


def test_a_note_is_shown_beside_its_verdict_only():
    red = ledger(C1=entry("C1", verdict=NOT_REPRODUCED))
    assert set(headlines.notes("laptop", red)) == {"C1"}
    assert headlines.notes("laptop", ledger()) == {} == headlines.notes("smoke", red)


def test_a_sentence_needs_one_place_for_its_number():
    with pytest.raises(ValidationError, match="text"):
        headlines.Saying(claim="C1", check="short", text="no number")
