"""Tables lack nothing that the plan asks for, or are refused."""

import pytest

from pipeline.analysis.tables import Tables
from pipeline.artefacts import ArtefactError
from tests.figures.synthetic_tables import build


def test_written_and_read_alike(tmp_path):
    tables = build(seeds=2)
    tables.write(tmp_path)
    assert Tables.read(tmp_path).of("phases").shape == tables.of("phases").shape


@pytest.mark.parametrize("name", ["runs", "curves", "summary", "training"])
def test_a_missing_seed_is_refused_and_not_dropped(tmp_path, name):
    tables = build(seeds=3)
    gone = tables.of("phases").run.iloc[-1]
    table = getattr(tables, name)
    setattr(tables, name, table[table.run != gone])
    tables.write(tmp_path)
    with pytest.raises(ArtefactError, match=rf"{name}\.csv: no run {gone} \(experiment phases, seed 2\)"):
        Tables.read(tmp_path)
