"""What of a user's table is read, refused and warned of: nothing is lost or changed without a word."""

import json

import fastparquet
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config.errors import ConfigError
from pipeline.config.facts import table
from tests.facts.tables import HEADER, SENTENCES, folder, rows, separated


def as_json(lines):
    return "\n".join(json.dumps({k: v for k, v in zip(HEADER, row, strict=True) if v}) for row in lines)


def test_a_table_is_read_whole(tmp_path):
    facts = table.read(folder(tmp_path))
    given = rows()
    assert facts.names == tuple(row[0] for row in given)
    assert list(facts.values) == ["country", "river"]
    assert facts.values["river"] == tuple(row[2] for row in given)
    assert facts.frequencies == tuple(float(row[3]) for row in given)
    assert facts.held_out == tuple(row[4] == "1" for row in given)
    assert "cities.csv, river: 10 of 40 rows have none, and no sentence about it" in facts.warnings


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet", "csv with a mark", "csv of Windows"])
def test_the_format_does_not_matter(tmp_path, form):
    plain = table.read(folder(tmp_path / "plain"))
    suffix = form.split()[0]
    lines = [HEADER, *rows()]
    content: str | bytes = separated(lines, "\t" if suffix == "tsv" else ",")
    if suffix == "jsonl":
        content = as_json(rows())
    elif suffix == "parquet":
        fastparquet.write(str(tmp_path / "t.parquet"), pd.DataFrame(rows(), columns=HEADER))
        content = (tmp_path / "t.parquet").read_bytes()
    elif form == "csv with a mark":
        content = b"\xef\xbb\xbf" + separated(lines).encode()
    elif form == "csv of Windows":
        content = separated(lines).replace("\r\n", "\n").replace("\n", "\r\n")
    other = table.read(folder(tmp_path / "other", content, f"t.{suffix}"))
    assert other == plain.__class__(**{**plain.__dict__, "spec": other.spec, "warnings": []})
    assert other.digest == plain.digest


@pytest.mark.parametrize("change", ["name", "value", "order", "template", "frequency", "held out"])
def test_whatever_decides_a_draw_is_in_the_digest(tmp_path, change):
    lines, sentences = rows(), SENTENCES
    if change == "name":
        lines[3][0] = "Elsewhere"
    elif change == "value":
        lines[3][1] = "Land 4"
    elif change == "order":
        lines.reverse()
    elif change == "frequency":
        lines[3][3] = "1001"
    elif change == "held out":
        lines[3][4] = "1"
    else:
        sentences = SENTENCES | {"country": [*SENTENCES["country"][:3], "[X] belongs to [Y]."]}
    other = table.read(folder(tmp_path / "b", separated([HEADER, *lines]), attributes=sentences))
    assert other.digest != table.read(folder(tmp_path / "a")).digest


def changed(row, column, text):
    lines = [list(HEADER), *rows()]
    lines[row][HEADER.index(column)] = text
    return separated(lines)


