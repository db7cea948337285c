"""Judge every claim of the paper on the measured tables.

    python -m pipeline.stages.claims --tables FOLDER --out FILE

Writes a JSON list, one entry a claim: id, statement, verdict, value, interval (95 %, over seeds), paper,
seeds, runs, figure, origin. Prints how many claims have each verdict; a red one is a result, not an error.
"""

import argparse
import collections
import json
from pathlib import Path

from pipeline.analysis.tables import TABLES, Tables
from pipeline.claims.ledger import judge_all
from pipeline.claims.verdict import VERDICTS
from pipeline.files import write_atomically
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True, help=f"folder of {', '.join(TABLES)} (.csv)")
    parser.add_argument("--out", type=Path, required=True, help="file to write, claims.json")
    args = parser.parse_args()
    for name in TABLES:
        if not (args.tables / f"{name}.csv").is_file():
            raise common.StageError(
                f"{args.tables / name}.csv: missing, run the analysis of this scale first"
            )
    entries = judge_all(Tables.read(args.tables))
    write_atomically(args.out, json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    counts = collections.Counter(entry["verdict"] for entry in entries)
    for verdict in VERDICTS:
        print(f"{counts[verdict]:3} {verdict}")


if __name__ == "__main__":
    common.run_stage(main)
