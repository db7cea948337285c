"""Put the measured numbers of a scale into the README, between its two markers.

python -m pipeline.stages.readme --results results/laptop --readme README.md
"""

import argparse
from pathlib import Path

from pipeline.analysis.tables import Tables
from pipeline.claims import ledger
from pipeline.files import write_atomically
from pipeline.report import summary
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="folder of the scale's results")
    parser.add_argument("--readme", type=Path, required=True, help="file to change")
    args = parser.parse_args()
    tables = Tables.read(args.results / "tables")
    claims = ledger.read(args.results / "claims.json")
    text = summary.insert(args.readme.read_text(), summary.block(tables, claims))
    write_atomically(args.readme, text)


if __name__ == "__main__":
    common.run_stage(main)
