"""Judge every claim of the paper on the measured tables.

    python -m pipeline.stages.claims --tables FOLDER --experiments NAME ... --out FILE

Writes a JSON list, one entry a claim: id, statement, verdict, value, interval (95 %, over seeds), paper,
seeds, runs, figure, origin; its manifest; and, small enough to compare between commits, metrics.json and
learning.csv beside it. Prints how many claims have each verdict; a red one is a
result, not an error.
"""

import argparse
import collections
import json
from pathlib import Path

from pipeline.analysis.metrics import learning_curve, metrics
from pipeline.analysis.tables import Tables
from pipeline.claims import ledger
from pipeline.claims.verdict import VERDICTS
from pipeline.files import write_atomically
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_tables(parser)
    parser.add_argument("--out", type=Path, required=True, help="file to write, claims.json")
    args = parser.parse_args()
    tables = Tables.read(args.tables, args.experiments)
    entries = ledger.judge_all(tables)
    learned = learning_curve(tables).to_csv(index=False, float_format="%.6g")
    write_atomically(args.out.with_name("learning.csv"), learned)
    numbers = json.dumps(metrics(tables, entries), indent=1)
    write_atomically(args.out.with_name("metrics.json"), numbers + "\n")
    ledger.write(
        entries,
        args.out,
        ["learning.csv", "metrics.json"],
        **common.made_from("claims", args.tables, tables.names),
    )
    counts = collections.Counter(entry["verdict"] for entry in entries)
    for verdict in VERDICTS:
        print(f"{counts[verdict]:3} {verdict}")


if __name__ == "__main__":
    common.run_stage(main)
