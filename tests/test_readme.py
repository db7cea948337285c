"""The README quotes what was measured."""

import json

import pytest

from pipeline import config as cfg
from pipeline.analysis.tables import Tables
from pipeline.report import summary


def test_the_readmes_numbers_come_from_the_committed_results():
    results = cfg.ROOT / "results" / cfg.DEFAULT_SCALE
    claims = json.loads((results / "claims.json").read_text())
    block = summary.block(Tables.read(results / "tables"), claims)
    assert block in (cfg.ROOT / "README.md").read_text(), "run `make readme`"


def test_the_block_is_replaced_between_its_markers():
    old = "a\n<!-- results: begin (made) -->\nold\n<!-- results: end -->\nb\n"
    assert summary.insert(old, "new\n") == old.replace("old", "new")
    with pytest.raises(ValueError, match="markers"):
        summary.insert("no markers", "new")
