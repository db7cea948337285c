"""Draw one figure of the report from the measured tables.

    python -m pipeline.stages.figures --figure fig2 --tables FOLDER --out FOLDER

Writes FIGURE.svg and FIGURE.png.
"""

import argparse
from pathlib import Path

from pipeline.analysis.tables import Tables
from pipeline.figures import FIGURES, style
from pipeline.files import atomic_path
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--figure", required=True, choices=list(FIGURES), help="which figure")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the tables stage")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    try:
        fig = FIGURES[args.figure].draw(Tables.read(args.tables))
    except FileNotFoundError as error:
        raise common.StageError(f"{args.figure}: {error}") from None
    for kind in ("svg", "png"):
        with atomic_path(args.out / f"{args.figure}.{kind}") as temporary:
            style.save(fig, temporary, kind)


if __name__ == "__main__":
    common.run_stage(main)
