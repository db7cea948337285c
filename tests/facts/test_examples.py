"""The example tables are taken as they are: a user begins with them."""

import pytest

from pipeline import ROOT
from pipeline.config.facts import table


@pytest.mark.parametrize(("name", "rows", "attributes"), [("cities", 2500, 5), ("countries", 252, 5)])
def test_an_example_is_a_table_that_is_taken(name, rows, attributes):
    facts, errors = table.check(ROOT / "examples" / name)
    assert not errors and facts is not None
    assert len(facts) == rows and len(facts.values) == attributes and facts.frequencies
    assert "CC BY 4.0" in (ROOT / "examples" / name / "facts.yaml").read_text()
