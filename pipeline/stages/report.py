"""Write the page of a scale: claims, figures, runs and parameters in one HTML file, its drawings beside it.

python -m pipeline.stages.report --scale laptop --results results/laptop --experiments NAME ... --out FILE

Writes the FILE, and beside it alone.html, the same with the drawings inside.
"""

import argparse
from pathlib import Path

from pipeline.config import scales
from pipeline.files import write_atomically
from pipeline.report import page
from pipeline.stages import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--results", type=Path, required=True, help="the scale's folder of results")
    common.add_experiments(parser)
    parser.add_argument("--out", type=Path, required=True, help="HTML file to write")
    args = parser.parse_args()
    params = scales.load(args.scale, args.params)
    html = page.render(args.scale, params, args.results, args.experiments)
    write_atomically(args.out, html)
    write_atomically(args.out.with_name("alone.html"), page.alone(html, args.results / "figures"))


if __name__ == "__main__":
    common.run_stage(main)
