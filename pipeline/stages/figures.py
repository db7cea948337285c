"""Draw the figures of the report from the measured tables.

    python -m pipeline.stages.figures --tables FOLDER --out FOLDER --figures phases/three_phases ...

Writes CHAPTER/FIGURE.svg, CHAPTER/FIGURE.png, the curves as CHAPTER/FIGURE.js, and their checksums.
"""

import argparse
import functools
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from pipeline.findings import drawing, explore, figures, style
from pipeline.stages import common
from pipeline.store import provenance
from pipeline.store.artefacts import manifest_of, seal
from pipeline.store.files import atomic_path, write_atomically
from pipeline.tables.read import Tables


def draw(names: Sequence[str], tables: Tables, out: Path, made_from: dict[str, Any]) -> None:
    """Write these figures and their manifests."""
    for name in names:
        figure = drawing.draw(figures.load()[name], tables)
        path = out / name
        for kind in ("svg", "png"):
            with atomic_path(path.with_suffix(f".{kind}")) as temporary:
                style.save(figure, temporary, kind)
        write_atomically(path.with_suffix(".js"), explore.script(name, figure))
        files = [f"{path.name}.{kind}" for kind in ("svg", "png", "js")]
        seal(path.parent, files, manifest_of(path.name), **made_from)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_tables(parser)
    every = list(figures.load())
    parser.add_argument("--figures", nargs="+", choices=every, default=every, help="which (default: all)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--processes", type=int, default=1, help="that draw (default: 1)")
    args = parser.parse_args()
    tables = Tables.read(args.tables, args.experiments)
    made_from = provenance.made_from("figures", args.tables, tables.names)
    task = functools.partial(draw, tables=tables, out=args.out, made_from=made_from)
    with ProcessPoolExecutor(args.processes) as pool:
        list(pool.map(task, (args.figures[k :: args.processes] for k in range(args.processes))))


if __name__ == "__main__":
    common.run_stage(main)
