"""The text that biographies are made of: value pools and templates, read from plain text files.

Paper: section 2 and appendix B.1. Sources and licences of the lists: `pools/SOURCES.md`.
"""

from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ATTRIBUTES = ("birth_date", "birth_city", "current_city", "university", "major", "company")
TEMPLATES_PER_ATTRIBUTE = 25
POOL_SIZES = {
    "given_names": 900,
    "surnames": 1000,
    "cities": 800,
    "universities": 200,
    "majors": 100,
    "companies": 500,
    "months": 12,
}
FIRST_YEAR = 1900
NAME, VALUE = "[X]", "[Y]"


@cache
def pool(name: str) -> tuple[str, ...]:
    """All entries of a pool, largest or most common first (scales take a prefix)."""
    lines = (HERE / "pools" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == POOL_SIZES[name], f"{name}.txt: {len(lines)} entries"
    return tuple(lines)


@cache
def templates(attribute: str) -> tuple[tuple[str, str, str], ...]:
    """The 25 templates of an attribute as (before the name, between name and value, after the value).

    The space before a placeholder belongs to what fills it, so that a name or a value is tokenised
    alike wherever it stands and never merges with the text around it (appendix B.1).
    """
    out = []
    for line in (HERE / "templates" / f"{attribute}.txt").read_text(encoding="utf-8").splitlines():
        before, rest = line.split(NAME)
        between, after = rest.split(VALUE)
        out.append((f" {before}".rstrip(), between.rstrip(), after))
    assert len(out) == TEMPLATES_PER_ATTRIBUTE, f"{attribute}.txt: {len(out)} templates"
    return tuple(out)
