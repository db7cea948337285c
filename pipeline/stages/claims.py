"""Judge every claim of the paper on the measured tables.

    python -m pipeline.stages.claims --tables FOLDER --out FILE

Writes a JSON list, one entry a claim: id, statement, verdict, value, interval (95 %, over seeds), paper,
seeds, runs, figure, origin; and its manifest. Prints how many claims have each verdict; a red one is a
result, not an error.
"""

import argparse
import collections
import json
from pathlib import Path

from pipeline.analysis.metrics import metrics
from pipeline.analysis.tables import TABLES, Tables
from pipeline.claims import ledger
from pipeline.claims.verdict import VERDICTS
from pipeline.files import write_atomically
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True, help=f"folder of {', '.join(TABLES)} (.csv)")
    parser.add_argument("--out", type=Path, required=True, help="file to write, claims.json")
    parser.add_argument("--metrics", type=Path, help="file of a few numbers to write, metrics.json")
    args = parser.parse_args()
    tables = Tables.read(args.tables)
    entries = ledger.judge_all(tables)
    ledger.write(entries, args.out, **common.made_from(args.tables))
    if args.metrics:
        write_atomically(args.metrics, json.dumps(metrics(tables, entries), indent=1) + "\n")
    counts = collections.Counter(entry["verdict"] for entry in entries)
    for verdict in VERDICTS:
        print(f"{counts[verdict]:3} {verdict}")


if __name__ == "__main__":
    common.run_stage(main)
