"""Judges: the functions that turn tables into checks of a claim, or of a regime that claims need."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pipeline.config.errors import ConfigError
from pipeline.findings.verdict import (
    HARD,
    NOT_REPRODUCED,
    NOT_RUN,
    OUT_OF_REGIME,
    REPRODUCED,
    SAME_SIZE,
    SIZE_OPEN,
    UNDECIDED,
    VERDICTS,
    Aim,
    Check,
    Part,
    combine,
    decide,
)
from pipeline.tables.read import Tables

HOLDS, BY_ESTIMATE, FAILS = "holds", "holds by its estimate, not by its interval", "fails"
# What the state of a regime is for a claim that needs it.
_FOR_A_CLAIM = {HOLDS: REPRODUCED, BY_ESTIMATE: REPRODUCED, FAILS: OUT_OF_REGIME}


class NotMeasuredError(Exception):
    """The plan lacks runs that the claim needs; the message says which."""


class OutOfRegimeError(Exception):
    """The runs exist, but the effect cannot show in them; the message says why."""


@dataclass(frozen=True)
class Finding:
    """What becomes of a claim.

    checks: its main contrast comes first. note: why there are none, or what should be known beside them.
    seeds: how many decide; runs: ids of the runs that were used. regimes: the findings on the regimes that it
    needs, by name.
    """

    verdict: str
    checks: tuple[Part, ...] = ()
    note: str = ""
    seeds: int = 0
    runs: tuple[str, ...] = ()
    regimes: tuple[tuple[str, "Finding"], ...] = ()

    def __post_init__(self) -> None:
        assert self.verdict in VERDICTS, self.verdict

    @property
    def size(self) -> str | None:
        """Of a claim that is reproduced: whether all sizes that it has are the same; None if it has none."""
        sizes = {part.size for part in self.checks} - {None}
        if self.verdict != REPRODUCED or not sizes:
            return None
        return SAME_SIZE if sizes == {SAME_SIZE} else SIZE_OPEN

    @property
    def seeds_needed(self) -> int | None:
        """Seeds that would decide all that is undecided; None if nothing is, or no number can be told."""
        open_regimes = [regime for _, regime in self.regimes if state(regime) == UNDECIDED]
        parts = [*self.checks, *(part for regime in open_regimes for part in regime.checks)]
        needed = [part.seeds_needed for part in parts if part.verdict == UNDECIDED]
        known = [seeds for seeds in needed if seeds is not None]
        return max(known) if known and len(known) == len(needed) else None


def at_margins(finding: Finding, factor: float) -> Finding:
    """The finding with margins so many times as wide."""
    parts = tuple(
        replace(part, aim=part.aim.widened(factor, part.check.estimate.log)) for part in finding.checks
    )
    if not parts:
        return finding
    return replace(finding, checks=parts, verdict=combine(part.verdict for part in parts))


def conclude(
    checks: Sequence[Check], aims: Mapping[str, Aim], runs: Sequence[str], note: str = ""
) -> Finding:
    """The finding on a claim whose parts are `checks`. Each has an aim; of aims without a check, as where the
    plan lacks a size, the note tells.
    """
    order = list(aims)
    parts = decide(sorted(checks, key=lambda check: order.index(check.key)), aims)
    if lacking := [key for key in order if key not in {check.key for check in checks}]:
        note = "; ".join(filter(None, [note, f"the plan has no runs for: {', '.join(lacking)}"]))
    seeds = min(check.estimate.seeds for check in checks)
    return Finding(combine(part.verdict for part in parts), parts, note, seeds, tuple(runs))


def state(regime: Finding) -> str:
    """What a regime is in: it holds, by its interval or by its estimate alone; it fails; or it is undecided,
    out of regime itself or not run."""
    if regime.verdict == UNDECIDED and all(part.check.estimated_inside for part in regime.checks):
        return BY_ESTIMATE
    return {REPRODUCED: HOLDS, NOT_REPRODUCED: FAILS}.get(regime.verdict, regime.verdict)


def within(finding: Finding, regimes: Mapping[str, Finding]) -> Finding:
    """The finding on a claim, given those on the regimes that it needs, by name.

    Where a regime fails, the claim is out of regime; where it has no runs, the claim counts as not run. Where
    it is undecided and its estimate lies outside, so is whether the claim was put to the test: no hard
    verdict then.
    """
    if not regimes or finding.verdict == NOT_RUN:
        return finding
    worst = combine(_FOR_A_CLAIM.get(found, found) for found in map(state, regimes.values()))
    unknown = worst == UNDECIDED and finding.verdict in HARD
    verdict = UNDECIDED if unknown else combine([finding.verdict, worst])
    return replace(finding, verdict=verdict, regimes=tuple(regimes.items()))


Result = tuple[Sequence[Check], pd.DataFrame] | tuple[Sequence[Check], pd.DataFrame, str]


@dataclass(frozen=True)
class Judge:
    """What judges a claim, and the experiments that it needs.

    The function takes the tables and the claim's tolerances, by keyword and without defaults so that
    claims.yaml is their only home. It returns checks, the rows of the runs that it used, and perhaps
    a note; or raises NotMeasuredError or OutOfRegimeError.
    """

    function: Callable[..., Result]
    needs: tuple[str, ...]

    @property
    def tolerances(self) -> set[str]:
        """The names of those that it takes."""
        parameters = inspect.signature(self.function).parameters.values()
        return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}

    def __call__(self, tables: Tables, aims: Mapping[str, Aim], **tolerances: float | list[float]) -> Finding:
        absent = [name for name in self.needs if name not in tables]
        if absent:
            return Finding(NOT_RUN, note=f"no runs of: {', '.join(absent)}")
        try:
            checks, used, *note = self.function(tables, **tolerances)
        except NotMeasuredError as why:
            return Finding(NOT_RUN, note=str(why))
        except OutOfRegimeError as why:
            used = pd.concat([tables.of(name) for name in self.needs])
            seeds, runs = used.seed.nunique(), tuple(used.run.unique())
            return Finding(OUT_OF_REGIME, note=str(why), seeds=seeds, runs=runs)
        if unknown := sorted({check.key for check in checks} - set(aims)):
            raise ConfigError(
                f"{self.function.__name__}: checks: given {', '.join(aims)}, needed: {', '.join(unknown)} too"
            )
        return conclude(checks, aims, tuple(used.run.unique()), *note)


JUDGES: dict[str, Judge] = {}


def judge(*needs: str) -> Callable[[Callable[..., Result]], Judge]:
    """Register a function as a judge, under its name."""

    def register(function: Callable[..., Result]) -> Judge:
        assert function.__name__ not in JUDGES, function.__name__
        return JUDGES.setdefault(function.__name__, Judge(function, needs))

    return register
