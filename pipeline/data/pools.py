"""The text that biographies are made of: value pools and templates, read from plain text files.

Paper: section 2 and appendix B.1. Sources and licences of the lists: `pools/SOURCES.md`.
"""

import re
from functools import cache
from pathlib import Path

from pipeline.config.population import POOL_SIZES, TEMPLATES_PER_ATTRIBUTE
from pipeline.store.artefacts import ArtefactError, refuse_line_endings

HERE = Path(__file__).resolve().parent
ATTRIBUTES = ("birth_date", "birth_city", "current_city", "university", "major", "company")
FIRST_YEAR = 1900
NAME, VALUE = "[X]", "[Y]"


def _lines(path: Path, count: int) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, UnicodeDecodeError):
        lines = []
    if len(lines) != count or not all(lines):
        mend = f"`git checkout -- {path.name}` in its folder"
        raise ArtefactError(f"{path}: not a text of {count} lines; {mend}")
    refuse_line_endings(path)  # bytes are what the code's checksum is of
    return lines


@cache
def pool(name: str) -> tuple[str, ...]:
    """All entries of a pool, largest or most common first (scales take a prefix)."""
    return tuple(_lines(HERE / "pools" / f"{name}.txt", POOL_SIZES[name]))


@cache
def templates(attribute: str) -> tuple[tuple[str, str, str], ...]:
    """The 25 templates of an attribute as (before the name, between name and value, after the value).

    The space before a placeholder belongs to what fills it, so that a name or a value is tokenised
    alike wherever it stands and never merges with the text around it (appendix B.1).
    """
    out = []
    for line in _lines(HERE / "templates" / f"{attribute}.txt", TEMPLATES_PER_ATTRIBUTE):
        if re.findall(r"\[[A-Z]\]", line) != [NAME, VALUE]:
            raise ArtefactError(f"{attribute}.txt: given {line!r}, allowed: {NAME} once, then {VALUE} once")
        before, between, after = re.split(r"\[[A-Z]\]", line)
        out.append((f" {before}".rstrip(), between.rstrip(), after))
    return tuple(out)
