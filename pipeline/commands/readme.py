"""Put the measured numbers of a scale into the README, between its two markers.

python -m pipeline.commands.readme --results results/laptop --readme README.md
"""

import argparse
from pathlib import Path

from pipeline.findings import ledger
from pipeline.report import beside, summary
from pipeline.stages import common
from pipeline.store.files import write_atomically
from pipeline.tables.read import Tables


def numbers(results: Path) -> str:
    """The block of numbers, from the tables on which the claims were judged."""
    claims = results / "claims.json"
    tables = Tables.read(results / "tables", ledger.judged_on(claims))
    others = beside.others(results.name, results)
    return summary.block(tables, ledger.read(claims), f"results/{results.name}", others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="folder of the scale's results")
    parser.add_argument("--readme", type=Path, required=True, help="file to change")
    args = parser.parse_args()
    write_atomically(args.readme, summary.insert(args.readme.read_text(), numbers(args.results)))


if __name__ == "__main__":
    common.run_stage(main)
