"""The table of hostile environments in docs/faults.md is of the environments that there are."""

import re

from pipeline import ROOT
from tests import environments, faults
from tests.hostile import ENVIRONMENTS

PAGE = ROOT / "docs" / "faults.md"


def rows() -> list[list[str]]:
    text = next(m for m in faults.MARKERS.finditer(PAGE.read_text()) if m.group(2) == environments.TABLE)
    lines = [line for line in text.group(0).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_page_has_every_environment_and_what_happens_in_it():
    assert [row[:2] for row in rows()] == [[e.name, e.promise] for e in ENVIRONMENTS]


def test_what_was_seen_is_what_happens():
    for environment, (_, _, seen) in zip(ENVIRONMENTS, rows(), strict=True):
        expected = environment.refused or environments.SAME
        assert expected in seen or seen == environments.IMPOSSIBLE, environment.name


def test_environments_are_many_and_told_apart():
    assert len({e.name for e in ENVIRONMENTS}) == len(ENVIRONMENTS) >= 40
    assert sum(e.ci for e in ENVIRONMENTS) == 5 and all(e.trains for e in ENVIRONMENTS if e.ci)
