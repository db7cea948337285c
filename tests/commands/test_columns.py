"""The description of the tables: every column of every committed table is in it, and it is up to date."""

import csv
import subprocess
import sys

import pytest

from pipeline import ROOT
from pipeline.commands import columns


@pytest.mark.committed
def test_every_column_of_a_committed_table_is_described():
    described = {table: set(said["columns"]) for table, said in columns.described().items()}
    unknown, seen = set(), set()
    for path in (ROOT / "results").glob("*/tables/*/*.csv"):
        with path.open() as file:
            header = next(csv.reader(file))
        table = path.name.partition(".")[0]
        seen.add(table)
        unknown |= {(table, name) for name in set(header) - described.get(table, set())}
    assert len(seen) > 5 and not unknown


@pytest.mark.committed
def test_the_page_is_up_to_date():
    assert columns.FILE.read_text() == columns.page(), "run `python -m pipeline.commands.columns`"


@pytest.mark.committed
def test_its_example_runs():
    """On the committed tables, and answers in a moment."""
    (code,) = [part.partition("```")[0] for part in columns.page().split("```python\n")[1:]]
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "power_law" in done.stdout and "uniform" in done.stdout, done.stderr
