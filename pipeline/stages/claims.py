"""Judge every claim of the paper on the measured tables.

    python -m pipeline.stages.claims --tables FOLDER --out FILE

Writes a JSON list, one entry a claim: id, statement, verdict, value, interval (95 %, over seeds), paper,
seeds, runs, figure, origin; and its manifest. Prints how many claims have each verdict; a red one is a
result, not an error.
"""

import argparse
import collections
from pathlib import Path

from pipeline.analysis.tables import TABLES, Tables
from pipeline.claims import ledger
from pipeline.claims.verdict import VERDICTS
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True, help=f"folder of {', '.join(TABLES)} (.csv)")
    parser.add_argument("--out", type=Path, required=True, help="file to write, claims.json")
    args = parser.parse_args()
    entries = ledger.judge_all(Tables.read(args.tables))
    ledger.write(entries, args.out, **common.made_from(args.tables))
    counts = collections.Counter(entry["verdict"] for entry in entries)
    for verdict in VERDICTS:
        print(f"{counts[verdict]:3} {verdict}")


if __name__ == "__main__":
    common.run_stage(main)
