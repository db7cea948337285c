import pytest

from pipeline.analysis.tables import Tables
from tests.figures.synthetic_tables import build


@pytest.fixture(scope="session")
def tables() -> Tables:
    return build()
