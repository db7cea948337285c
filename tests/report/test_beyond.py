"""Statements of ours: each is told in plain words, with measured numbers only, on a page of its own."""

import re

import pytest
from pydantic import ValidationError

from pipeline import ROOT
from pipeline.commands.readme import findings
from pipeline.config import scales
from pipeline.findings import ledger
from pipeline.findings.entries import OURS, load
from pipeline.findings.verdict import NOT_REPRODUCED, NOT_RUN, REPRODUCED, Check
from pipeline.report import beyond
from pipeline.tables.gather import write
from tests.report import test_page
from tests.report.test_headlines import entry
from tests.report.test_headlines import ledger as entries


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A scale's folder with the statements of ours, in turn not run and reproduced."""
    folder, made = tmp_path_factory.mktemp("results"), test_page.tables()
    write(made, folder / "tables")
    test_page.draw(folder)
    *papers, like = test_page.claims(made.runs.run.iloc[0])
    mine = [claim for claim in load() if claim.origin == OURS]
    kept = {"verdict": NOT_RUN, "checks": [], "runs": []}
    ours = [
        like
        | {"id": claim.id, "title": claim.title, "drawn": claim.drawn}
        | (kept if k % 2 else {"checks": [dict(like["checks"][0], key=key) for key in claim.checks]})
        for k, claim in enumerate(mine)
    ]
    texts = {advice.claim for part in beyond.load() for advice in part.says}
    quoted = {claim.id: list(claim.checks) for claim in load() if claim.id in texts}
    for claim in papers:
        if claim["checks"] and claim["id"] in quoted:
            claim["checks"] = [dict(claim["checks"][0], key=key) for key in quoted[claim["id"]]]
    ledger.write([*papers, *ours], folder / "claims.json")
    return folder


def test_every_statement_of_ours_is_in_one_part():
    found = [id for part in beyond.load() for id in dict.fromkeys(advice.claim for advice in part.says)]
    assert len(found) == len(set(found))
    assert {claim.id for claim in load() if claim.origin == OURS} <= set(found)


def test_what_advice_quotes_exists_and_a_verdict_has_one_text():
    claims = {claim.id: claim for claim in load()}
    said = [advice for part in beyond.load() for advice in part.says]
    for advice in said:
        assert set(re.findall(r"\{(\w+)(?:\.least)?\}", advice.text)) <= set(claims[advice.claim].checks), (
            advice.claim
        )
    pairs = [(advice.claim, verdict) for advice in said for verdict in advice.when]
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize(
    "text", ["At least 8 seeds of it are needed.", "It is {gain} at alpha 0.6, not more."]
)
def test_a_number_that_nothing_measured_is_refused(text):
    with pytest.raises(ValidationError, match="given a number, allowed: numbers of checks"):
        beyond.Advice(claim="C1", when=[REPRODUCED], text=text)


def test_a_verdict_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="given 'not run', allowed: "):
        beyond.Advice(claim="C1", when=[NOT_RUN], text="This is a text about nothing.")


def told(verdict: str, others: dict | None = None) -> dict[str, dict]:
    gain = Check.of("gain", "q", [0.1, 0.2, 0.3], low=0)
    mine = entry("growing-beats-warm-up", gain, verdict=verdict) | {"origin": OURS, "seeds": 8}
    return {part["id"]: part for part in beyond.told(entries(**{mine["id"]: mine}), others or {})}


def test_the_text_follows_the_verdict_and_has_the_estimate():
    for verdict, words in ((REPRODUCED, "evenly from a few to all"), (NOT_REPRODUCED, "no better than")):
        ((text, claim, _),) = told(verdict)["schedule"]["says"]
        assert words in text and "0.2 [-0.0484, 0.448]" in text and claim["verdict"] == verdict
    assert "growing-beats-warm-up" in {claim["id"] for claim in told(NOT_RUN)["schedule"]["open"]}
    assert told(NOT_RUN)["schedule"]["says"] == []


def test_of_several_checks_the_last_is_told_or_the_least():
    leads = [
        Check.of("more", f"lead {k}", [lead - 0.1, lead, lead + 0.1], low=0)
        for k, lead in enumerate((2, 1, 3))
    ]
    mine = entry("replay-keeps-most", *leads, verdict=REPRODUCED) | {"origin": OURS, "seeds": 8}
    (last, least) = (
        beyond.Advice(claim="replay-keeps-most", when=[REPRODUCED], text=f"It is better by {{{place}}}.")
        for place in ("more", "more.least")
    )
    assert "by 3 [" in beyond._said(last, mine) and "by 1 [" in beyond._said(least, mine)


def test_other_scales_are_told_where_they_judge():
    there = [{"id": "growing-beats-warm-up", "verdict": NOT_REPRODUCED}]
    untold = [{"id": "growing-beats-warm-up", "verdict": NOT_RUN}]
    (said,) = told(REPRODUCED, {"larger": there, "empty": untold})["schedule"]["says"]
    assert said[2] == {"larger": NOT_REPRODUCED}


def test_the_page_has_ours_alone_with_their_figures(results):
    text = beyond.render("laptop", results, test_page.tables())
    found = test_page.Anchors(text)
    ids = [id for id in found.ids if id.startswith("claim-")]
    ours = [claim for claim in ledger.read(results / "claims.json") if claim["origin"] == OURS]
    assert sorted(ids) == sorted(f"claim-{claim['id']}" for claim in ours)
    drawn = {name for claim in ours for name in claim["drawn"]}
    assert set(found.sources) == {f"../figures/{name}.svg" for name in drawn}


def test_links_of_the_page_lead_somewhere(results):
    about = test_page.tables()
    found = test_page.Anchors(beyond.render("laptop", results, about))
    there = test_page.Anchors(test_page.render(results, about))
    for target in found.targets:
        page, _, id = target.partition("#")
        assert page in ("", "index.html")
        assert not id or id in (there if page else found).ids, target
    assert any(target.startswith("index.html#run-") for target in found.targets)


def test_the_text_for_readers_has_what_the_page_has(results):
    text = beyond.markdown("laptop", results, test_page.tables())
    assert text.startswith("# What to do differently\n") and text.endswith(".\n") and "&#" not in text
    for part in beyond.told(ledger.read(results / "claims.json"), {}):
        section = text.partition(f"## {part['title']}\n\n")[2].partition("\n\n")[0].splitlines()
        assert len(section) == len(part["says"]) + bool(part["open"])
        for line, (said, claim, _) in zip(section, part["says"], strict=False):
            assert line == f"- {said} *{claim['title']}: {claim['verdict']}, 3 seeds.*"


@pytest.mark.committed
def test_the_findings_come_from_the_committed_results():
    made = findings(ROOT / "results" / scales.DEFAULT)
    assert made == (ROOT / "docs" / "findings.md").read_text(), "run `make readme`"