ERRORS = {
    "a name twice": (changed(9, "city", "City 3"), "line 10, city: a name that an earlier row has"),
    "no name": (changed(9, "city", " "), "line 10, city: no name"),
    "a line break": (changed(9, "river", "a\nb"), "line 11, river: a line break"),
    "no number": (changed(2, "people", "many"), "line 3, people: given no number"),
    "less than nothing": (changed(2, "people", "-1"), "line 3, people: given no number"),
    "not finite": (changed(2, "people", "inf"), "line 3, people: given no number"),
    "no mark": (changed(2, "apart", "maybe"), "line 3, apart: given another text"),
    "a cell too few": (separated([HEADER, *rows()]) + "City 99,Land 1\r\n", "line 42: 2 cells, allowed: 5"),
    "a quote left open": (separated([HEADER, *rows()]) + '"City 99,Land 1\r\n', "is a quote not closed?"),
    "Latin 1": (
        separated([HEADER, *rows()]).replace("Land 2", "Länd", 1).encode("latin-1"),
        "line 4: not UTF-8",
    ),
    "few rows": (separated([HEADER, *rows(15)]), "15 rows, allowed: 16 or more"),
    "no rows": (separated([HEADER]), "0 rows, allowed: 16 or more"),
    "nothing": ("", "empty, allowed: a header and rows"),
    "a column twice": (
        separated([[*HEADER, "city"], *([*row, "x"] for row in rows())]),
        "'city' is there twice",
    ),
    "a column without a name": (
        separated([[*HEADER, ""], *([*row, "x"] for row in rows())]),
        "column 6 has no name",
    ),
    "one value": (separated([HEADER, *([r[0], "Land", *r[2:]] for r in rows())]), "only the value 'Land'"),
    "no value": (separated([HEADER, *([*r[:2], "", *r[3:]] for r in rows())]), "river: no value"),
    "all held out": (separated([HEADER, *([*r[:4], "1"] for r in rows())]), "all rows are alike"),
    "never met": (separated([HEADER, *([*r[:3], "0", r[4]] for r in rows())]), "all 0, allowed: some that"),
    "a silent row": (
        separated([HEADER, ["Nowhere", "", "", "1", "0"], *rows()]),
        "line 2, all attributes: no value",
    ),
    "semicolons": (separated([HEADER, *rows()], ";"), "column 'city' is not in cities.csv"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_refused_is_named_with_its_place(tmp_path, case):
    content, said = ERRORS[case]
    facts, errors = table.check(folder(tmp_path, content))
    assert facts is None and any(said in error for error in errors), errors
    with pytest.raises(ConfigError):
        table.read(tmp_path)


JSON_ERRORS = {
    "several values": (
        '{"city": "A", "country": ["B", "C"]}',
        "line 1, country: given ['B', 'C'], allowed: one value",
    ),
    "an object": ('{"city": "A", "country": {"a": 1}}', "allowed: one value a cell"),
    "a list": ('["A", "B"]', "line 1: given ['A', 'B'], allowed: an object"),
    "half a line": ('{"city": "A"', "line 1: not a JSON object on one line"),
    "a key twice": ('{"city": "A", "city": "B"}', "line 1: a key twice"),
}


@pytest.mark.parametrize("case", JSON_ERRORS)
def test_json_lines_that_are_refused(tmp_path, case):
    content, said = JSON_ERRORS[case]
    _, errors = table.check(folder(tmp_path, content, "t.jsonl"))
    assert len(errors) == 1 and said in errors[0], errors


SPEC_ERRORS = {
    "no value in it": (
        {"country": ["[X] lies there.", "[X] a [Y].", "[X] b [Y]."]},
        "allowed: [X] once, then [Y]",
    ),
    "the value first": (
        {"country": ["[Y] has [X].", "[X] a [Y].", "[X] b [Y]."]},
        "allowed: [X] once, then [Y]",
    ),
    "two sentences": ({"country": ["[X] lies in [Y].", "[X] a [Y]."]}, "at least 3"),
    "the same twice": ({"country": ["[X] a [Y].", "[X] a [Y].", "[X] b [Y]."]}, "twice, allowed: once"),
    "nothing between": ({"country": ["[X] [Y].", "[X] a [Y].", "[X] b [Y]."]}, "allowed: words between"),
    "alike up to the value": (
        {
            "country": ["[X] is [Y].", "[X] a [Y].", "[X] b [Y]."],
            "river": ["[X] is [Y]!", "[X] c [Y].", "[X] d [Y]."],
        },
        "is as one of country up to the value",
    ),
    "no attributes": ({}, "at least 1"),
    "an unknown column": (
        {"sea": SENTENCES["river"]},
        "column 'sea' is not in cities.csv, allowed: city, country",
    ),
    "the name as a fact": ({"city": SENTENCES["river"]}, "column 'city' is named twice"),
}


@pytest.mark.parametrize("case", SPEC_ERRORS)
def test_sentences_and_columns_that_are_refused(tmp_path, case):
    attributes, said = SPEC_ERRORS[case]
    _, errors = table.check(folder(tmp_path, attributes=attributes))
    assert len(errors) == 1 and said in errors[0], errors


def test_folders_without_a_spec_or_a_table(tmp_path):
    assert "--init" in table.check(tmp_path)[1][0]
    path = folder(tmp_path / "a")
    (path / "cities.csv").unlink()
    assert "no such file" in table.check(path)[1][0]
    assert "allowed: .csv, .tsv, .jsonl, .parquet" in table.check(folder(tmp_path / "b", "x", "t.xlsx"))[1][0]
    assert "not a whole Parquet file" in table.check(folder(tmp_path / "c", "x", "t.parquet"))[1][0]


WARNINGS = {
    "accents apart": (
        changed(9, "country", "Lande\u0301"),
        "letters with accents apart, which are joined (line 10)",
    ),
    "spaces": (changed(9, "country", " Land 3"), "spaces around the text, several in a row or wide ones"),
    "spaces between": (changed(9, "city", "City\u00a0\u2003 3b"), "several in a row or wide ones"),
    "capitals": (changed(9, "city", "CITY 3"), "differs from an earlier one in capitals only (line 10)"),
    "capitals of values": (changed(9, "country", "LAND 3"), "1 values differ from another in capitals only"),
    "a beginning": (
        changed(9, "country", "Land 33"),
        "1 values begin a longer one, as 'Land 3' does 'Land 33'",
    ),
    "a long cell": (changed(9, "country", "L" * 121), "more than 120 characters"),
    "lists in cells": (
        separated([HEADER, *([*r[:2], "a;b" if k % 2 else "c|d", *r[3:]] for k, r in enumerate(rows()))]),
        "is that several values?",
    ),
    "few": (separated([HEADER, *rows()]), "40 rows: with fewer than some 200 there may be no plateau"),
    "a column more": (
        separated([[*HEADER, "mayor"], *([*row, "x"] for row in rows())]),
        "not used: mayor",
    ),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_what_is_doubtful_is_told(tmp_path, case):
    content, said = WARNINGS[case]
    assert any(said in warning for warning in table.read(folder(tmp_path, content)).warnings)


CELLS = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=16, max_size=24))
def test_any_cells_come_back_or_are_refused(tmp_path, cells):
    """Whatever the text, in other scripts too: the table is refused, or has every cell but for spaces around
    it and how its accents are written."""
    content = separated([HEADER[:3], *cells])
    path = folder(tmp_path, content, frequencies=None, held_out=None)
    facts, errors = table.check(path)
    assert (facts is None) == bool(errors) and all(error.isprintable() for error in errors)
    if facts is not None:
        found = list(zip(facts.names, *facts.values.values(), strict=True))
        assert len(found) == len(cells)
        changed = any("accents" in w or "spaces" in w for w in facts.warnings)
        assert found == cells or changed


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["csv", "tsv", "jsonl", "parquet"]))
def test_any_bytes_are_refused_in_one_line(tmp_path, content, suffix):
    facts, errors = table.check(folder(tmp_path, content, f"t.{suffix}"))
    assert facts is None and errors and all("\n" not in error for error in errors)
