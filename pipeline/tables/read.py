"""The measured tables: every run's parameters, curves and final values, gathered from the run folders.

Each experiment has a folder of them, with a manifest that names its plan (the digest of its runs). A long
table goes on in files of its own, as curves.2.csv:

experiments.csv  experiment, case, seed, run                which run serves which experiment
runs.csv         one row a run: parameters, baseline, cost, provenance
curves.csv       run, step, group, loss, accuracy, max_probability, entropy; groups are known and new people,
                 with `evaluation.apart` also parts of the known ones: head and tail, or group-1, ...
summary.csv      one row a run: phases of its curve, and final values a group
attention.csv    run, step, layer (1 is the first) and the columns of the probes `attention` and, where it is
                 asked for, `credit`; observed runs
<table>.csv      likewise of every other table of pipeline/config/probes.py
training.csv     run, step, loss_per_token (nats, mean over the steps since the row before), learning_rate
confidences.csv  run, group, log_odds, values, right: of the final weights, values by the confidence of the
                 answer; log_odds is the lower edge of a bin (pipeline/probes/confidence.py)
parts.csv        run, part, people, share: parts of the people, and their shares of what a run is trained on;
                 where they are measured (evaluation.apart)
forgetting.csv   run, step, accuracy on old facts, and in which way they are lost, of fine-tuning runs that
                 keep weights from their first on (pipeline/probes/forgetting.py)

and the toy memory's folder a single one:

toy.csv          one row a read-out, seed, fine-tuning condition and measured step
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.config import distributions, probes, scales
from pipeline.config.experiments import TOY
from pipeline.store.artefacts import MANIFEST, ArtefactError, verify
from pipeline.tables.memory import TOY_COLUMNS, TOY_PREFIX, TOY_REPLAY, TOY_SIZES, toy_curves, toy_runs

OF_RUNS = ("runs", "curves", "summary")
TABLES = ("experiments", *OF_RUNS)  # of every experiment
# Where there is one: of observed runs; of runs since it was kept.
MORE = (*probes.TABLES, "training", *probes.OF_FINAL)
# Text, though pandas may see a number in it: a case "2", a version "2.10", a checksum "12e4567890".
_TEXT = dict.fromkeys(("experiment", "base", "case", "commit", "code", "people"), "str")
_TEXT |= dict.fromkeys(("python", "torch", "accelerate", "numpy", "tokenizers"), "str")
# What readers find in a table, in one that was written before there was such a column too: NaN.
COLUMNS = {
    "experiments": ("experiment", "case", "seed", "run"),
    "runs": (
        *("run", "kind", "base", "seed", "individuals", "distribution", *distributions.LABELS),
        *("reference", "start", "steps", "batch", "learning_rate", "schedule", "ends_below"),
        *("rate_warm_up", "frozen"),
        *(
            "weight_decay",
            "layers",
            "width",
            "heads",
            "mixer",
            "templates",
            "wordings",
            "shuffled",
            "baseline",
        ),
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
    **{table: ("run", "step", *probes.keys_of(table)) for table in probes.TABLES},
    "training": ("run", "step", "loss_per_token", "learning_rate"),
    **probes.OF_FINAL,
    "toy": TOY_COLUMNS,
}


def _csv(path: Path) -> pd.DataFrame:
    """A table; only an empty field is no value: a case may be called NA, or null."""
    # In what is told of final weights people are counted; elsewhere they are named by a checksum.
    text = {} if _table_of(path.name) in probes.OF_FINAL else _TEXT
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])


def file_of(table: str, k: int) -> str:
    """The name of the k-th file of a table, from 0: curves.csv, curves.2.csv, ..."""
    return f"{table}.{k + 1}.csv" if k else f"{table}.csv"


def _table_of(file: str) -> str:
    return file.partition(".")[0]


def read_table(folder: Path, name: str) -> pd.DataFrame:
    verify(folder, name)
    return _csv(folder / name)


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _owners(parts: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, str]:
    """Which experiment's copy of a shared run to use: the first that asks for it, else the first that starts
    from it. Copies differ if the run was trained again after one experiment had gathered its tables."""
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
    part = {}
    for table in dict.fromkeys(map(_table_of, given)):
        found = [file for k in range(len(given)) if (file := file_of(table, k)) in given]
        part[table] = stacked([_csv(mine / file) for file in found])
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


def _relative(rows: pd.DataFrame) -> pd.DataFrame:
    """With final losses over the no-knowledge baseline b: on known people, and on new ones."""
    return rows.assign(
        loss_over_b=rows.known_loss / rows.baseline, new_loss_over_b=rows.new_loss / rows.baseline
    )


_of_any_scale = functools.cache(scales.experiments)


class Tables:
    """The tables of a scale, with the joins that figures and claims ask for.

    The toy's runs are asked for like the others, as the experiments of `pipeline.tables.memory`.
    """

    def __init__(
        self,
        experiments: pd.DataFrame,
        runs: pd.DataFrame,
        curves: pd.DataFrame,
        summary: pd.DataFrame,
        observed: Mapping[str, pd.DataFrame] | None = None,
        toy: pd.DataFrame | None = None,
        training: pd.DataFrame | None = None,
        confidences: pd.DataFrame | None = None,
        parts: pd.DataFrame | None = None,
        forgetting: pd.DataFrame | None = None,
    ):
        def whole(name: str, table: pd.DataFrame | None) -> pd.DataFrame:
            table = pd.DataFrame() if table is None else table
            return table.reindex(columns=[*table.columns, *(c for c in COLUMNS[name] if c not in table)])

        self.experiments, self.runs = whole("experiments", experiments), whole("runs", runs)
        # Tables from before a run could end early are of whole runs.
        self.runs["ends_below"] = self.runs.ends_below.astype(float).fillna(0.0)
        self.curves, self.summary = whole("curves", curves), whole("summary", summary)
        # Of the probes of observed runs, by name.
        self.observed = {name: whole(name, (observed or {}).get(name)) for name in probes.TABLES}
        self.training, self.toy = whole("training", training), whole("toy", toy)
        self.confidences, self.parts = whole("confidences", confidences), whole("parts", parts)
        self.forgetting = whole("forgetting", forgetting)
        self._toy_runs, self._toy_curves = _relative(toy_runs(self.toy)), toy_curves(self.toy)

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
        owners = _owners(parts)

        def joined(table: str) -> pd.DataFrame:
            return stacked(
                [
                    part[table]
                    if table in ("experiments", "toy")
                    else part[table][part[table].run.map(owners) == name]
                    for name, part in parts.items()
                    if table in part
                ]
            )

        observed = {table: joined(table) for table in probes.TABLES}
        others = {table: joined(table) for table in COLUMNS if table not in observed}
        return cls(**others, observed=observed)

    @property
    def names(self) -> list[str]:
        """The experiments whose tables these are, the toy among them."""
        return [*self.experiments.experiment.unique(), *([] if self.toy.empty else [TOY])]

    @property
    def on_facts(self) -> bool:
        """Whether people are rows of a table of facts, which has templates of its own."""
        return bool(len(self.runs) and self.runs.templates.isna().all())

    def table(self, name: str) -> pd.DataFrame:
        """The table that is kept under that name."""
        found: pd.DataFrame = self.observed[name] if name in self.observed else getattr(self, name)
        return found

    def __contains__(self, experiment: str) -> bool:
        """Whether the experiment has runs here."""
        table = self._toy_runs if experiment in (TOY_SIZES, TOY_REPLAY) else self.experiments
        return bool((table.experiment == experiment).any())

    @property
    def every_run(self) -> pd.DataFrame:
        """One row a run, those that others start from among them: parameters, summary, and final losses over
        the baseline, `loss_over_b` on known people and `new_loss_over_b` on new ones."""
        return _relative(self.runs.merge(self.summary, on="run"))

    def of(self, experiment: str) -> pd.DataFrame:
        """The same of one experiment, with the case that each of its runs serves.

        Empty if it has none here. Raises ValueError for a name that no scale has either: it is not one of an
        experiment that is yet to be measured. What the parameters may do without is asked for with `in`.
        """
        if experiment in (TOY_SIZES, TOY_REPLAY):
            return self._toy_runs[self._toy_runs.experiment == experiment].reset_index(drop=True)
        if experiment not in self and experiment not in _of_any_scale():
            allowed = dict.fromkeys([*self.experiments.experiment, *_of_any_scale(), TOY_SIZES, TOY_REPLAY])
            raise ValueError(f"experiment: given {experiment!r}, allowed: {', '.join(allowed)}")
        mine = self.experiments[self.experiments.experiment == experiment].drop(columns="seed")
        return mine.merge(self.every_run, on="run")

    def curve(self, run: str, group: str = "known") -> pd.DataFrame:
        """The evaluations of one run and group, ascending in step."""
        curves = self._toy_curves if run.startswith(TOY_PREFIX) else self.curves
        mine = curves[(curves.run == run) & (curves.group == group)]
        return mine.sort_values("step").reset_index(drop=True)

    def training_of(self, run: str) -> pd.DataFrame:
        """The training log of one run, ascending in step."""
        return self.training[self.training.run == run].sort_values("step").reset_index(drop=True)

    def layer_of(self, table: str, run: str, layer: int) -> pd.DataFrame:
        """What probes measured of one layer of an observed run, in a table that they fill, ascending in step;
        layer -1 is the last."""
        rows = self.observed[table]
        mine = rows[rows.run == run]
        at = layer if layer > 0 else mine.layer.max() + 1 + layer
        return mine[mine.layer == at].sort_values("step").reset_index(drop=True)
