"""What a scale costs, before anything runs: steps, tokens, FLOPs, GPU hours, disk. Estimates.

python -m pipeline.commands.cost --scale paper-grid
python -m pipeline.commands.cost --scale paper-grid --write docs/*.md      between their markers
"""

import argparse
from pathlib import Path

from pipeline.config import scales
from pipeline.costs import documents as cost
from pipeline.stages import common
from pipeline.store.files import write_atomically


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument(
        "--write", type=Path, nargs="+", default=[], metavar="FILE", help="documents to renew"
    )
    args = parser.parse_args()
    made = cost.blocks(scales.load(args.scale, args.params))
    for path in args.write:
        write_atomically(path, cost.insert(path.read_text(), made))
    if not args.write:
        print("\n\n".join(made.values()))


if __name__ == "__main__":
    common.run_stage(main)
