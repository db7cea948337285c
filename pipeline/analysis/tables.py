"""The measured tables: every run's parameters, curves and final values, gathered from the run folders.

experiments.csv  experiment, figure, case, seed, run        which run serves which experiment
runs.csv         one row a run: parameters, baseline, cost, provenance
curves.csv       run, step, group, loss, accuracy, max_probability, entropy; groups are known and new people,
                 with `evaluation.apart` also head and tail, parts of the known ones
summary.csv      one row a run: phases of its curve, and final values a group
attention.csv    run, step, layer (1 is the first), STATISTICS of pipeline/probes/attention.py: observed runs;
                 with `observe.credit` also CREDIT of pipeline/probes/credit.py
toy.csv          the toy memory: one row a read-out, seed, fine-tuning condition and measured step
"""

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import config as cfg
from pipeline.analysis import phases
from pipeline.analysis.toy import TOY_COLUMNS, TOY_PREFIX, TOY_REPLAY, TOY_SIZES, toy_curves, toy_runs
from pipeline.artefacts import ArtefactError, seal, verify
from pipeline.data.population import baseline
from pipeline.files import write_atomically

TABLES = ("experiments", "runs", "curves", "summary", "attention", "toy")
_ONE_FOR_EACH_RUN = ("runs", "curves", "summary")
_DISTRIBUTION_COLUMNS = ("alpha", "count", "weight", "subset", "warm_up_steps", "new", "skip")


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


def run_row(run: cfg.RunConfig, manifest: dict[str, Any]) -> dict:
    """Parameters, cost and provenance of a run, flat; checksums of its code and people by 10 digits."""
    d = run.distribution.model_dump()
    d["warm_up_steps"] = d.pop("steps", None)
    patching = run.patching.model_dump() if run.patching else {}
    return {
        "run": run.id,
        "kind": run.kind,
        "base": run.base.id if run.base else None,
        "seed": run.seed,
        "individuals": run.population.individuals,
        "distribution": d["kind"],
        **{c: d.get(c) for c in _DISTRIBUTION_COLUMNS},
        **{c: patching.get(c) for c in ("reference", "start")},
        "steps": run.training.steps,
        "batch": run.training.batch,
        "learning_rate": run.training.learning_rate,
        "layers": run.model.layers,
        "width": run.model.width,
        "baseline": baseline(run.population.pools),
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


def _read(folder: Path, name: str) -> pd.DataFrame:
    verify(folder, name)
    return pd.read_csv(folder / name)


def toy_table(params: cfg.Params, results: Path) -> pd.DataFrame:
    """What all seeds of the toy measured. Raises ArtefactError when one has no whole results."""
    if not params.toy.seeds:
        return pd.DataFrame(columns=TOY_COLUMNS)
    ids = [params.toy.id(seed) for seed in params.toy.seeds]
    return pd.concat([_read(results / "toy" / name, "toy.csv") for name in ids], ignore_index=True)


def gather(params: cfg.Params, results: Path) -> "Tables":
    """All tables of a scale. Raises ArtefactError when a run of the plan has no whole results."""
    planned = cfg.expand(params)
    runs, curves, summaries, attention = [], [], [], []
    finals: dict[str, pd.DataFrame] = {}
    for run in cfg.distinct_runs(planned).values():
        if run.population_id not in finals:
            finals[run.population_id] = _read(results / "evaluations" / run.population_id, "final.csv")
        final = finals[run.population_id]
        folder = results / "runs" / run.id
        curve = _read(folder, "curve.csv")
        runs.append(run_row(run, verify(folder, "curve.csv")))
        curves.append(curve.assign(run=run.id)[["run", *curve.columns]])
        summaries.append(summary_row(run, curve, final[final.run == run.id]))
        if run.observe:
            seen = _read(folder, "attention.csv")
            attention.append(seen.assign(run=run.id)[["run", *seen.columns]])
    return Tables(
        experiments=experiments_table(planned, params),
        runs=pd.DataFrame(runs),
        curves=pd.concat(curves, ignore_index=True),
        summary=pd.DataFrame(summaries),
        attention=pd.concat(attention, ignore_index=True) if attention else no_attention(),
        toy=toy_table(params, results),
    )


def no_attention() -> pd.DataFrame:
    """What a plan without observed runs leaves."""
    return pd.DataFrame(columns=["run", "step", "layer"])


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
        attention: pd.DataFrame | None = None,
        toy: pd.DataFrame | None = None,
    ):
        self.experiments, self.runs, self.curves, self.summary = experiments, runs, curves, summary
        self.attention = no_attention() if attention is None else attention
        self.toy = pd.DataFrame(columns=TOY_COLUMNS) if toy is None else toy
        self._toy_runs, self._toy_curves = toy_runs(self.toy), toy_curves(self.toy)

    @classmethod
    def read(cls, folder: Path) -> "Tables":
        """The tables of a folder. Raises ArtefactError if one is damaged, or lacks a run of an experiment:
        nothing is drawn or judged on the seeds that happen to be there."""
        verify(folder, *(f"{name}.csv" for name in TABLES))
        tables = cls(**{name: pd.read_csv(folder / f"{name}.csv") for name in TABLES})
        for name in _ONE_FOR_EACH_RUN:
            missing = tables.experiments[~tables.experiments.run.isin(getattr(tables, name).run)]
            if len(missing):
                experiment, seed, run = missing.iloc[0][["experiment", "seed", "run"]]
                raise ArtefactError(
                    f"{folder / name}.csv: no run {run} (experiment {experiment}, seed {seed}); "
                    "run `snakemake --cores all` to make it"
                )
        return tables

    def write(self, folder: Path, **facts: Any) -> None:
        """The tables as files, and their manifest with `facts`."""
        for name in TABLES:
            content = getattr(self, name).to_csv(index=False, float_format="%.8g")
            write_atomically(folder / f"{name}.csv", content)
        seal(folder, [f"{name}.csv" for name in TABLES], **facts)

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

    def attention_of(self, run: str, layer: int) -> pd.DataFrame:
        """Where one layer of one observed run attends, ascending in step; layer -1 is the last."""
        mine = self.attention[self.attention.run == run]
        at = layer if layer > 0 else mine.layer.max() + 1 + layer
        return mine[mine.layer == at].sort_values("step").reset_index(drop=True)
