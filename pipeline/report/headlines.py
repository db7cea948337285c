"""The findings that open the page, with numbers from the claims' checks; and notes on verdicts."""

from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.config import strict_yaml
from pipeline.config.frozen import Frozen
from pipeline.findings.figures import FigureNames
from pipeline.findings.ledger import of_the_paper
from pipeline.findings.verdict import NOT_REPRODUCED, NOT_RUN, UNDECIDED
from pipeline.report.checks import estimate

HEADLINES = Path(__file__).with_name("headlines.yaml")
NOTES = Path(__file__).with_name("notes.yaml")
_ANOTHER = {NOT_REPRODUCED: "What fails is another part", UNDECIDED: "What is open is another part"}


class Saying(Frozen):
    """A sentence. text: with `{}` for the estimate; paper: its value, where the check has none."""

    claim: str
    check: str
    text: str = Field(pattern=r"^[^{}]*\{\}[^{}]*$")
    paper: str | None = None


class Headline(Frozen):
    """A finding: see headlines.yaml."""

    id: str
    title: str
    figures: FigureNames
    claims: list[tuple[int, int]]
    says: list[Saying] = Field(min_length=1)

    def of(self, papers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Its claims of the paper's."""
        numbers = {f"C{n}" for first, last in self.claims for n in range(first, last + 1)}
        return [claim for claim in papers if claim["id"] in numbers]


def load(path: Path = HEADLINES) -> list[Headline]:
    return [Headline.model_validate(entry) for entry in strict_yaml.read(path)]


def _said(saying: Saying, claim: dict[str, Any]) -> str:
    """The sentence, or "" where the claim has no such check."""
    found = [check for check in claim["checks"] if check["key"] == saying.check]
    if not found:
        return ""
    check = found[-1]
    paper = saying.paper if check["paper"] is None else f"{check['paper']:.3g}"
    theirs = f" (paper: {paper})" if paper else ""
    return saying.text.format(estimate(check) + theirs) + _decided_elsewhere(claim, check)


def _decided_elsewhere(claim: dict[str, Any], quoted: dict[str, Any]) -> str:
    """Which checks make the verdict, where the one that is quoted does not."""
    verdict = claim["verdict"]
    deciding = [check["quantity"] for check in claim["checks"] if check["verdict"] == verdict]
    if verdict not in _ANOTHER or quoted["verdict"] == verdict or not deciding:
        return ""
    more = f" (and {len(deciding) - 1} more)" if len(deciding) > 1 else ""
    return f" {_ANOTHER[verdict]}: {deciding[0]}{more}."


def told(claims: list[dict[str, Any]], drawn: list[str]) -> list[dict[str, Any]]:
    """The headlines, with the claims in the order of claims.yaml and the names of the figures that there are.

    says: (sentence, its claim), of what is measured; missing: claims of the others; figure: None without one;
    red: the paper's claims of the part that are not reproduced.
    """
    by_id = {claim["id"]: claim for claim in claims}
    out = []
    for headline in load():
        said = [(_said(saying, by_id[saying.claim]), by_id[saying.claim]) for saying in headline.says]
        mine = headline.of(of_the_paper(claims))
        out.append(
            {
                "id": headline.id,
                "title": headline.title,
                "figure": next((name for name in headline.figures if name in drawn), None),
                "says": [(text, claim) for text, claim in said if text],
                "missing": [claim for text, claim in said if not text],
                "red": [claim for claim in mine if claim["verdict"] == NOT_REPRODUCED],
                "open": sum(claim["verdict"] == NOT_RUN for claim in mine),
            }
        )
    return out


def notes(scale: str, claims: list[dict[str, Any]]) -> dict[str, str]:
    """Claim -> why its verdict at the scale may be what it is; only where the note is about that verdict."""
    written = strict_yaml.read(NOTES).get(scale, {})
    verdicts = {claim["id"]: claim["verdict"] for claim in claims}
    return {id: note["text"] for id, note in written.items() if verdicts.get(id) == note["verdict"]}
