"""Which experiments of a scale a call makes, and which others it reports from tables that are there."""

import dataclasses
import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import run as cfg
from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import TOY, Params, distinct_runs, expand, toys
from pipeline.config.frozen import digest
from pipeline.store.artefacts import MANIFEST, verify
from pipeline.store.current import Survey, origin, survey
from pipeline.store.files import write_atomically

# Set by the workflow for its jobs: the file in which a call wrote what it was asked for.
CALL = "PIPELINE_CALL"
ALL, EVERYTHING = "all", "everything"
# Scales that the page of the default one shows beside its own: a larger one, and itself at other rates.
BESIDE = ("workstation", "half-rate", "twice-rate")
_RULES = (ALL, "claims", "figures", "page")  # targets as well: those without wildcards


def beside(scale: str, results: Path) -> dict[str, Path]:
    """Scale -> its claims.json, of those with results beside `results` that the page of the default scale
    shows, of which that is the folder. The pages of other scales show only themselves."""
    if scale != scales.DEFAULT:
        return {}
    paths = {name: results.parent / name / "claims.json" for name in BESIDE}
    return {name: path for name, path in paths.items() if path.exists()}


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


def complete(params: Params, found: Survey, name: str) -> bool:
    """Whether all runs of an experiment, bases included, are there and up to date."""
    mine = only(params, {name})
    runs = [found.path("runs", run) for run in distinct_runs(expand(mine))]
    return found.whole([*runs, *(found.path("toy", run) for run in toys(mine))])


@dataclass(frozen=True)
class Plan:
    """The experiments of a call, each list in the order of the file.

    made: their runs and tables are made where they are missing or old. reported: only shown, from tables
    that an earlier call or a commit left. earlier: those of the latter whose runs earlier code trained; they
    are made anew when they are named. outdated: have tables of other parameters; they are not shown.
    left_out: asked for, but beyond a limit on the call.
    """

    params: Params
    made: list[str]
    reported: list[str]
    earlier: list[str]
    outdated: list[str]
    left_out: list[str] = dataclasses.field(default_factory=list)

    @property
    def note(self) -> str:
        """A line on what is not shown, one on what is shown as earlier code made it, and one on what does not
        fit, if there is any."""
        lines = {
            "not shown, as their tables are of other parameters": self.outdated,
            "shown as made by earlier code, and made anew when they are named": self.earlier,
            "not made, as they take longer than the hours that are given": self.left_out,
        }
        return "".join(f"{what}: {', '.join(names)}\n" for what, names in lines.items() if names)

    @property
    def making(self) -> Params:
        """The parameters with the experiments that are made."""
        return only(self.params, self.made)

    @property
    def shown(self) -> list[str]:
        """What claims, figures and page are about."""
        return [name for name in names(self.params) if name in {*self.made, *self.reported}]

    def write(self, folder: Path, scale: str) -> Path:
        """Put the call where its jobs read it, whatever becomes of the files of parameters meanwhile."""
        content = dataclasses.asdict(self) | {"params": self.params.model_dump(mode="json")}
        path = folder / f"{scale}-{digest(content)}.json"
        write_atomically(path, json.dumps(content))
        return path

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """The call that `write` put there. Raises ConfigError for a damaged one."""
        try:
            content = json.loads(path.read_bytes())
            return cls(**content | {"params": Params.model_validate(content["params"])})
        except (ValueError, TypeError, KeyError):
            raise ConfigError(f"{path}: damaged; give the workflow's command again") from None


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


def plan(
    params: Params,
    results: Path,
    given: Iterable[str] = (),
    found: Survey | None = None,
    limit: Callable[[list[str]], list[str]] | None = None,
) -> Plan:
    """What a call with the targets `given` makes of the scale's `params`, with its folder `results`.

    Named experiments are made, all with `everything`. Otherwise the core ones are, and of the extended ones
    those whose runs are all there and up to date: they stay so, and what was begun, or made by other code, is
    not made unasked. `found`: the results of that folder, if they were looked at already. limit: chooses
    among what would be made.

    Raises ConfigError for an unknown target, ArtefactError for damaged tables.
    """
    words = _words(params, given)
    found = found or survey(results, params)
    asked = {params.experiments[word].joins or word for word in words if word in params.experiments}
    asked |= {TOY} & words
    made = [
        name
        for name in names(params)
        if name in asked
        or EVERYTHING in words
        or ((ALL in words or not asked) and (not _extended(params, name) or complete(params, found, name)))
    ]
    asked_for, made = made, limit(made) if limit else made
    current = digests(params)
    tables = {folder.parent.name: folder.parent for folder in (results / "tables").glob(f"*/{MANIFEST}")}
    others = [name for name in [*names(params), *sorted(tables)] if name in tables and name not in made]
    others = list(dict.fromkeys(others))
    same = {name for name in others if verify(tables[name]).get("plan") == current.get(name, "")}
    return Plan(
        params=params,
        made=made,
        reported=[name for name in others if name in same],
        earlier=[name for name in others if name in same and origin(tables[name]).earlier],
        outdated=[name for name in others if name not in same],
        left_out=[name for name in asked_for if name not in made],
    )
