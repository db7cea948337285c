"""Put the measured numbers of a scale into the README, between its two markers; write docs/findings.md.

python -m pipeline.commands.readme --results results/laptop --readme README.md --findings docs/findings.md
"""

import argparse
import functools
from pathlib import Path

from pipeline.findings import ledger
from pipeline.report import beside, beyond, summary
from pipeline.stages import common
from pipeline.store.files import write_atomically
from pipeline.tables.read import Tables


@functools.cache
def _judged(results: Path) -> Tables:
    """The tables on which the claims were judged."""
    return Tables.read(results / "tables", ledger.judged_on(results / "claims.json"))


def numbers(results: Path) -> str:
    """The README's block of numbers."""
    claims, tables = results / "claims.json", _judged(results)
    others = beside.others(results.name, results)
    return summary.block(tables, ledger.read(claims), f"results/{results.name}", others)


def findings(results: Path) -> str:
    """docs/findings.md."""
    return beyond.markdown(results.name, results, _judged(results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--results", type=Path, required=True, help="folder of the scale's results")
    parser.add_argument("--readme", type=Path, required=True, help="file to change")
    parser.add_argument("--findings", type=Path, required=True, help="file to write")
    args = parser.parse_args()
    write_atomically(args.readme, summary.insert(args.readme.read_text(), numbers(args.results)))
    write_atomically(args.findings, findings(args.results))


if __name__ == "__main__":
    common.run_stage(main)
