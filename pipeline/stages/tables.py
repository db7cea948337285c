"""Gather the measured tables of a scale from its run folders.

python -m pipeline.stages.tables --scale laptop --results results/laptop --out results/laptop/tables
"""

import argparse
from pathlib import Path

from pipeline import config as cfg
from pipeline.analysis.tables import gather
from pipeline.files import write_atomically
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--results", type=Path, required=True, help="folder of the scale's results")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    try:
        tables = gather(cfg.load(args.scale, args.params), args.results)
    except FileNotFoundError as error:
        raise common.StageError(
            f"{error.filename}: missing; run `snakemake --cores all` to make it"
        ) from None
    for name, table in tables.items():
        write_atomically(args.out / f"{name}.csv", table.to_csv(index=False, float_format="%.8g"))
        print(f"{name}: {len(table)} rows")


if __name__ == "__main__":
    common.run_stage(main)
