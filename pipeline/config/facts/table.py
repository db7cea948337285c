"""A table of facts, checked: what is wrong is an error in one line, what is doubtful a warning."""

import hashlib
import itertools
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipeline.config.errors import ConfigError, readable
from pipeline.config.facts import rows as files
from pipeline.config.facts import spec as specs
from pipeline.config.facts.spec import Spec

LEAST_ROWS = 16
FEW_ROWS, MANY_ROWS = 200, 1_000_000
LONG_CELL = 120  # characters
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")  # Unicode's, but for line ends
_LISTED = 3  # places of a problem that a message names
_TRUE, _FALSE = {"1", "true", "yes"}, {"0", "false", "no", ""}


@dataclass(frozen=True)
class Facts:
    """The rows of a table. names: unique. values: by attribute, a text a row, "" where it is missing;
    attributes in the order of `facts.yaml`. frequencies: how often each row is met; held_out: rows never to
    pre-train on; None where there is no such column. warnings: one line each."""

    spec: Spec
    names: tuple[str, ...]
    values: dict[str, tuple[str, ...]]
    frequencies: tuple[float, ...] | None
    held_out: tuple[bool, ...] | None
    warnings: list[str] = field(default_factory=list, compare=False)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that decides what is drawn from it, whatever the file's name and format."""
        total = hashlib.sha256()
        templates = json.dumps([[name, lines] for name, lines in self.spec.attributes.items()])
        total.update(templates.encode())
        for column in (self.names, *self.values.values(), self.frequencies, self.held_out):
            total.update(b"\n" + json.dumps(column).encode())
        return total.hexdigest()


@dataclass
class _Found:
    """What is wrong with a table so far."""

    file: str
    places: list[str]
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def where(self, rows: list[int]) -> str:
        """The first places of some rows: "line 4, line 9 and 12 more"."""
        told = ", ".join(self.places[k] for k in rows[:_LISTED])
        return told + (f" and {len(rows) - _LISTED:,} more" if len(rows) > _LISTED else "")

    def error(self, column: str, what: str, rows: list[int]) -> None:
        if rows:
            self.errors.append(f"{self.file} {self.where(rows)}, {column}: {what}")

    def warn(self, column: str, what: str, rows: list[int]) -> None:
        if rows:
            self.warnings.append(f"{self.file}, {column}: {what} ({self.where(rows)})")


def _rows_where(cells: Iterable[str], wrong: Callable[[str], bool]) -> list[int]:
    return [k for k, cell in enumerate(cells) if wrong(cell)]


def _cleaned(column: str, cells: list[str], found: _Found) -> tuple[str, ...]:
    """Cells in Unicode's composed form, with single spaces between words; both are told."""
    composed = [unicodedata.normalize("NFC", cell) for cell in cells]
    found.warn(
        column,
        "letters with accents apart, which are joined",
        [k for k, (a, b) in enumerate(zip(cells, composed, strict=True)) if a != b],
    )
    bare = [_SPACES.sub(" ", cell).strip(" ") for cell in composed]
    found.warn(
        column,
        "spaces around the text, several in a row or wide ones, of which one is kept between words",
        [k for k, (a, b) in enumerate(zip(composed, bare, strict=True)) if a != b],
    )
    found.error(
        column,
        "a line break or another character without a picture, allowed: text on one line",
        _rows_where(bare, lambda cell: not cell.isprintable()),
    )
    found.warn(
        column,
        f"more than {LONG_CELL} characters: long texts cost time",
        _rows_where(bare, lambda c: len(c) > LONG_CELL),
    )
    return tuple(bare)


def _repeated(cells: Iterable[str]) -> list[int]:
    """Rows whose text an earlier row has; the empty ones are not among them."""
    first: dict[str, int] = {}
    return [k for k, cell in enumerate(cells) if cell and first.setdefault(cell, k) != k]


def _check_names(column: str, names: tuple[str, ...], found: _Found) -> None:
    found.error(column, "no name", _rows_where(names, lambda name: not name))
    found.error(column, "a name that an earlier row has, allowed: each once", _repeated(names))
    alike = sorted({*_repeated(map(str.casefold, names))} - {*_repeated(names)})
    found.warn(column, "a name that differs from an earlier one in capitals only", alike)


def _prefixes(values: list[str]) -> Iterator[tuple[str, str]]:
    """Values, sorted, that a longer one begins with: in sorted order a longer one comes right after."""
    return (pair for pair in itertools.pairwise(values) if pair[1].startswith(pair[0]))


