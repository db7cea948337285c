"""Write the page of a scale: claims, figures, runs and parameters in one HTML file, and its manifest.

python -m pipeline.stages.report --scale laptop --results results/laptop --experiments NAME ... --out FILE

Writes the FILE; beside it alone.html, the same with the drawings inside; and beyond.html about the statements
that are ours, unless the runs are on a table of facts.
"""

import argparse
from pathlib import Path

from pipeline.config.frozen import digest
from pipeline.findings import figures
from pipeline.report import beyond, page
from pipeline.report import facts as facts_page
from pipeline.stages import common
from pipeline.store import current, plan, provenance
from pipeline.store.artefacts import manifest_of, seal
from pipeline.store.files import write_atomically
from pipeline.tables.read import Tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    common.add_scale(parser)
    parser.add_argument("--results", type=Path, required=True, help="the scale's folder of results")
    common.add_experiments(parser)
    parser.add_argument("--out", type=Path, required=True, help="HTML file to write")
    args = parser.parse_args()
    params = common.parameters(args)
    tables = Tables.read(args.results / "tables", args.experiments)
    about = facts_page if tables.on_facts else page
    html, alone = about.render(args.scale, params, args.results, tables), args.out.with_name("alone.html")
    write_atomically(args.out, html)
    write_atomically(alone, page.alone(html, args.results / "figures"))
    written = [args.out.name, alone.name]
    if not tables.on_facts:
        ours = args.out.with_name("beyond.html")
        write_atomically(ours, beyond.render(args.scale, args.results, tables))
        written.append(ours.name)
    facts = provenance.made_from("report", args.results / "tables", tables.names)
    drawings = [] if tables.on_facts else figures.load()
    drawn = [args.results / "figures" / manifest_of(name) for name in drawings]
    asked = [path for path in [args.results / manifest_of("answers")] if path.exists()]
    beside = plan.beside(args.scale, args.results).values()
    others = [path.parent / manifest_of("claims") for path in beside]
    facts["inputs"] |= {
        "shown": current.checksum_of([args.results / manifest_of("claims"), *drawn, *asked, *others]),
        "parameters": digest(params.model_dump(mode="json")),
    }
    seal(args.out.parent, written, **facts)


if __name__ == "__main__":
    common.run_stage(main)
