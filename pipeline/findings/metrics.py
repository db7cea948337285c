"""A few numbers of a scale and its default run's learning curve, small enough to compare between commits."""

from typing import Any

import pandas as pd

from pipeline.findings import ledger
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables


def metrics(tables: Tables, claims: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of verdicts on the paper's claims, on the calibrated ones apart, and of sizes; and means over
    seeds by experiment, case and size.

    plateau_end: steps, None if a seed never left the plateau; final_loss: relative to the no-knowledge
    baseline, geometric mean; final_accuracy: share of values. Both are on known people with held-out
    templates, and None of runs that end early.
    """
    papers = ledger.of_the_paper(claims)
    out: dict[str, Any] = {
        "verdicts": ledger.counts(papers),
        "calibrated": ledger.counts(ledger.calibrated(papers)),
        "sizes": ledger.sizes(papers),
    }
    for experiment in tables.experiments.experiment.unique():
        for (case, people), runs in tables.of(experiment).groupby(["case", "individuals"]):
            final = runs.loss_over_b.notna().all()
            left = runs.plateau_end.notna().all()
            out.setdefault(experiment, {})[f"{case}, {people} people"] = {
                "plateau_end": round(runs.plateau_end.mean(), 1) if left else None,
                "final_loss": round(Interval.geometric(runs.loss_over_b).centre, 4) if final else None,
                "final_accuracy": round(runs.known_accuracy.mean(), 4) if final else None,
            }
    return out


def learning_curve(tables: Tables) -> pd.DataFrame:
    """Loss and accuracy of the default run by step, means over seeds; a column a group and measure."""
    curves = tables.curves[tables.curves.run.isin(tables.of("phases").run)]
    wide = curves.pivot_table(index="step", columns="group", values=["loss", "accuracy"])
    wide.columns = pd.Index([f"{group}_{measure}" for measure, group in wide.columns])
    return wide.reset_index()
