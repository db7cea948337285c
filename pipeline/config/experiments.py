"""Experiments, and how they expand into runs.

Two experiments that ask for the same run share it: a run's identity is the hash of its resolved config.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from pipeline.config.errors import ConfigError, one_line, readable
from pipeline.config.frozen import Frozen
from pipeline.config.memory import Toy
from pipeline.config.run import RunConfig

TOY = "toy"  # what the toy memory is called among the experiments
# An experiment is a target of Snakemake, beside its rules and the words that choose several experiments.
_LATER = ("evaluation.apart", "population.wordings")  # keys that a run has only where they are set
TAKEN = frozenset("all everything toy dataset train evaluate toy_memory tables claims figures page".split())


class FineTuning(Frozen):
    """Overrides that turn a pre-training run into a fine-tuning one."""

    training: dict[str, Any]
    """Values in place of those of `defaults.training`."""
    evaluation: dict[str, Any] = Field(default_factory=dict)
    """Values in place of those of `defaults.evaluation`."""


class Experiment(Frozen):
    """A set of runs: `set` on top of the defaults, times `grid`, times `cases`, times seeds.

    Keys of `set`, `grid` and `cases` are dotted paths into a run's parameters ("training.steps").
    """

    seeds: list[int] | None = Field(default=None, min_length=1)
    """Of this experiment, in place of those above."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Values laid over the defaults, of all its runs."""
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    """Lists of values; all their combinations are run."""
    cases: dict[str, dict[str, Any]] = Field(default={"default": {}}, min_length=1)
    """Named sets of values; each is run at every point of the grid."""
    finetune: bool = False
    """Whether each run starts from the final weights of the run that `set` and `grid` describe, and goes on
    with the values of `finetuning` and of its case."""
    patch: bool = False
    """Whether each run starts from a snapshot of that run, which must be observed, and has its attention;
    `patching` is then in the grid or the cases."""
    joins: str | None = None
    """The experiment to whose tables the runs are added: for settings that its grid cannot express."""
    extended: bool = False
    """Whether it is left to calls that name it, or `everything`."""

    @model_validator(mode="after")
    def _one_base(self) -> Experiment:
        if self.finetune and self.patch:
            raise ValueError("finetune and patch are both true, allowed: one of them")
        return self

    @model_validator(mode="after")
    def _cases_named(self) -> Experiment:
        """In a table an empty name is no name."""
        if "" in self.cases:
            raise ValueError("cases: given '' as a name, allowed: one that is not empty")
        return self


class Params(Frozen):
    """The whole of `params.yaml` with a scale's overlay on it, or a part of its experiments, maybe none."""

    seeds: list[int] = Field(min_length=1)
    """Each draws its own people, initial weights and batches. A claim needs three for a verdict."""
    defaults: dict[str, Any]
    """The default run. A scale's file is laid over it, and each experiment changes single values of it."""
    finetuning: FineTuning
    experiments: dict[str, Experiment]
    """What is run, by name. A name is a target of Snakemake, and a folder of tables."""
    toy: Toy | None

    @property
    def on_facts(self) -> bool:
        """Whether people are rows of a table of facts."""
        who = self.defaults.get("population")
        return isinstance(who, dict) and bool(who.get("facts"))

    @field_validator("experiments", mode="before")
    @classmethod
    def _default_run(cls, given: Any) -> Any:
        """A name without anything under it is the default run."""
        return {name: e or {} for name, e in given.items()} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _named(self) -> Params:
        """A name becomes a folder and a target of Snakemake."""
        for name in self.experiments:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in TAKEN:
                raise ValueError(
                    f"experiments: given {readable(name)}, allowed: a name of lower-case letters, digits "
                    f"and _, other than {', '.join(sorted(TAKEN))}"
                )
        return self

    @model_validator(mode="after")
    def _joined_exist(self) -> Params:
        hosts = [name for name, experiment in self.experiments.items() if not experiment.joins]
        for name, experiment in self.experiments.items():
            if experiment.joins is None:
                continue
            if experiment.joins not in hosts:
                raise ValueError(
                    f"experiments.{name}.joins is {experiment.joins}, allowed: {readable(', '.join(hosts))}"
                )
            if experiment.extended != self.experiments[experiment.joins].extended:
                raise ValueError(
                    f"experiments.{name}.extended is {experiment.extended}, allowed: "
                    f"{not experiment.extended}, as in {experiment.joins}, which it joins"
                )
        return self


