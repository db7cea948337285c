"""Draw one figure of the report from the measured tables.

    python -m pipeline.stages.figures --figure fig2 --tables FOLDER --out FOLDER

Writes FIGURE.svg, FIGURE.png and their checksums.
"""

import argparse
from pathlib import Path

from pipeline.analysis.tables import Tables
from pipeline.artefacts import manifest_of, seal
from pipeline.figures import FIGURES, style
from pipeline.files import atomic_path
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--figure", required=True, choices=list(FIGURES), help="which figure")
    parser.add_argument("--tables", type=Path, required=True, help="folder of the tables stage")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    fig = FIGURES[args.figure].draw(Tables.read(args.tables))
    files = [f"{args.figure}.{kind}" for kind in ("svg", "png")]
    for name in files:
        with atomic_path(args.out / name) as temporary:
            style.save(fig, temporary, name.rpartition(".")[2])
    seal(args.out, files, manifest_of(args.figure), **common.made_from(args.tables))


if __name__ == "__main__":
    common.run_stage(main)
