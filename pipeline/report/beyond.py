"""Statements of ours: a page of their own, and what follows for who schedules data or fine-tunes."""

import re
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from pipeline.config import strict_yaml
from pipeline.config.frozen import Frozen
from pipeline.costs.estimate import amount
from pipeline.findings import figures, ledger
from pipeline.findings.cells import default_runs
from pipeline.findings.entries import OURS
from pipeline.findings.power import LEAST_SEEDS
from pipeline.findings.verdict import NOT_RUN, VERDICTS
from pipeline.report import beside, checks, forest, headlines, page, rows
from pipeline.tables.read import Tables

ADVICE = Path(__file__).with_name("advice.yaml")
_PLACE = re.compile(r"\{(\w+)(\.least)?\}")


class Advice(Frozen):
    """A sentence or two for a claim with a verdict of `when`. text: `{key}` is what a check measured,
    `{key.least}` the least of several."""

    claim: str
    when: list[str] = Field(min_length=1)
    text: str = Field(min_length=20)

    @field_validator("when")
    @classmethod
    def _are_verdicts(cls, names: list[str]) -> list[str]:
        if unknown := [name for name in names if name not in VERDICTS or name == NOT_RUN]:
            raise ValueError(
                f"given {unknown[0]!r}, allowed: {', '.join(v for v in VERDICTS if v != NOT_RUN)}"
            )
        return names

    @field_validator("text")
    @classmethod
    def _measured_numbers_only(cls, text: str) -> str:
        if re.search(r"\d", _PLACE.sub("", text)):
            raise ValueError("given a number, allowed: numbers of checks, as {key}")
        return text


class Part(Frozen):
    """What a person may be about to do, and what is known about it."""

    id: str = Field(pattern=r"^[a-z][a-z-]*$")
    title: str = Field(min_length=10)
    says: list[Advice] = Field(min_length=1)


def load(path: Path = ADVICE) -> list[Part]:
    return [Part.model_validate(entry) for entry in strict_yaml.read(path)]


def _said(advice: Advice, claim: dict[str, Any]) -> str:
    """The text with its numbers: of several checks with a key the last, or the one with the least."""

    def number(place: re.Match[str]) -> str:
        measured = [check for check in claim["checks"] if check["key"] == place[1]]
        return checks.estimate(min(measured, key=itemgetter("estimate")) if place[2] else measured[-1])

    return _PLACE.sub(number, advice.text)


def told(entries: list[dict[str, Any]], others: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The parts of advice.yaml: id, title; says: (text, its claim, its verdicts at other scales), where there
    is a text for its verdict; open: the claims without one."""
    by_id = {claim["id"]: claim for claim in entries}
    elsewhere: dict[str, dict[str, str]] = {}
    for name, there in others.items():
        for claim in there:
            if claim["verdict"] != NOT_RUN:
                elsewhere.setdefault(claim["id"], {})[name] = claim["verdict"]
    out = []
    for part in load():
        says, unsaid = [], {advice.claim: by_id[advice.claim] for advice in part.says}
        for advice in part.says:
            claim = by_id[advice.claim]
            if claim["verdict"] in advice.when:
                says.append((_said(advice, claim), claim, elsewhere.get(claim["id"], {})))
                del unsaid[advice.claim]
        out.append({"id": part.id, "title": part.title, "says": says, "open": list(unsaid.values())})
    return out


def render(scale: str, results: Path, tables: Tables) -> str:
    """The page about the statements of ours. Raises ArtefactError when a part is missing or damaged."""
    entries = ledger.read(results / "claims.json")
    ours = page.ordered([claim for claim in entries if claim["origin"] == OURS])
    drawings = [figure for figure in page.drawings(tables, results / "figures", ours) if figure["claims"]]
    return (
        page.templates()
        .get_template("beyond.html.j2")
        .render(
            scale=scale,
            index="index.html",
            claims=ours,
            verdicts=ledger.counts(ours),
            notes=headlines.notes(scale, ours),
            machines=rows.machines(tables),
            beside=beside.matrix(scale, results, ours),
            advice=told(entries, beside.others(scale, results)),
            # The other page has the libraries for its curves.
            figures=[figure | {"curves": False} for figure in drawings],
            titles={name: figure.title for name, figure in figures.load().items()},
            known={run for claim in ours for run in claim["runs"]},
            least_seeds=LEAST_SEEDS,
            told=checks,
            plot=forest,
            slug=page.slug,
        )
    )


def markdown(scale: str, results: Path, tables: Tables) -> str:
    """docs/findings.md: the same advice, for those who read no page."""
    runs = default_runs(tables)
    return (
        page.templates()
        .get_template("findings.md.j2")
        .render(
            scale=scale,
            parameters=amount(runs.parameters.max()),
            people=f"{runs.individuals.max():,}",
            advice=told(ledger.read(results / "claims.json"), beside.others(scale, results)),
        )
    )
