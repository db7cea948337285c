"""The scales' numbers without a unit beside the paper's, from plans and committed tables: docs/scales.md; and
what scales cost, for the README.

python -m pipeline.commands.scales            writes both
"""

import argparse

from pipeline import ROOT
from pipeline.config import scales
from pipeline.config.experiments import Params, expand
from pipeline.costs import documents, estimate, measured, units
from pipeline.stages import common
from pipeline.store.artefacts import MANIFEST, ArtefactError, verify
from pipeline.store.files import write_atomically
from pipeline.store.plan import digests
from pipeline.tables.read import Tables

PAGE = "docs/scales.md"
BLOCK = "cost of the scales"  # of the README
CORES = 2  # of the machine that its hours are for
MOST_HOURS = 100  # beyond, hours of two cores say nothing
OMITTED = ("smoke",)  # it measures nothing
HEAD = """# The scales beside the paper

A scale is smaller than the paper, and may still train in the same regime: its numbers without a unit tell.
They are the default run's; where an experiment has several settings, all of these are listed. Measured ones
are means over the seeds of the committed tables, with their 95 % intervals; a dash where there are no tables.
b is the no-knowledge baseline, and t(0.99) the end of the plateau, the step at which the loss on known people
first falls below 0.99 b. What a scale needs is set in `pipeline/costs/units.yaml`.

Made by `python -m pipeline.commands.scales`; a test fails where this page is out of date.
"""


def tables_of(scale: str, params: Params) -> Tables | None:
    """The tables of a scale's present parameters that the numbers take; None where there are none."""
    folder, current = ROOT / "results" / scale / "tables", digests(params)
    found = [
        name
        for name in measured.READS
        if (folder / name / MANIFEST).exists() and verify(folder / name).get("plan") == current.get(name)
    ]
    return Tables.read(folder, found) if found else None


def _column(scale: str) -> list[units.Row]:
    params = scales.load(scale)
    return measured.beside_the_paper(scale, params, tables_of(scale, params))


def _cell(row: units.Row) -> str:
    return f"{row.ours}<br>{row.verdict}" if row.needs else row.ours


def page() -> str:
    """The page, with a column a scale."""
    columns = {scale: _column(scale) for scale in scales.of_drawn_people() if scale not in OMITTED}
    lines = [["", "the paper", *(f"`{scale}`" for scale in columns), "the paper's from"]]
    lines += [["---"] * len(lines[0])]
    for mine in zip(*columns.values(), strict=True):
        lines.append([mine[0].name, mine[0].paper, *map(_cell, mine), mine[0].source])
    return "\n".join([HEAD, *(documents.row(*cells) for cells in lines), ""])


def _hours(x: float) -> str:
    if x >= MOST_HOURS:
        return "GPUs"
    return "minutes" if x < 0.1 else f"{x:.2g}"


def _costs(scale: str, rate: estimate.Rate) -> list[str]:
    """People, model, and the cost of the core experiments and of all."""
    params = scales.load(scale)
    default, parts = expand(params)[0].config, estimate.of_experiments(params)
    core = [cost for name, cost in parts.items() if not params.experiments[name].extended]
    whole = [sum(some, estimate.Cost()) for some in (core, parts.values())]
    hours = [rate.hours(cost) / CORES for cost in whole]

    def told(values: list[str]) -> str:
        """One where nothing is extended."""
        return " / ".join(dict.fromkeys(values))

    return [
        f"`{scale}`",
        f"{default.population.individuals:,}",
        f"{default.model.layers} × {default.model.width}",
        told([f"{cost.runs:,}" for cost in whole]),
        told([estimate.amount(cost.all_flops) for cost in whole]),
        told([_hours(x) for x in hours]),
    ]


def table() -> str:
    """The README's table of scales. Raises ArtefactError where the default scale has no tables."""
    rate = estimate.measured_rate(ROOT / "results" / scales.DEFAULT / "tables")
    if rate is None:
        raise ArtefactError(f"results/{scales.DEFAULT}/tables: none, so no run tells how fast a core is")
    lines = [["scale", "people", "layers × width", "runs", "FLOP", f"hours on {CORES} cores"], ["---"] * 6]
    lines += [_costs(scale, rate) for scale in scales.of_drawn_people()]
    return "\n".join(
        [
            *(documents.row(*cells) for cells in lines),
            "",
            "Runs, FLOP and hours: of the core experiments / of all. Hours are by formula, with runs that "
            "end early as whole ones,",
            f"at {rate}.",
        ]
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    write_atomically(ROOT / PAGE, page())
    readme = ROOT / "README.md"
    write_atomically(readme, documents.insert(readme.read_text(), {BLOCK: table()}))


if __name__ == "__main__":
    common.run_stage(main)
