"""The rows of a table as text, whatever its format: what would be lost or read in another way is refused."""

import csv
import io
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.config.errors import ConfigError, readable

FORMATS = (".csv", ".tsv", ".jsonl", ".parquet")
# A table that a spreadsheet wrote has cells of any length.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class Rows:
    """columns: by name, a cell a row, "" where it is empty. places: where each row stands in the file, for
    messages ("line 7")."""

    columns: dict[str, list[str]]
    places: list[str]

    def __len__(self) -> int:
        return len(self.places)


def read(path: Path) -> Rows:
    """The rows of a file. Raises ConfigError, in one line that names the file, and the line or the column."""
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"{path.name}: given {path.suffix!r}, allowed: {', '.join(FORMATS)}")
    if not path.is_file():
        raise ConfigError(f"{path}: no such file")
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    text = _text(path)
    if path.suffix.lower() == ".jsonl":
        return _json_lines(path.name, text)
    return _separated(path.name, text, "\t" if path.suffix.lower() == ".tsv" else ",")


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path.name} line {line}: not UTF-8; save the table in that encoding") from None


def _header(file: str, names: list[str]) -> list[str]:
    if not names:
        raise ConfigError(f"{file}: empty, allowed: a header and rows")
    if empty := [k for k, name in enumerate(names, 1) if not name.strip()]:
        raise ConfigError(f"{file}: column {empty[0]} has no name")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"{file}: column {twice!r} is there twice, allowed: once")
    return names


def _separated(file: str, text: str, separator: str) -> Rows:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    places, cells = [], []
    try:
        header = _header(file, next(lines, []))
        for row in lines:
            if not row:
                continue  # an empty line
            if len(row) != len(header):
                raise ConfigError(
                    f"{file} line {lines.line_num}: {len(row)} cells, allowed: {len(header)}, as above"
                )
            places.append(f"line {lines.line_num}")
            cells.append(row)
    except csv.Error as error:
        raise ConfigError(f"{file} line {lines.line_num}: {error}; is a quote not closed?") from None
    columns = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in header]
    return Rows(dict(zip(header, columns, strict=True)), places)


def _cell(value: Any, where: str) -> str:
    """A cell of a format that has types, as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float | Decimal | date | time):
        return str(value)
    raise ConfigError(f"{where}: given {readable(value)}, allowed: one value a cell")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyError
    return found


def _objects(file: str, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            # Numbers as they are written: 1.0 is not 1.
            found = json.loads(
                line, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_once
            )
        except KeyError:
            raise ConfigError(f"{file} {place}: a key twice, allowed: once") from None
        except (ValueError, RecursionError):
            raise ConfigError(f"{file} {place}: not a JSON object on one line") from None
        if not isinstance(found, dict):
            raise ConfigError(f"{file} {place}: given {readable(found)}, allowed: an object {{...}}")
        yield place, found


def _json_lines(file: str, text: str) -> Rows:
    objects = list(_objects(file, text))
    header = _header(file, list(dict.fromkeys(name for _, found in objects for name in found)))
    columns = {
        name: [_cell(found.get(name), f"{file} {place}, {name}") for place, found in objects]
        for name in header
    }
    return Rows(columns, [place for place, _ in objects])


def _parquet(path: Path) -> Rows:
    with warnings.catch_warnings(action="ignore"):  # pandas tells fastparquet of its next version
        from fastparquet import ParquetFile  # with pandas a second, which no other format needs
    try:
        table = ParquetFile(str(path)).to_pandas()
    except Exception:  # whatever a damaged file makes its reader stumble over
        raise ConfigError(f"{path.name}: not a whole Parquet file") from None
    places = [f"row {k}" for k in range(1, len(table) + 1)]
    columns = {}
    for name in _header(path.name, [str(column) for column in table.columns]):
        column = table[name].astype(object)
        cells = column.where(column.notna(), None).tolist()
        columns[name] = [
            _cell(cell, f"{path.name} {place}, {name}") for place, cell in zip(places, cells, strict=True)
        ]
    return Rows(columns, places)
