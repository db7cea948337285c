"""The measured tables: every run's parameters, curves and final values, gathered from the run folders.

experiments.csv  experiment, figure, case, seed, run        which run serves which experiment
runs.csv         one row a run: parameters, baseline, cost, provenance
curves.csv       run, step, group, loss, accuracy, max_probability, entropy
summary.csv      one row a run: phases of its curve, and final values a group
toy.csv          the toy memory: one row a read-out, seed, fine-tuning condition and measured step
"""

import json
from pathlib import Path

import pandas as pd

from pipeline import config as cfg
from pipeline.analysis import phases
from pipeline.analysis.toy import TOY_COLUMNS, TOY_PREFIX, TOY_REPLAY, TOY_SIZES, toy_curves, toy_runs
from pipeline.data.population import baseline

TABLES = ("experiments", "runs", "curves", "summary", "toy")
_DISTRIBUTION_COLUMNS = ("alpha", "count", "weight", "subset", "warm_up_steps", "new")


def experiments_table(planned: list[cfg.PlannedRun], params: cfg.Params) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": p.experiment,
            "figure": params.experiments[p.experiment].figure,
            "case": p.case,
            "seed": p.config.seed,
            "run": p.config.id,
        }
        for p in planned
    )


def run_row(run: cfg.RunConfig, folder: Path) -> dict:
    """Parameters and cost of a run, flat."""
    d = run.distribution.model_dump()
    d["warm_up_steps"] = d.pop("steps", None)
    return {
        "run": run.id,
        "kind": "finetune" if run.base else "pretrain",
        "base": run.base.id if run.base else None,
        "seed": run.seed,
        "individuals": run.population.individuals,
        "distribution": d["kind"],
        **{c: d.get(c) for c in _DISTRIBUTION_COLUMNS},
        "steps": run.training.steps,
        "batch": run.training.batch,
        "learning_rate": run.training.learning_rate,
        "layers": run.model.layers,
        "width": run.model.width,
        "baseline": baseline(run.population.pools),
        **json.loads((folder / "cost.json").read_text()),
    }


def summary_row(run: cfg.RunConfig, curve: pd.DataFrame, final: pd.DataFrame) -> dict:
    """Phases of the curve on known people, and final values of both groups.

    Steps are interpolated and NaN where the curve never gets there. Confidence is averaged over value
    tokens, loss and accuracy over values (paper, appendix B.3 and F).
    """
    known = curve[curve.group == "known"].sort_values("step")
    row = {
        "run": run.id,
        "plateau_end": phases.plateau_end(known.step, known.loss, baseline(run.population.pools)),
        "half_accuracy": phases.half_accuracy(known.step, known.accuracy),
    }
    for group, rows in final.groupby("group"):
        row[f"{group}_loss"] = rows.loss.mean()
        row[f"{group}_accuracy"] = rows.accuracy.mean()
        for measure in ("max_probability", "entropy"):
            row[f"{group}_{measure}"] = (rows[measure] * rows.tokens).sum() / rows.tokens.sum()
    return row


def toy_table(params: cfg.Params, results: Path) -> pd.DataFrame:
    """What all seeds of the toy measured. Raises FileNotFoundError when one has no results."""
    ids = [params.toy.id(seed) for seed in params.toy.seeds]
    return pd.concat([pd.read_csv(results / "toy" / f"{name}.csv") for name in ids], ignore_index=True)


def gather(params: cfg.Params, results: Path) -> dict[str, pd.DataFrame]:
    """All tables of a scale. Raises FileNotFoundError when a run of the plan has no results."""
    planned = cfg.expand(params)
    runs, curves, summaries = [], [], []
    finals: dict[str, pd.DataFrame] = {}
    for run in cfg.distinct_runs(planned).values():
        if run.population_id not in finals:
            finals[run.population_id] = pd.read_csv(results / "evaluations" / f"{run.population_id}.csv")
        final = finals[run.population_id]
        folder = results / "runs" / run.id
        curve = pd.read_csv(folder / "curve.csv")
        runs.append(run_row(run, folder))
        curves.append(curve.assign(run=run.id)[["run", *curve.columns]])
        summaries.append(summary_row(run, curve, final[final.run == run.id]))
    return {
        "experiments": experiments_table(planned, params),
        "runs": pd.DataFrame(runs),
        "curves": pd.concat(curves, ignore_index=True),
        "summary": pd.DataFrame(summaries),
        "toy": toy_table(params, results),
    }


class Tables:
    """The tables of a scale, with the joins that figures and claims ask for.

    The toy's runs are asked for like the others, as the experiments of `pipeline.analysis.toy`.
    """

    def __init__(
        self,
        experiments: pd.DataFrame,
        runs: pd.DataFrame,
        curves: pd.DataFrame,
        summary: pd.DataFrame,
        toy: pd.DataFrame | None = None,
    ):
        self.experiments, self.runs, self.curves, self.summary = experiments, runs, curves, summary
        self.toy = pd.DataFrame(columns=TOY_COLUMNS) if toy is None else toy
        self._toy_runs, self._toy_curves = toy_runs(self.toy), toy_curves(self.toy)

    @classmethod
    def read(cls, folder: Path) -> "Tables":
        return cls(**{name: pd.read_csv(folder / f"{name}.csv") for name in TABLES})

    def of(self, experiment: str) -> pd.DataFrame:
        """One row a run of the experiment: case, parameters and summary. Empty if it is not in the plan."""
        if experiment in (TOY_SIZES, TOY_REPLAY):
            return self._toy_runs[self._toy_runs.experiment == experiment].reset_index(drop=True)
        mine = self.experiments[self.experiments.experiment == experiment].drop(columns="seed")
        return mine.merge(self.runs, on="run").merge(self.summary, on="run")

    def curve(self, run: str, group: str = "known") -> pd.DataFrame:
        """The evaluations of one run and group, ascending in step."""
        curves = self._toy_curves if run.startswith(TOY_PREFIX) else self.curves
        mine = curves[(curves.run == run) & (curves.group == group)]
        return mine.sort_values("step").reset_index(drop=True)
