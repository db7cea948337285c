"""Gathers what the runs of an experiment left into its tables, which pipeline/tables/read.py describes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config import distributions, probes
from pipeline.config import run as cfg
from pipeline.config.experiments import TOY, Params, PlannedRun, distinct_runs, expand, toys
from pipeline.data import source
from pipeline.store.artefacts import seal, verify
from pipeline.store.files import write_atomically
from pipeline.store.plan import only
from pipeline.tables import crossings
from pipeline.tables.memory import TOY_COLUMNS
from pipeline.tables.read import (
    COLUMNS,
    MORE,
    OF_RUNS,
    TABLES,
    Tables,
    file_of,
    read_table,
    stacked,
)

_ROWS = 8000  # of a file: below a mebibyte, as repositories want their files


def experiments_table(planned: list[PlannedRun]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": p.experiment,
            "case": p.case,
            "seed": p.config.seed,
            "run": p.config.id,
        }
        for p in planned
    )


def run_row(run: cfg.RunConfig, manifest: dict[str, Any]) -> dict:
    """Parameters, cost and provenance of a run, flat; checksums of its code and people by 10 digits."""
    columns = run.distribution.columns()
    patching = run.patching.model_dump() if run.patching else {}
    return {
        "run": run.id,
        "kind": run.kind,
        "base": run.base.id if run.base else None,
        "seed": run.seed,
        "individuals": run.population.individuals,
        "distribution": run.distribution.kind,
        **{c: columns.get(c) for c in distributions.LABELS},
        **{c: patching.get(c) for c in ("reference", "start")},
        "steps": run.training.steps,
        "batch": run.training.batch,
        "learning_rate": run.training.learning_rate,
        "schedule": run.training.schedule,
        "weight_decay": run.training.weight_decay,
        "ends_below": run.training.ends_below or 0.0,
        "rate_warm_up": run.training.rate_warm_up,
        "frozen": run.training.frozen,
        "layers": run.model.layers,
        "width": run.model.width,
        "heads": run.model.heads,
        "mixer": run.model.mixer,
        "templates": run.population.templates.train if run.population.templates else None,
        "wordings": run.population.wordings,
        "shuffled": run.population.shuffled,
        "baseline": source.schema(run.population).baseline,
        **manifest["cost"],
        **manifest["environment"],
        "code": manifest["inputs"]["code"][:10],
        "people": manifest["inputs"]["population"][:10],
    }


def summary_row(run: cfg.RunConfig, curve: pd.DataFrame, final: pd.DataFrame) -> dict:
    """Phases of the curve on known people, and final values of both groups.

    Steps are interpolated and NaN where the curve never gets there. Confidence is averaged over value
    tokens, loss and accuracy over values (paper, appendix B.3 and F).
    """
    known, b = curve[curve.group == "known"].sort_values("step"), source.schema(run.population).baseline
    row = {
        "run": run.id,
        "plateau_end": crossings.plateau_end(known.step, known.loss, b),
        "half_accuracy": crossings.half_accuracy(known.step, known.accuracy),
    }
    for group, rows in final.groupby("group"):
        row[f"{group}_loss"] = rows.loss.mean()
        row[f"{group}_accuracy"] = rows.accuracy.mean()
        for measure in ("max_probability", "entropy"):
            row[f"{group}_{measure}"] = (rows[measure] * rows.tokens).sum() / rows.tokens.sum()
    return row


def toy_table(params: Params, results: Path) -> pd.DataFrame:
    """What all seeds of the toy measured. Raises ArtefactError when one has no whole results."""
    parts = [read_table(results / "toy" / run, "toy.csv") for run in toys(params)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TOY_COLUMNS)


def gather(params: Params, results: Path, experiment: str) -> Tables:
    """The tables of one experiment. Raises ArtefactError when one of its runs has no whole results."""
    params = only(params, {experiment})
    planned = expand(params)
    runs, curves, summaries, training = [], [], [], []
    observed: dict[str, list[pd.DataFrame]] = {}
    evaluation = results / "evaluations" / experiment
    final = read_table(evaluation, "final.csv") if planned else pd.DataFrame()
    measured = verify(evaluation)["files"] if planned else {}
    more = {
        name: read_table(evaluation, f"{name}.csv") for name in probes.OF_FINAL if f"{name}.csv" in measured
    }
    for run in distinct_runs(planned).values():
        folder = results / "runs" / run.id
        curve = read_table(folder, "curve.csv")
        runs.append(run_row(run, verify(folder, "curve.csv")))
        curves.append(curve.assign(run=run.id)[["run", *curve.columns]])
        training.append(read_table(folder, "training.csv").assign(run=run.id)[list(COLUMNS["training"])])
        summaries.append(summary_row(run, curve, final[final.run == run.id]))
        for table in run.observe.tables if run.observe else ():
            seen = read_table(folder, f"{table}.csv")
            observed.setdefault(table, []).append(seen.assign(run=run.id)[["run", *seen.columns]])
    return Tables(
        experiments=experiments_table(planned),
        runs=pd.DataFrame(runs),
        curves=stacked(curves),
        summary=pd.DataFrame(summaries),
        observed={table: stacked(parts) for table, parts in observed.items()},
        toy=toy_table(params, results),
        training=stacked(training),
        **more,
    )


def _part(tables: Tables, experiment: str) -> dict[str, pd.DataFrame]:
    """The tables of one experiment: its runs, and those that they start from."""
    if experiment == TOY:
        return {"toy": tables.toy}
    mine = tables.experiments[tables.experiments.experiment == experiment]
    bases = tables.runs[tables.runs.run.isin(mine.run)].base.dropna()
    runs = {*mine.run, *bases}
    of_runs = {name: tables.table(name) for name in (*OF_RUNS, *MORE)}
    part = {"experiments": mine, **{name: t[t.run.isin(runs)] for name, t in of_runs.items()}}
    return {name: table for name, table in part.items() if name in TABLES or len(table)}


def write(tables: Tables, folder: Path, plans: Mapping[str, str] | None = None, **facts: Any) -> None:
    """A folder an experiment: its tables as files, and their manifest with its plan and `facts`."""
    for experiment in tables.names:
        files = []
        for name, table in _part(tables, experiment).items():
            for k, first in enumerate(range(0, max(1, len(table)), _ROWS)):
                files.append(file_of(name, k))
                rows = table.iloc[first : first + _ROWS]
                content = rows.to_csv(index=False, float_format="%.8g")
                write_atomically(folder / experiment / files[-1], content)
        seal(folder / experiment, files, plan=(plans or {}).get(experiment), **facts)
        for path in (folder / experiment).glob("*.csv"):
            if path.name not in files:  # of a table that was longer
                path.unlink()
