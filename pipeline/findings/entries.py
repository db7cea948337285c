"""What claims.yaml and regime.yaml say: the paper's claims and ours, and the regimes in which they can be
judged."""

import functools
import importlib
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError
from pipeline.config.frozen import Frozen, digest
from pipeline.findings import figures
from pipeline.findings.judging import JUDGES, Finding
from pipeline.findings.trend import EFFECTS, Trend, trend
from pipeline.findings.verdict import Aim
from pipeline.store import code
from pipeline.tables.read import Tables

CLAIMS = Path(__file__).with_name("claims.yaml")
REGIMES = Path(__file__).with_name("regime.yaml")
OURS = "O"  # the origin of a claim that is not the paper's

# Importing a module of judges registers them.
for module in code.modules("pipeline.findings.*.claims*"):
    importlib.import_module(module)


class Judged(Frozen):
    """A statement that a judge decides. checks: what each of its checks is, by key; the first is the main
    contrast."""

    id: str
    statement: str = Field(min_length=20)
    judge: str
    checks: dict[str, Aim] = Field(min_length=1)
    tolerances: dict[str, float | list[float]] = Field(default_factory=dict, validate_default=True)

    @field_validator("judge")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in JUDGES:
            raise ValueError(f"given {name!r}, allowed: {', '.join(sorted(JUDGES))}")
        return name

    @field_validator("tolerances")
    @classmethod
    def _are_those_of_its_judge(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if (judge := JUDGES.get(info.data.get("judge", ""))) and set(given) != judge.tolerances:
            told = ", ".join(sorted(given)) or "none"
            raise ValueError(
                f"given {told}, allowed: exactly {', '.join(sorted(judge.tolerances)) or 'none'}"
            )
        return given

    def judged(self, tables: Tables) -> Finding:
        """Without a look at regimes. Raises ConfigError if the judge has a check that is not listed."""
        return JUDGES[self.judge](tables, self.checks, **self.tolerances)

    def rules(self) -> dict[str, Any]:
        """All that decides what becomes of it, ready for JSON; where margins come from is prose."""
        aims = {key: aim.model_dump(exclude={"margin_from"}) for key, aim in self.checks.items()}
        return {"judge": self.judge, "checks": aims, "tolerances": self.tolerances}


class Regime(Judged):
    """A manipulation check: what must hold in the runs for some claims to be judged."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")


class TrendAim(Frozen):
    """An effect that is followed over numbers of people, and the paper's value of it at its own."""

    effect: str
    paper: float = Field(gt=0)

    @field_validator("effect")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name not in EFFECTS:
            raise ValueError(f"given {name!r}, allowed: {', '.join(sorted(EFFECTS))}")
        return name

    def found(self, tables: Tables) -> Trend | None:
        """None where the runs have too few sizes."""
        return trend(EFFECTS[self.effect](tables), self.paper)


class Claim(Judged):
    """One claim. title: in a few words. origin: P, the paper states it; D, read off its figures; O, ours.
    figure: the paper's, with the panel; drawn: where it shows, of figures.yaml. regime: what must hold, of
    regime.yaml. calibrated: whether the choice of a scale looked at it."""

    id: str = Field(pattern=r"^(C[1-9][0-9]*|[a-z][a-z0-9-]*)$")
    title: str = Field(min_length=8, max_length=60)
    origin: Literal["P", "D", "O"]
    paper: str = Field(min_length=1, description="the paper's values")
    figure: str | None = Field(default=None, min_length=1)
    drawn: figures.FigureNames
    regime: list[str] = Field(default_factory=list)
    trend: TrendAim | None = None
    calibrated: bool = False

    @field_validator("regime")
    @classmethod
    def _are_regimes(cls, names: list[str]) -> list[str]:
        known = [regime.id for regime in regimes()]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"given {unknown[0]!r}, allowed: {', '.join(known)}")
        return names

    def digest(self) -> str:
        """Ten hexadecimal digits of all that decides its verdict, besides the code and the tables: after an
        edit of a tolerance, a margin or a regime it is another."""
        needed = {regime.id: regime.rules() for regime in regimes() if regime.id in self.regime}
        return digest(self.rules() | {"id": self.id, "regimes": needed})


Entry = TypeVar("Entry", bound=Judged)


def _read(path: Path, model: type[Entry]) -> list[Entry]:
    found: list[Entry] = []
    entries = strict_yaml.read(path)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path.name}: a list of {model.__name__.lower()}s is needed, each a mapping")
    for entry in entries:
        try:
            mine = model.model_validate(entry)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join([str(entry.get("id", "?")), *map(str, first["loc"])])
            raise ConfigError(f"{path.name}: {where}: {first['msg']}") from None
        if mine.id in {other.id for other in found}:
            raise ConfigError(f"{path.name}: id: given {mine.id} twice, allowed: once")
        found.append(mine)
    return found


@functools.cache
def regimes(path: Path = REGIMES) -> list[Regime]:
    """The regimes in the order of the file. Raises ConfigError with one line that says how to mend it."""
    return _read(path, Regime)


def load(path: Path = CLAIMS) -> list[Claim]:
    """The same of the claims."""
    return _read(path, Claim)
