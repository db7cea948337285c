"""Damaged files and full disks: one line that names the file and the mend, and docs/faults.md says which."""

import re

import pytest

from pipeline import ROOT
from tests import faults

PAGE = ROOT / "docs" / "faults.md"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return faults.damage_all(tmp_path_factory.mktemp("damage"), patch)


@pytest.fixture(scope="module")
def filled():
    try:
        return faults.in_a_full_file_system()
    except OSError as why:
        pytest.skip(f"no file system of its own for this test: {why}")


def promised(name: str) -> str:
    found = next(m for m in faults.MARKERS.finditer(PAGE.read_text()) if m.group(2) == name)
    return found.group(0).removeprefix(found.group(1)).removesuffix(found.group(3))


def in_one_line(seen: faults.Seen) -> bool:
    return bool(re.fullmatch(r"error: [^\n]*; [^\n]+\n", seen.message)) and "Traceback" not in seen.message


def test_every_damaged_file_is_seen_and_named(damaged):
    assert len(damaged) > 100
    for seen in damaged:
        assert seen.code == 2 and in_one_line(seen), seen
        assert seen.artefact.rpartition(": ")[2] in seen.message, seen


def test_a_full_disk_is_one_line_and_costs_nothing(filled):
    assert {seen.stage for seen in filled} >= {"dataset", "train", "evaluate", "tables", "claims", "figures"}
    for seen in filled:
        assert seen.code == 2 and in_one_line(seen) and "no space left" in seen.message, seen


def test_the_page_names_files_of_the_project_by_their_paths():
    named = set(re.findall(r"\b(?:pipeline|tests)/[\w./]+\.\w+", PAGE.read_text()))
    assert len(named) > 10 and not [path for path in named if not (ROOT / path).is_file()]


def test_the_page_says_what_damage_gives(damaged):
    assert promised("damage") == faults.table(damaged)


def test_the_page_says_what_a_full_disk_gives(filled):
    assert promised("full disk") == faults.table(filled)
