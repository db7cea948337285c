"""The ledger: every claim of claims.yaml beside what was measured."""

import importlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError
from pipeline.findings import figures
from pipeline.findings.verdict import JUDGES, VERDICTS, Finding
from pipeline.store import code
from pipeline.store.artefacts import manifest_of, seal, verify
from pipeline.store.files import write_atomically
from pipeline.tables.read import Tables

CLAIMS = Path(__file__).with_name("claims.yaml")
OURS = "O"  # the origin of a claim that is not the paper's

# Importing a module of judges registers them.
for module in code.modules("pipeline.findings.*.claims*"):
    importlib.import_module(module)


class Claim(BaseModel):
    """One claim. origin: P, a statement of the paper; D, read off its figures; O, ours. figure: the paper's,
    with the panel; drawn: where it shows, of figures.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: str = Field(pattern=r"^(C[1-9][0-9]*|[a-z][a-z0-9-]*)$")
    origin: Literal["P", "D", "O"]
    statement: str = Field(min_length=20)
    paper: str = Field(min_length=1, description="the paper's values")
    figure: str | None = Field(default=None, min_length=1)
    drawn: list[str] = Field(min_length=1)
    judge: str
    tolerances: dict[str, float | list[float]] = Field(default_factory=dict)

    @field_validator("judge")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in JUDGES:
            raise ValueError(f"given {name!r}, allowed: {', '.join(sorted(JUDGES))}")
        return name

    @field_validator("drawn")
    @classmethod
    def _are_figures(cls, names: list[str]) -> list[str]:
        if unknown := [name for name in names if name not in figures.load()]:
            raise ValueError(f"given {unknown[0]!r}, allowed: {', '.join(figures.load())}")
        return names

    def judged(self, tables: Tables) -> Finding:
        return JUDGES[self.judge](tables, **self.tolerances)


def load(path: Path = CLAIMS) -> list[Claim]:
    """The claims in the order of the file. Raises ConfigError with one line that says how to mend it."""
    claims: list[Claim] = []
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
        needed = JUDGES[claim.judge].tolerances
        if set(claim.tolerances) != needed:
            given = ", ".join(sorted(claim.tolerances)) or "none"
            raise ConfigError(
                f"{path.name}: {claim.id}.tolerances: given {given}, "
                f"allowed: exactly {', '.join(sorted(needed)) or 'none'}"
            )
        if claim.id in {other.id for other in claims}:
            raise ConfigError(f"{path.name}: id: given {claim.id} twice, allowed: once")
        claims.append(claim)
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
                "checks": [check.as_json() for check in finding.checks],
                "note": finding.note,
                "paper": claim.paper,
                "seeds": finding.seeds,
                "runs": list(finding.runs),
                "figure": claim.figure,
                "drawn": claim.drawn,
                "origin": claim.origin,
            }
        )
    return entries


def of_the_paper(entries: Iterable[dict]) -> list[dict]:
    """Those that are not ours."""
    return [entry for entry in entries if entry["origin"] != OURS]


def counts(entries: Iterable[dict]) -> dict[str, int]:
    """How many have each verdict, in the order of VERDICTS; those that none has are left out."""
    found = Counter(entry["verdict"] for entry in entries)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


def write(entries: list[dict], path: Path, others: Iterable[str] = (), **facts: Any) -> None:
    """The entries as JSON at `path`, sealed with `facts` beside it, and with other files that lie there."""
    write_atomically(path, json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    seal(path.parent, [path.name, *others], manifest_of(path.stem), **facts)


def judged_on(path: Path) -> list[str]:
    """The experiments on whose tables the entries were judged, in their order."""
    return list(verify(path.parent, path.name, manifest=manifest_of(path.stem))["inputs"]["tables"])


def read(path: Path) -> list[dict]:
    """The entries that `write` put there. Raises ArtefactError if they are damaged or missing."""
    verify(path.parent, path.name, manifest=manifest_of(path.stem))
    return json.loads(path.read_text(encoding="utf-8"))
