"""The same claims at other scales: on the page of the default scale, beside its own."""

from pathlib import Path
from typing import Any

from pipeline.findings import ledger
from pipeline.findings.verdict import NOT_RUN
from pipeline.report import headlines
from pipeline.report.checks import estimate
from pipeline.store.plan import beside


def _cell(claim: dict[str, Any] | None, note: str = "") -> dict[str, str]:
    """Verdict, the estimate of the main contrast where one was made, and why it may be so."""
    if claim is None:
        return {"verdict": NOT_RUN, "estimate": "", "note": ""}
    measured = [check for check in claim["checks"] if check["estimate"] is not None]
    told = estimate(measured[0]) if measured else ""
    return {"verdict": claim["verdict"], "estimate": told, "note": note}


def others(scale: str, results: Path) -> dict[str, list[dict[str, Any]]]:
    """Scale -> its claims, of the scales beside the default one. Raises ArtefactError if some are damaged."""
    return {name: ledger.read(path) for name, path in beside(scale, results).items()}


def matrix(scale: str, results: Path, claims: list[dict[str, Any]]) -> dict[str, Any]:
    """scales: names of the columns; rows: a claim that another scale judges too, and its cells by scale. The
    notes are those of other scales: the claims' own table has this scale's.

    Empty without results of another scale. Raises ArtefactError if some are damaged.
    """
    found = others(scale, results)
    by_id = {name: {claim["id"]: claim for claim in entries} for name, entries in found.items()}
    notes = {name: headlines.notes(name, entries) for name, entries in found.items()}
    judged = {claim["id"] for entries in found.values() for claim in entries if claim["verdict"] != NOT_RUN}
    rows = [
        {
            "claim": claim,
            "cells": [
                _cell(claim),
                *(
                    _cell(known.get(claim["id"]), notes[name].get(claim["id"], ""))
                    for name, known in by_id.items()
                ),
            ],
        }
        for claim in claims
        if claim["id"] in judged
    ]
    return {"scales": [scale, *found], "rows": rows} if rows else {}
