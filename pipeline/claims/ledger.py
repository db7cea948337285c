"""The ledger: every claim of claims.yaml beside what was measured."""

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.analysis.tables import Tables
from pipeline.artefacts import manifest_of, seal, verify

# Importing the modules of judges registers them.
from pipeline.claims import (  # noqa: F401
    distributions,
    finetuning,
    groups,
    hallucination,
    head_and_tail,
    mechanism,
    phases,
    robustness,
    seen_people,
    toy,
    visits,
    warm_ups,
)
from pipeline.claims.verdict import JUDGES, NOT_MEASURED, Finding, tolerance_names
from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError
from pipeline.files import write_atomically

CLAIMS = Path(__file__).with_name("claims.yaml")
NUMBER_OF_CLAIMS = 53
UNJUDGED = Finding(NOT_MEASURED, "no experiment of the plan measures this", None, 0, ())


class Claim(BaseModel):
    """One claim. origin: P, a statement of the paper, or D, read off its figures."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str
    origin: Literal["P", "D"]
    statement: str = Field(min_length=20)
    paper: str = Field(min_length=1, description="the paper's values")
    figure: str = Field(min_length=1)
    judge: str | None = None
    tolerances: dict[str, float | list[float]] = Field(default_factory=dict)

    @field_validator("judge")
    @classmethod
    def _exists(cls, name: str | None) -> str | None:
        if name is not None and name not in JUDGES:
            raise ValueError(f"given {name!r}, allowed: {', '.join(sorted(JUDGES))}")
        return name

    def judged(self, tables: Tables) -> Finding:
        return JUDGES[self.judge](tables, **self.tolerances) if self.judge else UNJUDGED


def load(path: Path = CLAIMS) -> list[Claim]:
    """The claims, C1 to C53 in order. Raises ConfigError with one line that says how to mend the file."""
    claims = []
    entries = strict_yaml.read(path)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path.name}: a list of claims is needed, each a mapping")
    for entry in entries:
        try:
            claim = Claim.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join([str(entry.get("id", "?")), *map(str, first["loc"])])
            raise ConfigError(f"{path.name}: {where}: {first['msg']}") from None
        needed = tolerance_names(JUDGES[claim.judge]) if claim.judge else set()
        if set(claim.tolerances) != needed:
            given = ", ".join(sorted(claim.tolerances)) or "none"
            raise ConfigError(
                f"{path.name}: {claim.id}.tolerances: given {given}, "
                f"allowed: exactly {', '.join(sorted(needed)) or 'none'}"
            )
        claims.append(claim)
    wanted = [f"C{k}" for k in range(1, NUMBER_OF_CLAIMS + 1)]
    for expected, given in itertools.zip_longest(wanted, (claim.id for claim in claims), fillvalue="no more"):
        if given != expected:
            raise ConfigError(
                f"{path.name}: id: given {given}, allowed: {expected} (each claim once, in order)"
            )
    return claims


def judge_all(tables: Tables, path: Path = CLAIMS) -> list[dict]:
    """One entry a claim, ready for JSON; keys as below."""
    entries = []
    for claim in load(path):
        finding = claim.judged(tables)
        entries.append(
            {
                "id": claim.id,
                "statement": claim.statement,
                "verdict": finding.verdict,
                "value": finding.value,
                "interval": finding.interval,
                "paper": claim.paper,
                "seeds": finding.seeds,
                "runs": list(finding.runs),
                "figure": claim.figure,
                "origin": claim.origin,
            }
        )
    return entries


def write(entries: list[dict], path: Path, others: Iterable[str] = (), **facts: Any) -> None:
    """The entries as JSON at `path`, sealed with `facts` beside it, and with other files that lie there."""
    write_atomically(path, json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    seal(path.parent, [path.name, *others], manifest_of(path.stem), **facts)


def judged_on(path: Path) -> list[str]:
    """The experiments on whose tables the entries were judged, in their order."""
    return list(verify(path.parent, path.name, manifest=manifest_of(path.stem))["inputs"]["tables"])


def read(path: Path) -> list[dict]:
    """The entries that `write` put there. Raises ArtefactError if they are damaged or missing."""
    verify(path.parent, path.name, manifest=manifest_of(path.stem))
    return json.loads(path.read_text(encoding="utf-8"))
