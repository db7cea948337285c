"""Gather the measured tables of a scale from its run folders.

python -m pipeline.stages.tables --scale laptop --results results/laptop --out results/laptop/tables
"""

import argparse
from pathlib import Path

from pipeline import config as cfg
from pipeline.analysis.metrics import learning_curve
from pipeline.analysis.tables import gather
from pipeline.files import write_atomically
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--results", type=Path, required=True, help="folder of the scale's results")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--experiments", nargs="+", metavar="NAME", help="those to gather (default: all)")
    parser.add_argument("--toy-seeds", nargs="*", type=int, help="those of the toy (default: all)")
    args = parser.parse_args()
    params = cfg.load(args.scale, args.params)
    if args.toy_seeds is not None:
        params = params.model_copy(update={"toy": params.toy.model_copy(update={"seeds": args.toy_seeds})})
    if args.experiments:
        named = {name: e for name, e in params.experiments.items() if name in args.experiments}
        params = params.model_copy(update={"experiments": named})
    tables = gather(params, args.results)
    tables.write(args.out, environment=common.provenance())
    learned = learning_curve(tables).to_csv(index=False, float_format="%.6g")
    write_atomically(args.out / "learning.csv", learned)
    print(f"{len(tables.runs)} runs, {len(tables.curves)} rows of curves")


if __name__ == "__main__":
    common.run_stage(main)
