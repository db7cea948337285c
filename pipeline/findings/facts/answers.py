"""Answers from the runs on a table, each with its numbers, their intervals over seeds, and its runs."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pipeline.findings.facts.answer import Value
from pipeline.findings.facts.comparing import schedules, wordings
from pipeline.findings.facts.confidence import confidence
from pipeline.findings.facts.learning import exposures, plateau
from pipeline.findings.facts.tuning import fine_tuning, replay
from pipeline.tables.read import Tables

USERS = "U"  # origin of an entry

QUESTIONS = (plateau, exposures, wordings, schedules, fine_tuning, replay, confidence)


def entries(tables: Tables, expected: float | None = None) -> list[dict[str, Any]]:
    """One entry an answer that the runs give, ready for JSON. expected: exposures at t(0.99) of as many drawn
    people, by the default scale's runs."""
    found = [
        (number, question(tables, expected) if question is plateau else question(tables))
        for number, question in enumerate(QUESTIONS, 1)
    ]
    return [
        {"id": f"{USERS}{number}", "origin": USERS, **asdict(answer)} for number, answer in found if answer
    ]


def told(entries: Iterable[dict[str, Any]]) -> list[str]:
    """Lines for a person: each question, its answer, and its numbers."""
    lines = []
    for entry in entries:
        lines += [f"{entry['id']} {entry['title']} {entry['statement']}"]
        lines += [f"    {value['quantity']}: {Value(**value)}" for value in entry["values"]]
    return lines
