"""Which experiments of a scale a call makes, and which others it reports from tables that are there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.artefacts import MANIFEST, verify
from pipeline.config import run as cfg
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import TOY, Params, distinct_runs, expand, toys
from pipeline.schema import digest

# What a job's own Snakemake, on a cluster, is told of the plan: it is not given the targets.
EXPERIMENTS = "PIPELINE_EXPERIMENTS"
ALL, EVERYTHING = "all", "everything"
_RULES = (ALL, "claims", "figures", "page")  # targets as well: those without wildcards


def names(params: Params) -> list[str]:
    """The experiments in the order of the file, those that join another left to it, and the toy."""
    return [*(name for name, e in params.experiments.items() if not e.joins), *([TOY] if params.toy else [])]


def only(params: Params, experiments: Collection[str]) -> Params:
    """`params` with these experiments and what joins them, without the toy unless it is one of them."""
    kept = {name: e for name, e in params.experiments.items() if (e.joins or name) in experiments}
    toy = params.toy if TOY in experiments else None
    return params.model_copy(update={"experiments": kept, "toy": toy})


def shares(params: Params) -> dict[str, dict[str, cfg.RunConfig]]:
    """Every run by id, under one experiment: the first that asks for it, else the first that has it as a
    base. The toy's runs are not among them."""
    out: dict[str, dict[str, cfg.RunConfig]] = {name: {} for name in names(params)}
    planned, taken = expand(params), set()
    for configs in ([(p, p.config) for p in planned], [(p, p.config.base) for p in planned]):
        for plan, config in configs:
            if config is not None and config.id not in taken:
                taken.add(config.id)
                out[plan.experiment][config.id] = config
    return out


def digests(params: Params) -> dict[str, str]:
    """Each experiment's identity: the ids of the runs that it asks for, in order."""
    runs: dict[str, list[str]] = {name: [] for name in names(params)}
    for plan in expand(params):
        runs[plan.experiment].append(plan.config.id)
    if params.toy:
        runs[TOY] = list(toys(params))
    return {name: digest(ids) for name, ids in runs.items()}


def _extended(params: Params, name: str) -> bool:
    return bool(params.toy and params.toy.extended) if name == TOY else params.experiments[name].extended


def complete(params: Params, results: Path, name: str) -> bool:
    """Whether all runs of an experiment, bases included, are in the folder `results`."""
    mine = only(params, {name})
    folders = [results / "runs" / run for run in distinct_runs(expand(mine))]
    folders += [results / "toy" / run for run in toys(mine)]
    return all((folder / MANIFEST).exists() for folder in folders)


@dataclass(frozen=True)
class Plan:
    """The experiments of a call, each list in the order of the file.

    made: their runs and tables are made where they are missing or old. reported: only shown, from tables
    that an earlier call or a commit left. outdated: have tables of other parameters; they are not shown.
    """

    params: Params
    made: list[str]
    reported: list[str]
    outdated: list[str]

    @property
    def note(self) -> str:
        """A line on what is not shown, if anything is not."""
        if not self.outdated:
            return ""
        return f"not shown, as their tables are of other parameters: {', '.join(self.outdated)}\n"

    @property
    def making(self) -> Params:
        """The parameters with the experiments that are made."""
        return only(self.params, self.made)

    @property
    def shown(self) -> list[str]:
        """What claims, figures and page are about."""
        return [name for name in names(self.params) if name in {*self.made, *self.reported}]


def targets(params: Params) -> list[str]:
    """Names that choose experiments: theirs, and `everything`."""
    return [*params.experiments, *([TOY] if params.toy else []), EVERYTHING]


def _words(params: Params, given: Iterable[str]) -> set[str]:
    """Those of the targets that are no files. Raises ConfigError, in one line, for one that there is not."""
    words = {target for target in given if "/" not in target and "." not in target}
    if unknown := sorted(words - {*targets(params), *_RULES}):
        allowed = ", ".join([ALL, *targets(params)])
        raise ConfigError(f"target: given {unknown[0]!r}, allowed: a file, or one of {allowed}")
    return words


def plan(params: Params, results: Path, given: Iterable[str] = ()) -> Plan:
    """What a call with the targets `given` makes of the scale's `params`, with its folder `results`.

    Named experiments are made, all with `everything`. Otherwise the core ones are, and of the extended ones
    those whose runs are all there: they stay up to date, and what was begun is not finished unasked.

    Raises ConfigError for an unknown target, ArtefactError for damaged tables.
    """
    words = _words(params, given)
    asked = {params.experiments[word].joins or word for word in words if word in params.experiments}
    asked |= {TOY} & words
    made = [
        name
        for name in names(params)
        if name in asked
        or EVERYTHING in words
        or ((ALL in words or not asked) and (not _extended(params, name) or complete(params, results, name)))
    ]
    current = digests(params)
    found = {folder.parent.name: folder.parent for folder in (results / "tables").glob(f"*/{MANIFEST}")}
    others = [name for name in [*names(params), *sorted(found)] if name in found and name not in made]
    others = list(dict.fromkeys(others))
    same = {name for name in others if verify(found[name]).get("plan") == current.get(name, "")}
    return Plan(
        params=params,
        made=made,
        reported=[name for name in others if name in same],
        outdated=[name for name in others if name not in same],
    )
