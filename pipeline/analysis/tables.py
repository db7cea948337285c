"""The measured tables: every run's parameters, curves and final values, gathered from the run folders.

Each experiment has a folder of them, with a manifest that names its plan (the digest of its runs):

experiments.csv  experiment, figure, case, seed, run        which run serves which experiment
runs.csv         one row a run: parameters, baseline, cost, provenance
curves.csv       run, step, group, loss, accuracy, max_probability, entropy; groups are known and new people,
                 with `evaluation.apart` also parts of the known ones: head and tail, or group-1, ...
summary.csv      one row a run: phases of its curve, and final values a group
attention.csv    run, step, layer (1 is the first), STATISTICS of pipeline/probes/attention.py: observed runs;
                 with `observe.credit` also CREDIT of pipeline/probes/credit.py
training.csv     run, step, loss_per_token (nats, mean over the steps since the row before), learning_rate

and the toy memory's folder a single one:

toy.csv          one row a read-out, seed, fine-tuning condition and measured step
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.analysis import phases
from pipeline.analysis.toy import TOY_COLUMNS, TOY_PREFIX, TOY_REPLAY, TOY_SIZES, toy_curves, toy_runs
from pipeline.artefacts import MANIFEST, ArtefactError, seal, verify
from pipeline.config import run as cfg
from pipeline.config.experiments import TOY, Params, PlannedRun, distinct_runs, expand, toys
from pipeline.data.population import baseline
from pipeline.files import write_atomically
from pipeline.plan import only

_OF_RUNS = ("runs", "curves", "summary")
TABLES = ("experiments", *_OF_RUNS)  # of every experiment
_DISTRIBUTION_COLUMNS = (
    *("alpha", "count", "weight", "subset", "warm_up_steps", "new", "skip"),
    *("groups", "repeats", "until", "stages"),
)
_MORE = ("attention", "training")  # where there is one: of observed runs; of runs since it was kept
# Text, though pandas may see a number in it: a figure "2", a version "2.10", a checksum "12e4567890".
_TEXT = dict.fromkeys(("experiment", "base", "figure", "case", "commit", "code", "people"), "str")
_TEXT |= dict.fromkeys(("python", "torch", "accelerate", "numpy", "tokenizers"), "str")
# What readers find in a table, in one that was written before there was such a column too: NaN.
COLUMNS = {
    "experiments": ("experiment", "figure", "case", "seed", "run"),
    "runs": (
        *("run", "kind", "base", "seed", "individuals", "distribution", *_DISTRIBUTION_COLUMNS),
        *("reference", "start", "steps", "batch", "learning_rate", "schedule"),
        *("weight_decay", "layers", "width", "heads", "mixer", "templates", "shuffled", "baseline"),
        *("parameters", "tokens", "flops", "precision", "device", "processes"),
        *("seconds", "device_seconds", "seconds_evaluating", "tokens_per_second"),
        *("commit", "code", "people"),
    ),
    "curves": ("run", "step", "group", "loss", "accuracy", "max_probability", "entropy"),
    "summary": (
        *("run", "plateau_end", "half_accuracy"),
        *(
            f"{group}_{measure}"
            for group in ("known", "new")
            for measure in ("loss", "accuracy", "max_probability", "entropy")
        ),
    ),
    "attention": ("run", "step", "layer"),
    "training": ("run", "step", "loss_per_token", "learning_rate"),
    "toy": TOY_COLUMNS,
}


def experiments_table(planned: list[PlannedRun], params: Params) -> pd.DataFrame:
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
        "schedule": run.training.schedule,
        "weight_decay": run.training.weight_decay,
        "layers": run.model.layers,
        "width": run.model.width,
        "heads": run.model.heads,
        "mixer": run.model.mixer,
        "templates": run.population.templates.train,
        "shuffled": run.population.templates.shuffle,
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


def _csv(path: Path) -> pd.DataFrame:
    """A table; only an empty field is no value: a case may be called NA, or null."""
    return pd.read_csv(path, dtype=_TEXT, keep_default_na=False, na_values=[""])


def _read(folder: Path, name: str) -> pd.DataFrame:
    verify(folder, name)
    return _csv(folder / name)


def toy_table(params: Params, results: Path) -> pd.DataFrame:
    """What all seeds of the toy measured. Raises ArtefactError when one has no whole results."""
    parts = [_read(results / "toy" / run, "toy.csv") for run in toys(params)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TOY_COLUMNS)


def gather(params: Params, results: Path, experiment: str) -> "Tables":
    """The tables of one experiment. Raises ArtefactError when one of its runs has no whole results."""
    params = only(params, {experiment})
    planned = expand(params)
    runs, curves, summaries, attention, training = [], [], [], [], []
    final = _read(results / "evaluations" / experiment, "final.csv") if planned else pd.DataFrame()
    for run in distinct_runs(planned).values():
        folder = results / "runs" / run.id
        curve = _read(folder, "curve.csv")
        runs.append(run_row(run, verify(folder, "curve.csv")))
        curves.append(curve.assign(run=run.id)[["run", *curve.columns]])
        training.append(_read(folder, "training.csv").assign(run=run.id)[list(COLUMNS["training"])])
        summaries.append(summary_row(run, curve, final[final.run == run.id]))
        if run.observe:
            seen = _read(folder, "attention.csv")
            attention.append(seen.assign(run=run.id)[["run", *seen.columns]])
    return Tables(
        experiments=experiments_table(planned, params),
        runs=pd.DataFrame(runs),
        curves=_stacked(curves),
        summary=pd.DataFrame(summaries),
        attention=_stacked(attention),
        toy=toy_table(params, results),
        training=_stacked(training),
    )


def _stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _speakers(parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, str]:
    """Whose rows of a run count: those of the first experiment that asks for it, else of the first that has
    it as a base. They differ where it was trained again after one of them was measured."""
    out: dict[str, str] = {}
    for table in ("experiments", "runs"):
        for name, part in parts.items():
            for run in part[table].run if table in part else ():
                out.setdefault(run, name)
    return out


def _read_part(folder: Path, experiment: str) -> dict[str, pd.DataFrame]:
    """The tables of one experiment, verified, its planned runs among them."""
    mine = folder / experiment
    needed = ("toy",) if experiment == TOY else TABLES
    given = verify(mine)["files"]
    verify(mine, *(f"{name}.csv" for name in needed))
    part = {name.removesuffix(".csv"): _csv(mine / name) for name in given}
    for name in (*needed[1:], *({"training"} & set(part))):
        planned = part["experiments"]
        missing = planned[~planned.run.isin(part[name].run)]
        if len(missing):
            seed, run = missing.iloc[0][["seed", "run"]]
            raise ArtefactError(
                f"{mine / name}.csv: no run {run} (experiment {experiment}, seed {seed}); "
                "run `snakemake --cores all` to make it"
            )
    return part


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
        training: pd.DataFrame | None = None,
    ):
        def whole(name: str, table: pd.DataFrame | None) -> pd.DataFrame:
            table = pd.DataFrame() if table is None else table
            return table.reindex(columns=[*table.columns, *(c for c in COLUMNS[name] if c not in table)])

        self.experiments, self.runs = whole("experiments", experiments), whole("runs", runs)
        self.curves, self.summary = whole("curves", curves), whole("summary", summary)
        self.attention, self.training = whole("attention", attention), whole("training", training)
        self.toy = whole("toy", toy)
        self._toy_runs, self._toy_curves = toy_runs(self.toy), toy_curves(self.toy)

    @classmethod
    def read(cls, folder: Path, experiments: Sequence[str] | None = None) -> "Tables":
        """The tables of the experiments in `folder`, joined in the order given (default: all, by name).

        Raises ArtefactError if one is missing or damaged, or lacks a run of its experiment: nothing is drawn
        or judged on the seeds that happen to be there.
        """
        if experiments is None:
            experiments = sorted(manifest.parent.name for manifest in folder.glob(f"*/{MANIFEST}"))
            if not experiments:
                raise ArtefactError(f"{folder}: no tables; run `snakemake --cores all` to make them")
        parts = {name: _read_part(folder, name) for name in experiments}
        speakers = _speakers(parts)

        def joined(table: str) -> pd.DataFrame:
            return _stacked(
                [
                    part[table]
                    if table in ("experiments", "toy")
                    else part[table][part[table].run.map(speakers) == name]
                    for name, part in parts.items()
                    if table in part
                ]
            )

        return cls(**{table: joined(table) for table in COLUMNS})

    @property
    def names(self) -> list[str]:
        """The experiments whose tables these are, the toy among them."""
        return [*self.experiments.experiment.unique(), *([] if self.toy.empty else [TOY])]

    def _part(self, experiment: str) -> dict[str, pd.DataFrame]:
        """The tables of one experiment: its runs, and those that they start from."""
        if experiment == TOY:
            return {"toy": self.toy}
        mine = self.experiments[self.experiments.experiment == experiment]
        bases = self.runs[self.runs.run.isin(mine.run)].base.dropna()
        runs = {*mine.run, *bases}
        of_runs = {name: getattr(self, name) for name in (*_OF_RUNS, *_MORE)}
        part = {"experiments": mine, **{name: t[t.run.isin(runs)] for name, t in of_runs.items()}}
        return {name: table for name, table in part.items() if name in TABLES or len(table)}

    def write(self, folder: Path, plans: Mapping[str, str] | None = None, **facts: Any) -> None:
        """A folder an experiment: its tables as files, and their manifest with its plan and `facts`."""
        for experiment in self.names:
            files = []
            for name, table in self._part(experiment).items():
                files.append(f"{name}.csv")
                content = table.to_csv(index=False, float_format="%.8g")
                write_atomically(folder / experiment / files[-1], content)
            seal(folder / experiment, files, plan=(plans or {}).get(experiment), **facts)

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

    def training_of(self, run: str) -> pd.DataFrame:
        """The training log of one run, ascending in step."""
        return self.training[self.training.run == run].sort_values("step").reset_index(drop=True)

    def attention_of(self, run: str, layer: int) -> pd.DataFrame:
        """Where one layer of one observed run attends, ascending in step; layer -1 is the last."""
        mine = self.attention[self.attention.run == run]
        at = layer if layer > 0 else mine.layer.max() + 1 + layer
        return mine[mine.layer == at].sort_values("step").reset_index(drop=True)