def _check_values(column: str, cells: tuple[str, ...], found: _Found) -> None:
    counts = Counter(filter(None, cells))
    if len(counts) < 2:
        only = f"only the value {readable(next(iter(counts)))!r}" if counts else "no value"
        found.errors.append(f"{found.file}, {column}: {only}, allowed: two or more; leave the column out")
        return
    missing = len(cells) - counts.total()
    if missing:
        found.warnings.append(
            f"{found.file}, {column}: {missing:,} of {len(cells):,} rows have none, and no sentence about it"
        )
    begun = list(_prefixes(sorted(counts)))
    if begun:
        found.warnings.append(
            f"{found.file}, {column}: {len(begun):,} values begin a longer one, as {begun[0][0]!r} does "
            f"{begun[0][1]!r}; the model cannot tell where they end"
        )
    folded = Counter(value.casefold() for value in counts)
    if alike := sum(n - 1 for n in folded.values()):
        found.warnings.append(
            f"{found.file}, {column}: {alike:,} values differ from another in capitals only"
        )
    listed = sum(n for value, n in counts.items() if ";" in value or "|" in value)
    if 2 * listed > counts.total():
        found.warnings.append(
            f"{found.file}, {column}: most cells hold ; or |: is that several values? A cell is taken as one"
        )


def _numbers(column: str, cells: tuple[str, ...], found: _Found) -> tuple[float, ...]:
    def number(cell: str) -> float:
        try:
            return float(cell)
        except ValueError:
            return math.nan

    out = tuple(map(number, cells))
    wrong = [k for k, value in enumerate(out) if not (math.isfinite(value) and value >= 0)]
    found.error(column, "given no number, allowed: a number of 0 or more", wrong)
    if not wrong and not any(out):
        found.errors.append(f"{found.file}, {column}: all 0, allowed: some that are more")
    return out


def _marks(column: str, cells: tuple[str, ...], found: _Found) -> tuple[bool, ...]:
    folded = [cell.casefold() for cell in cells]
    wrong = _rows_where(folded, lambda cell: cell not in _TRUE | _FALSE)
    found.error(column, "given another text, allowed: 1, true, yes, or 0, false, no or nothing", wrong)
    marks = tuple(cell in _TRUE for cell in folded)
    if not wrong and len(set(marks)) == 1:
        found.errors.append(
            f"{found.file}, {column}: all rows are alike, allowed: some held out, and some not"
        )
    return marks


def _check_rows(table: Facts, found: _Found) -> None:
    number = len(table)
    if number < LEAST_ROWS:
        found.errors.append(f"{found.file}: {number} rows, allowed: {LEAST_ROWS} or more")
    elif number < FEW_ROWS:
        found.warnings.append(
            f"{found.file}: {number} rows: with fewer than some {FEW_ROWS} there may be no plateau"
        )
    if number >= MANY_ROWS:
        found.warnings.append(f"{found.file}: {number:,} rows: `--check` tells what training on them costs")
    silent = [k for k, cells in enumerate(zip(*table.values.values(), strict=True)) if not any(cells)]
    found.error("all attributes", "no value at all, allowed: one or more", silent)


def check(folder: Path) -> tuple[Facts | None, list[str]]:
    """The table of a folder and all that is wrong with it, one line each; no table where something is."""
    try:
        spec = specs.read(folder)
        given = files.read(folder / spec.table)
        if lacking := [column for column in spec.columns if column not in given.columns]:
            raise ConfigError(
                f"{specs.FILE}: column {lacking[0]!r} is not in {spec.table}, allowed: "
                f"{readable(', '.join(given.columns))}"
            )
    except ConfigError as error:
        return None, [str(error)]
    found = _Found(spec.table, given.places)
    if unused := [column for column in given.columns if column not in spec.columns]:
        found.warnings.append(f"{spec.table}: not used: {readable(', '.join(unused))}")
    text = {column: _cleaned(column, given.columns[column], found) for column in spec.columns}
    _check_names(spec.name, text[spec.name], found)
    for attribute in spec.attributes:
        _check_values(attribute, text[attribute], found)
    table = Facts(
        spec=spec,
        names=text[spec.name],
        values={attribute: text[attribute] for attribute in spec.attributes},
        frequencies=_numbers(c, text[c], found) if (c := spec.frequencies) else None,
        held_out=_marks(c, text[c], found) if (c := spec.held_out) else None,
        warnings=found.warnings,
    )
    _check_rows(table, found)
    return (None if found.errors else table), [str(ConfigError(error)) for error in found.errors]


def read(folder: Path) -> Facts:
    """The table of a folder. Raises ConfigError, in one line, for the first thing that is wrong with it."""
    table, errors = check(folder)
    if table is None:
        more = f" ({len(errors) - 1} more: `python -m pipeline.commands.facts --check`)" if errors[1:] else ""
        raise ConfigError(errors[0] + more)
    return table
