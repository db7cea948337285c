"""Draw the figures of the report from the measured tables.

    python -m pipeline.stages.figures --tables FOLDER --experiments NAME ... --out FOLDER --figures fig2 ...

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
    common.add_tables(parser)
    every = list(FIGURES)
    parser.add_argument("--figures", nargs="+", choices=every, default=every, help="which (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    tables = Tables.read(args.tables, args.experiments)
    made_from = common.made_from(args.tables, tables.names)
    for figure in args.figures:
        drawing = FIGURES[figure].draw(tables)
        files = [f"{figure}.{kind}" for kind in ("svg", "png")]
        for name in files:
            with atomic_path(args.out / name) as temporary:
                style.save(drawing, temporary, name.rpartition(".")[2])
        seal(args.out, files, manifest_of(figure), **made_from)


if __name__ == "__main__":
    common.run_stage(main)
