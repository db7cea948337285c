"""The ledger: every claim of claims.yaml beside what was measured."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from statsmodels.stats.multitest import multipletests

from pipeline.config.experiments import TOY
from pipeline.findings.entries import CLAIMS, OURS, Claim, load, regimes
from pipeline.findings.judging import JUDGES, Finding, at_margins, state, within
from pipeline.findings.power import LEVEL, MOST_SEEDS
from pipeline.findings.verdict import HARD, NOT_RUN, SAME_SIZE, SIZE_OPEN, UNDECIDED, VERDICTS, as_json
from pipeline.store.artefacts import manifest_of, seal, verify
from pipeline.store.files import write_atomically
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES
from pipeline.tables.read import Tables

# Margins that the verdicts are also given at, as multiples of those of claims.yaml.
MARGINS = {"half": 0.5, "twice": 2.0}


def _p(finding: Finding) -> float | None:
    """P value of the main contrast: of several checks, the largest. None of a claim that was not judged."""
    if finding.verdict not in (*HARD, UNDECIDED):
        return None
    main = [part.check.p for part in finding.checks if part.check.key == finding.checks[0].check.key]
    return float(max(main)) if main and not any(map(math.isnan, main)) else None


def _plans(claim: Claim, plans: Mapping[str, str | None]) -> dict[str, str]:
    """Those of the experiments that a claim needs, of the digests of all; where tables name theirs."""
    needs = (TOY if name in (TOY_SIZES, TOY_REPLAY) else name for name in JUDGES[claim.judge].needs)
    return {name: plan for name in needs if (plan := plans.get(name))}


def _entry(
    claim: Claim, tables: Tables, regimes: Mapping[str, Finding], plans: Mapping[str, str | None]
) -> dict[str, Any]:
    alone, needed = claim.judged(tables), {name: regimes[name] for name in claim.regime}
    finding = within(alone, needed)
    trend = claim.trend.found(tables) if claim.trend and finding.verdict != NOT_RUN else None
    return {
        "id": claim.id,
        "title": claim.title,
        "statement": claim.statement,
        "verdict": finding.verdict,
        "size": finding.size,
        "calibrated": claim.calibrated,
        "trend": trend.as_json() if trend else None,
        "checks": [as_json(part) for part in finding.checks],
        "regime": [
            {
                "id": name,
                "state": state(found),
                "checks": [as_json(part) for part in found.checks],
                "note": found.note,
            }
            for name, found in finding.regimes
        ],
        "note": finding.note,
        "paper": claim.paper,
        "p": _p(finding),
        "p_adjusted": None,
        "seeds": finding.seeds,
        "seeds_needed": finding.seeds_needed if finding.verdict == UNDECIDED else None,
        "runs": list(finding.runs),
        "figure": claim.figure,
        "drawn": claim.drawn,
        "origin": claim.origin,
        "digest": claim.digest(),
        "plans": _plans(claim, plans),
        "at_margins": {
            name: within(at_margins(alone, factor), needed).verdict for name, factor in MARGINS.items()
        },
    }


def judge_all(
    tables: Tables, path: Path = CLAIMS, plans: Mapping[str, str | None] | None = None
) -> list[dict]:
    """One entry a claim, ready for JSON; keys as in `_entry`.

    plans: digests of the parameters of experiments, by name; an entry has those that it needs. trend: of an
    effect over numbers of people, None where it has none. at_margins: verdicts with other margins.
    seeds_needed: how many would decide what is undecided; None where no number can be told. p_adjusted: by
    Benjamini and Hochberg's method, over the paper's claims; those that were not judged count as a P value of
    1.
    """
    found = {regime.id: regime.judged(tables) for regime in regimes()}
    entries = [_entry(claim, tables, found, plans or {}) for claim in load(path)]
    papers = of_the_paper(entries)
    p = [1.0 if entry["p"] is None else entry["p"] for entry in papers]
    for entry, adjusted in zip(papers, multipletests(p, method="fdr_bh")[1], strict=True):
        entry["p_adjusted"] = None if entry["p"] is None else float(adjusted)
    return entries


def of_the_paper(entries: Iterable[dict]) -> list[dict]:
    """Those that are not ours."""
    return [entry for entry in entries if entry["origin"] != OURS]


def calibrated(entries: Iterable[dict]) -> list[dict]:
    """Those that the choice of a scale looked at."""
    return [entry for entry in entries if entry["calibrated"]]


def sizes(entries: Iterable[dict]) -> dict[str, int]:
    """How many of the reproduced have the paper's size, or one that is open. Others have none."""
    found = Counter(entry["size"] for entry in entries)
    return {size: found[size] for size in (SAME_SIZE, SIZE_OPEN) if found[size]}


def counts_at_margins(entries: Iterable[dict]) -> dict[str, dict[str, int]]:
    """How many would have each verdict with other margins, by the names of MARGINS."""
    rows = list(entries)
    return {name: counts([{"verdict": entry["at_margins"][name]} for entry in rows]) for name in MARGINS}


def discoveries(entries: Iterable[dict]) -> tuple[int, int]:
    """How many main contrasts point the paper's way: taken alone, and at a false discovery rate of 5 %."""
    found = [(entry["p"], entry["p_adjusted"]) for entry in entries if entry["p"] is not None]
    return sum(p <= LEVEL for p, _ in found), sum(adjusted <= LEVEL for _, adjusted in found)


def decidable(entries: Iterable[dict]) -> int:
    """How many of the undecided would be decided by ten seeds or fewer."""
    needed = [entry["seeds_needed"] for entry in entries if entry["verdict"] == UNDECIDED]
    return sum(seeds is not None and seeds <= MOST_SEEDS for seeds in needed)


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
