"""Gather the measured tables of experiments from the run folders of a scale.

    python -m pipeline.stages.tables --scale laptop --experiments phases --results results/laptop \
        --out results/laptop/tables

Writes a folder an experiment (pipeline/tables/read.py says what is in it). An experiment that joins
another is in the other's.
"""

import argparse
from pathlib import Path

from pipeline.config.errors import ConfigError
from pipeline.config.experiments import expand
from pipeline.stages import common
from pipeline.store import code, current, plan, provenance
from pipeline.tables.gather import gather, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--results", type=Path, required=True, help="folder of the scale's results")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--experiments", nargs="+", metavar="NAME", help="those to gather (default: all)")
    args = parser.parse_args()
    params = common.parameters(args)
    known, digests = plan.names(params), plan.digests(params)
    for name in args.experiments or ():
        if name not in known:
            raise ConfigError(f"experiments: given {name!r}, allowed: {', '.join(known)}")
    gathered = {name: gather(params, args.results, name) for name in args.experiments or known}
    planned = expand(params)
    for name, tables in gathered.items():
        sources = current.measured(args.results, params, planned, name)
        inputs = {
            "code": code.digest("tables"),
            "cases": current.cases(planned, name),
            "measured": current.checksum_of(sources),
        }
        write(tables, args.out, digests, inputs=inputs, environment=provenance.environment())
        if mixed := current.origin(args.out / name).mixed:
            print(f"warning: {name}: runs differ in {', '.join(mixed)}, and so by rounding")
        print(f"{name}: {len(tables.runs)} runs, {len(tables.curves) + len(tables.toy)} rows of curves")


if __name__ == "__main__":
    common.run_stage(main)
