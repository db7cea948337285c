"""What the page's tables of runs, costs and parameters show."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from pipeline.config import distributions
from pipeline.config.experiments import TOY, Params
from pipeline.costs import estimate as costs
from pipeline.costs.estimate import amount
from pipeline.store import plan
from pipeline.store.current import Origin
from pipeline.tables.read import Tables

# A run that never came within 2 % of what anyone can know without facts says nothing about facts.
BASELINE_REACHED = 1.02


def number(value: float, digits: int = 3) -> str:
    """A measured number for a table cell; a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{value:,.{digits}g}"


def distribution(run: pd.Series) -> str:
    """A run's distribution with its parameters, and whose attention is patched in from which step on."""
    parameters = distributions.LABELS | {"reference": "attention of step", "start": "from"}
    given = [f"{label} {run[name]:g}" for name, label in parameters.items() if pd.notna(run.get(name))]
    return " ".join([run.distribution.replace("_", " "), ", ".join(given)]).strip()


def manifest(run: pd.Series) -> dict[str, str]:
    """What a run recorded about itself beyond the columns of the table; what was not recorded is left out."""
    labels = {"commit": "commit", "code": "code", "people": "people", "cores": "cores", "torch": "torch"}
    labels |= {"device_seconds": "device seconds", "weight_decay": "weight decay", "mixer": "mixer"}
    labels |= {"templates": "templates", "shuffled": "random order"}
    return {label: f"{run[name]}" for name, label in labels.items() if pd.notna(run.get(name))}


def run_rows(tables: Tables) -> list[dict[str, Any]]:
    """What the table of runs shows, one entry a run in the order of the tables."""
    # Of everyone, or of one of the groups that come in turn: together these never come down.
    lowest = tables.curves[tables.curves.group != "new"].groupby("run").loss.min()
    serves = tables.experiments.groupby("run").experiment.agg(lambda e: list(dict.fromkeys(e))).to_dict()
    starts = tables.runs.merge(tables.experiments[["experiment", "run"]], on="run").dropna(subset="base")
    based = starts.groupby("base").experiment.agg(lambda e: list(dict.fromkeys(e))).to_dict()
    rows = []
    for _, run in tables.every_run.iterrows():
        stuck = run.kind == "pretrain" and lowest[run.run] > BASELINE_REACHED * run.baseline
        rows.append(
            {
                "id": run.run,
                "kind": run.kind,
                "base": run.base if pd.notna(run.base) else None,
                "experiments": serves.get(run.run, []),
                "base_of": [] if run.run in serves else based.get(run.run, []),
                "distribution": distribution(run),
                "cells": [
                    f"{run.seed}",
                    f"{run.individuals:,}",
                    f"{run.steps:,}",
                    f"{run.batch}",
                    number(run.learning_rate),
                    f"{run.layers} × {run.width}",
                    number(run.plateau_end),
                    number(run.loss_over_b),
                    number(run.known_accuracy),
                    f"{run.seconds:,.0f}",
                    amount(run.tokens),
                    amount(run.flops),
                    amount(run.tokens_per_second),
                ],
                "device": run.device,
                "manifest": manifest(run),
                "lowest": number(lowest[run.run] / run.baseline) if stuck else None,
            }
        )
    return rows


def machines(tables: Tables) -> list[str]:
    """Where the runs were trained, by their manifests: a sentence for each kind of machine."""
    runs = tables.every_run
    out = []
    by = ["device", "cores", "precision"]
    for (device, cores, precision), mine in runs.groupby(by, sort=False, dropna=False):
        with_cores = "" if pd.isna(cores) else f"{cores:g} cores, "
        commits = ", ".join(dict.fromkeys(mine.commit.astype(str)))
        days = sorted(set(mine.date.dropna())) if "date" in mine else []  # older manifests have none
        when = f", {' to '.join(dict.fromkeys([days[0], days[-1]]))}" if days else ""
        models = "1 model was" if len(mine) == 1 else f"{len(mine)} models were"
        out.append(f"{models} trained on {device} ({with_cores}{precision}){when}, by the code of {commits}")
    return out


def parameters(params: Params) -> dict[str, str]:
    """The resolved parameters as YAML, by part: those that all runs share, each experiment's, the toy's.

    An experiment's part holds what joins it.
    """

    def text(content: Any) -> str:
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)

    resolved = params.model_dump(mode="json")
    experiments, toy = resolved.pop("experiments"), resolved.pop("toy")
    parts = {"shared": text(resolved)}
    for name in plan.names(params):
        mine = {key: e for key, e in experiments.items() if key == name or e["joins"] == name}
        parts[name] = text(toy if name == TOY else mine)
    return parts


def state(origin: Origin | None) -> str:
    """Whether an experiment is measured, and what a reader should know of how it was."""
    if origin is None:
        return "not measured"
    remarks = ["by earlier code"] * origin.earlier + [f"mixed {name}" for name in origin.mixed]
    return ", ".join(["measured", *remarks])


def csv_files(folder: Path, names: list[str]) -> dict[str, list[str]]:
    """Experiment -> the files of its tables."""
    return {name: sorted(path.name for path in (folder / name).glob("*.csv")) for name in names}


def cost_rows(
    params: Params, tables: Tables, origins: dict[str, Origin]
) -> tuple[list[dict[str, Any]], costs.Rate | None]:
    """What the table of costs shows, an entry an experiment of the scale and their sum; and at which rate."""
    rate = costs.rate(tables.runs)
    rows = costs.rows(costs.of_experiments(params), rate)
    return [{"name": name, "cells": cells, "state": state(origins.get(name))} for name, cells in rows], rate
