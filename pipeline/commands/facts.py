"""A table of your own: begin with it, check it, see what training on it costs and answers.

    python -m pipeline.commands.facts --init FOLDER TABLE.csv   writes FOLDER/facts.yaml, scales/FOLDER.yaml
    python -m pipeline.commands.facts --check FOLDER            what is wrong, what is in it, what it costs
    python -m pipeline.commands.facts --answers SCALE           what its runs answer, once they are made
    python -m pipeline.commands.facts --remove SCALE            removes all that was made of the table

FOLDER lies in the project. Errors and warnings are a line each, with the row or the column. Exit code 2 where
something is wrong.
"""

import argparse
import shutil
import sys
from pathlib import Path

from pipeline import ROOT
from pipeline.commands import begin
from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import expand
from pipeline.config.facts import table
from pipeline.costs import estimate
from pipeline.data import tabled
from pipeline.findings import ledger
from pipeline.findings.facts import answers, expected
from pipeline.stages import common


def described(facts: table.Facts) -> list[str]:
    """What is in a table: rows, and of each attribute its values, their entropy and what determines them."""
    lines = [f"{len(facts):,} rows, {len(facts.values)} attributes; held out by the table: "]
    lines[0] += f"{sum(facts.held_out):,}" if facts.held_out else "none, so by the seed"
    columns = tabled.columns(facts)
    for column in columns:
        values, sentences = len(column.values), len(facts.spec.attributes[column.name])
        line = f"  {column.name}: {values:,} values, {column.rows / values:.3g} rows a value"
        line += f", entropy {column.alone:.3g} nats, {sentences} sentences"
        lines.append(line + (f", determined by {', '.join(column.by)}" if column.by else ""))
    mean = sum(column.entropy for column in columns) / len(columns)
    lines.append(f"baseline {mean:.4g} nats a value, the loss of a model that knows the columns and no row")
    if mean < (plain := sum(column.alone for column in columns) / len(columns)):
        lines[-1] += f" ({plain:.4g} without what columns tell of each other)"
    return lines


def costs(scale: str) -> list[str]:
    """When its plateau is expected to end, what a scale on the table trains, and for how long at the rate of
    the default scale's runs."""
    params = scales.load(scale)
    run = expand(params)[0].config
    people, batch = run.population.individuals, run.training.batch
    lines = []
    if met := expected.exposures(people, ROOT / "results" / scales.DEFAULT / "tables"):
        steps = met * people / batch
        share = steps / run.training.steps
        lines += [
            f"plateau: some {steps:,.0f} steps, {met:.2g} exposures of a row, {share:.0%} of the run;",
            f"  so it is of {people:,} drawn people, at the {scales.DEFAULT} scale's model and rate",
        ]
    total = sum(estimate.of_experiments(params).values(), estimate.Cost())
    line = f"scale {scale}: {total.runs} runs, {estimate.amount(total.all_flops)}FLOP"
    if rate := estimate.measured_rate(ROOT / "results" / scales.DEFAULT / "tables"):
        line += f", {rate.hours(total):.2g} process-hours at {rate}"
    return [*lines, line, f"  snakemake --cores all --config scale={scale}"]


def scales_on(folder: Path) -> list[str]:
    """The scales that are on the table of a folder."""
    found = []
    for name in scales.names():
        who = scales.load(name).defaults.get("population", {})
        facts = who.get("facts") or {}
        if facts and (ROOT / facts["folder"]).resolve() == folder.resolve():
            found.append(name)
    return found


def check(folder: Path) -> None:
    facts, errors = table.check(folder)
    for error in errors[:-1]:
        print(f"error: {error}", file=sys.stderr)
    if facts is None:
        raise ConfigError(errors[-1])
    lines = [*(f"warning: {warning}" for warning in facts.warnings), *described(facts)]
    for scale in scales_on(folder):
        lines += costs(scale)
    print("\n".join(lines))


def _on_facts(scale: str) -> None:
    """Raises ConfigError for a scale that is not on a table."""
    if not scales.load(scale).on_facts:
        raise ConfigError(f"scale: given {scale!r}, allowed: one with population.facts")


def remove(scale: str) -> list[Path]:
    """Remove populations, runs, tables, answers, page and logs of a scale on a table; returns what is gone.
    The table and the scale's file stay. Raises ConfigError for another scale."""
    _on_facts(scale)
    kept = ROOT / ".snakemake"
    made = [ROOT / "results" / scale, ROOT / "logs" / scale, kept / "stale" / scale]
    made += sorted((kept / "calls").glob(f"{scale}-??????????.json"))
    gone = [path for path in made if path.exists()]
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return gone


def given(scale: str) -> list[str]:
    """The answers of a scale, as lines. Raises ConfigError for one without."""
    _on_facts(scale)
    path = ROOT / "results" / scale / "claims.json"
    if not path.exists():
        raise ConfigError(f"{scale}: no answers; `snakemake --cores all --config scale={scale}` makes them")
    return answers.told(ledger.read(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--init", nargs=2, metavar=("FOLDER", "TABLE"), help="begin with a table")
    what.add_argument("--check", metavar="FOLDER", help="check a folder")
    what.add_argument("--answers", metavar="SCALE", help="print what the runs of a scale answer")
    what.add_argument("--remove", metavar="SCALE", help="remove what was made of a table")
    args = parser.parse_args()
    if args.remove:
        gone = remove(args.remove)
        print("\n".join(f"removed {path.relative_to(ROOT)}" for path in gone) or "nothing there")
        return
    if args.answers:
        print("\n".join(given(args.answers)))
        return
    if args.check:
        check(ROOT / args.check)
        return
    folder, source = args.init
    for path in begin.begin(ROOT, folder, Path(source)):
        print(f"wrote {path.relative_to(ROOT)}")
    print(f"next: read them, and `python -m pipeline.commands.facts --check {folder}`")


if __name__ == "__main__":
    common.run_stage(main)
