"""The page about runs on a table of facts: what they answer, with their numbers. No row is on it."""

import math
from pathlib import Path
from typing import Any

from pipeline.config.experiments import Params
from pipeline.config.facts import table
from pipeline.config.population import Population
from pipeline.data import tabled
from pipeline.findings import ledger
from pipeline.findings.facts.answer import Value
from pipeline.findings.facts.confidence import PASS, ROC
from pipeline.report import page, rows
from pipeline.tables.read import Tables


def _bars(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each number with its text, and its interval in per cent of an axis from 0 to the largest of all."""
    ends = [x for v in values for x in (v["estimate"], *(v["interval"] or ())) if x is not None]
    largest = max(ends, default=0)

    def at(x: float) -> float:
        return round(100 * min(max(x / largest, 0.0), 1.0), 1)

    out = []
    for value in values:
        drawn = value["estimate"] is not None and largest > 0
        low, high = value["interval"] or (value["estimate"], value["estimate"])
        out.append(
            {
                "quantity": value["quantity"],
                "text": str(Value(**value)),
                "seeds": value["seeds"],
                "point": at(value["estimate"]) if drawn else None,
                "interval": (at(low), at(high)) if drawn else None,
            }
        )
    return out


def _roc(values: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Points of the ROC curve, if its numbers are among these: never-seen and seen that pass, in per cent
    from the left and from the top."""
    named = {value["quantity"]: value["estimate"] for value in values}
    points = [(most, named[name]) for most in PASS if (name := ROC.format(most)) in named]
    return [(100 * x, 100 * (1 - y)) for x, y in [(0, 0), *points, (1, 1)]] if points else []


def _described(found: table.Facts, column: tabled.Column) -> dict[str, Any]:
    """Cells of an attribute in the table that describes the columns."""
    values = len(column.values)
    return {
        "name": column.name,
        "cells": [
            f"{values:,}",
            rows.number(column.rows / values, 3),
            f"{len(found) - column.rows:,}",
            str(len(found.spec.attributes[column.name])),
            rows.number(column.alone, 3),
            rows.number(column.entropy / math.log(2), 3),
        ],
        "by": ", ".join(column.by),
    }


def render(scale: str, params: Params, results: Path, tables: Tables) -> str:
    """The page about the answers in `results`, a scale's folder. Raises ArtefactError when a part is missing
    or damaged."""
    who = params.defaults["population"]
    found = tabled.facts(Population.model_validate(who))
    answers = [
        entry | {"rows": _bars(entry["values"]), "roc": _roc(entry["values"])}
        for entry in ledger.read(results / "claims.json")
    ]
    return (
        page.templates()
        .get_template("facts.html.j2")
        .render(
            scale=scale,
            rows=who["facts"]["rows"],
            individuals=who["individuals"],
            unseen=who["unseen"],
            baseline=rows.number(tables.runs.baseline.max(), 4),
            columns=[_described(found, column) for column in tabled.columns(found)],
            answers=answers,
            machines=rows.machines(tables),
            **page.about_runs(params, results, tables),
        )
    )