def toys(params: Params) -> dict[str, int]:
    """Seed of each of the toy's runs by id; none where the toy is left out."""
    return {params.toy.id(seed): seed for seed in params.toy.seeds} if params.toy else {}


class PlannedRun(Frozen):
    """One run as one experiment sees it."""

    experiment: str
    case: str
    config: RunConfig


def _with(config: dict[str, Any], overrides: dict[str, Any], where: str) -> dict[str, Any]:
    """A deep copy of `config` with dotted `overrides` set; `where` names the source in errors."""
    out: dict[str, Any] = json.loads(json.dumps(config))
    for path, value in overrides.items():
        node, keys = out, path.split(".")
        for key in keys[:-1]:
            if not isinstance(node.get(key), dict):
                raise ConfigError(f"{where}.{path}: unknown key {key!r}, allowed: {', '.join(node)}")
            node = node[key]
        # Which keys these have depends on the run: they are checked when it is resolved.
        depends = keys[0] in ("distribution", "observe", "patching") or path in _LATER
        if keys[-1] not in node and not depends:
            raise ConfigError(f"{where}.{path}: unknown key, allowed: {', '.join(node)}")
        node[keys[-1]] = value
    return out


def _run(config: dict[str, Any], where: str) -> RunConfig:
    try:
        return RunConfig.model_validate(config)
    except ValidationError as error:
        raise one_line(error, where) from None


def expand(params: Params) -> list[PlannedRun]:
    """All runs of all experiments, in the order of the file; shared runs appear once an experiment.

    Raises ConfigError with one line that names the key, what was given and what is allowed.
    """
    planned = []
    for name, experiment in params.experiments.items():
        where = f"experiments.{name}"
        grid = [
            dict(zip(experiment.grid, point, strict=True))
            for point in itertools.product(*experiment.grid.values())
        ]
        for point, (case, overrides), seed in itertools.product(
            grid, experiment.cases.items(), experiment.seeds or params.seeds
        ):
            patches = {key: value for key, value in point.items() if key.startswith("patching.")}
            start = _with({**params.defaults, "seed": seed}, experiment.set, f"{where}.set")
            start = _with(start, {k: v for k, v in point.items() if k not in patches}, f"{where}.grid")
            if experiment.finetune or experiment.patch:
                start["base"] = _run(start, f"{where}.base").model_dump(mode="json")
            if experiment.patch:
                start |= {"observe": None, "patching": {}}
            start = _with(start, patches, f"{where}.grid")
            if experiment.finetune:
                start = _with(
                    start,
                    {
                        f"{block}.{key}": value
                        for block in ("training", "evaluation")
                        for key, value in getattr(params.finetuning, block).items()
                    },
                    "finetuning",
                )
            resolved = _with(start, overrides, f"{where}.cases.{case}")
            planned.append(
                PlannedRun(
                    experiment=experiment.joins or name,
                    case=case,
                    config=_run(resolved, f"{where}.cases.{case}"),
                )
            )
    return planned


def distinct_runs(planned: Iterable[PlannedRun]) -> dict[str, RunConfig]:
    """Every run once, by id, each base before the runs that start from it."""
    runs: dict[str, RunConfig] = {}
    for plan in planned:
        for config in (plan.config.base, plan.config):
            if config is not None:
                runs.setdefault(config.id, config)
    return runs
