"""Draw the figures of the report from the measured tables.

    python -m pipeline.stages.figures --tables FOLDER --experiments NAME ... --out FOLDER --figures fig2 ...

Writes FIGURE.svg, FIGURE.png and their checksums.
"""

import argparse
import functools
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from pipeline.analysis.tables import Tables
from pipeline.artefacts import manifest_of, seal
from pipeline.figures import FIGURES, style
from pipeline.files import atomic_path
from pipeline.stages import common


def draw(figures: Sequence[str], tables: Tables, out: Path, made_from: dict[str, Any]) -> None:
    """Write these figures and their manifests."""
    for figure in figures:
        drawing = FIGURES[figure].draw(tables)
        files = [f"{figure}.{kind}" for kind in ("svg", "png")]
        for name in files:
            with atomic_path(out / name) as temporary:
                style.save(drawing, temporary, name.rpartition(".")[2])
        seal(out, files, manifest_of(figure), **made_from)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_tables(parser)
    every = list(FIGURES)
    parser.add_argument("--figures", nargs="+", choices=every, default=every, help="which (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--processes", type=int, default=1, help="that draw (default: 1)")
    args = parser.parse_args()
    tables = Tables.read(args.tables, args.experiments)
    made_from = common.made_from("figures", args.tables, tables.names)
    task = functools.partial(draw, tables=tables, out=args.out, made_from=made_from)
    with ProcessPoolExecutor(args.processes) as pool:
        list(pool.map(task, (args.figures[k :: args.processes] for k in range(args.processes))))


if __name__ == "__main__":
    common.run_stage(main)
