"""A control on committed results, with a known answer."""

import pytest

from pipeline import ROOT
from pipeline.config import scales
from pipeline.findings.fine_tuning.trajectories import trajectories
from pipeline.tables.memory import TOY_SIZES
from pipeline.tables.read import Tables


@pytest.mark.committed
def test_the_memory_collapses_and_does_not_recover():
    """As in the paper (Figures Q, R: .34 at the end with 1,024 new pairs, without a rise), at its size: what
    finds a rebound in language models (C40) finds none where there is none."""
    tables = Tables.read(ROOT / "results" / scales.DEFAULT / "tables", ["toy"])
    rows = trajectories(tables, TOY_SIZES)
    most = rows[rows.new == rows.new.max()]
    assert (most["first"] > 0.99).all() and (most["last"] < 0.5).all()
    assert (rows.rebound - rows.trough).max() < 0.01
