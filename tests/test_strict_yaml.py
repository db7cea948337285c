"""Parameters and claims are read alike by everyone, or refused in one line with the line's number."""

import os
import time

import pytest

from pipeline.config import scales, strict_yaml
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import expand
from pipeline.findings import ledger
from tests import params

TRAPS = [
    "010",
    "-07",
    "09",
    "0x1F",
    "0o17",
    "0b11",
    "1_000",
    "1_0.5",
    ".5_0",
    "16:40",
    "1:30.5",
    "2024-01-01",
]
TRAPS += ["2001-12-14t21:59:43.10-05:00", *"yes Yes NO no on Off".split()]
PLAIN = {
    "1e-3": 0.001,
    "1.5e3": 1500.0,
    "-2E+2": -200.0,
    "0": 0,
    "-7": -7,
    "0.5": 0.5,
    "true": True,
    "~": None,
}
PLAIN |= {
    "1e": "1e",
    "y": "y",
    "N": "N",
    "64-x8": "64-x8",
    "rate-1/4": "rate-1/4",
    "e5": "e5",
    "12:x": "12:x",
    "_": "_",
    "not": "not",
}


def read(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return strict_yaml.read(path)


def refusal(tmp_path, text) -> str:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    message = str(error.value)
    assert "\n" not in message and len(message) < 200
    return message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("seeds: [0]\nb: 1\nseeds: [1]\n", 3),
        ("a:\n  b:\n    - {seeds: 1, seeds: 2}\n", 3),
        ('a: {b: 1}\nc:\n  seeds: 1\n  "seeds": 2\n', 4),
        ("x: &x {a: 1}\ny:\n  <<: *x\n  seeds: 2\n  seeds: 3\n", 5),
    ],
)
def test_a_key_twice_is_refused_at_any_depth(tmp_path, text, line):
    assert refusal(tmp_path, text).startswith(f"params.yaml line {line}: key 'seeds' twice ")


def test_a_key_over_a_merged_one_is_not_twice(tmp_path):
    assert read(tmp_path, "x: &x {a: 1}\ny: {<<: *x, a: 2}\n") == {"x": {"a": 1}, "y": {"a": 2}}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_readers_differ_on_is_refused_with_its_line(tmp_path, trap):
    for text in (f"a: 1\nb: {trap}\n", f"a: 1\nb: [2, {trap}]\n", f"a: 1\n{trap}: 3\n"):
        message = refusal(tmp_path, text)
        assert message.startswith(f"params.yaml line 2: {trap} is not the same ") and "quote it" in message
    assert read(tmp_path, f"b: '{trap}'\n\"{trap}\": 1\n") == {"b": trap, trap: 1}


@pytest.mark.parametrize("plain", PLAIN)
def test_what_readers_agree_on_is_read(tmp_path, plain):
    assert read(tmp_path, f"[{plain}]") == [PLAIN[plain]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("seeds: [0]\n".encode("utf-16"), "line 1: not UTF-8"),
        ("seeds: [0]\n".encode("utf-16-le"), "line 1: holds '\\x00'"),
        ("a: 1\n# na\xefve\n".encode("latin-1"), "line 2: not UTF-8"),
        (b"a: 1\n\nb: \0\n", "line 3: holds '\\x00'"),
        (b"\xef\xbb\xbfa: 1\n", "begins with a byte order mark"),
        (b"a: " + b"9" * 5000, "not valid YAML"),
        (b"[" * 5000, "not valid YAML"),
        (b"a: 1\n--- \nb: 2\n", "line 2: not valid YAML"),
        (b"? [a, b]\n: 1\n", "not valid YAML"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, expected):
    assert expected in refusal(tmp_path, content)


def test_an_alias_within_its_anchor_ends(tmp_path):
    assert list(read(tmp_path, "a: &a\n  b: *a\n")) == ["a"]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "closed.yaml").write_text("a: 1")
    (tmp_path / "closed.yaml").chmod(0)
    others = [] if os.access(tmp_path / "closed.yaml", os.R_OK) else [tmp_path / "closed.yaml"]  # root may
    for path in (tmp_path / "none.yaml", tmp_path, *others):
        with pytest.raises(ConfigError, match=rf"^{path}: [a-z ]+; name a file that can be read$"):
            scales.load(params=path)


def test_a_number_in_scientific_notation_is_the_number(tmp_path):
    text = params.FILE.read_text()
    for old, new in (("1.0e-7", "1e-7"), ("steps: 100\n", "steps: 1e2\n"), ("1.0e-3", "1E-3")):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "params.yaml").write_text(text)
    same = expand(scales.load(params=tmp_path / "params.yaml"))
    assert [p.config.id for p in same] == [p.config.id for p in expand(params.load())]


def test_claims_are_read_by_the_same_reader(tmp_path):
    path = tmp_path / "claims.yaml"
    text = ledger.CLAIMS.read_text()
    path.write_text(text.replace("\n  origin: P\n", "\n  origin: P\n  origin: D\n", 1))
    with pytest.raises(ConfigError, match=r"claims\.yaml line \d+: key 'origin' twice"):
        ledger.load(path)
    path.write_text("a: 1\n")
    with pytest.raises(ConfigError, match="a list of claims is needed"):
        ledger.load(path)


def test_reading_is_quick():
    begin = time.perf_counter()
    strict_yaml.read(params.FILE)
    assert time.perf_counter() - begin < 0.5
