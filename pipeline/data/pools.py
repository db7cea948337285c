"""The text that drawn biographies are made of: value pools and templates, read from plain text files.

Paper: section 2 and appendix B.1. Sources and licences of the lists: `pools/SOURCES.md`.
"""

from functools import cache
from pathlib import Path

from pipeline.config.population import POOL_SIZES, TEMPLATES_PER_ATTRIBUTE
from pipeline.config.sentences import Template, template
from pipeline.store.artefacts import ArtefactError, refuse_line_endings

HERE = Path(__file__).resolve().parent
ATTRIBUTES = ("birth_date", "birth_city", "current_city", "university", "major", "company")
FIRST_YEAR = 1900


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
def templates(attribute: str) -> tuple[Template, ...]:
    """The 25 templates of an attribute."""
    out = []
    for line in _lines(HERE / "templates" / f"{attribute}.txt", TEMPLATES_PER_ATTRIBUTE):
        try:
            out.append(template(line))
        except ValueError as error:
            raise ArtefactError(f"{attribute}.txt: {error}") from None
    return tuple(out)
