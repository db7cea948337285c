import pytest

from pipeline.tables.read import Tables
from tests.findings.synthetic_tables import build


@pytest.fixture(scope="session")
def tables() -> Tables:
    return build()
