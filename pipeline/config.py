"""The typed parameters of the project, and how experiments expand into runs.

`params.yaml` (the default scale) and the overlays in `scales/` are read here and nowhere else.
A run is a resolved `RunConfig`; two experiments that ask for the same run share it, because a
run's identity is the hash of its resolved config.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from pipeline.data.pools import POOL_SIZES, TEMPLATES_PER_ATTRIBUTE
from pipeline.schema import Frozen, digest
from pipeline.toy.config import Toy

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SCALE = "laptop"
TAPS = 4  # width of a recurrent mixer's temporal convolution (De et al. 2024)
TOY = "toy"  # what the toy memory is called among the experiments


class ConfigError(ValueError):
    """A mistake of the user's in the parameters; the message is one line that says how to mend it."""

    def __init__(self, message: str) -> None:
        # Keys and values are the user's and may hold anything.
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


def _pool(name: str) -> Any:
    return Field(ge=2, le=POOL_SIZES[name])


class Pools(Frozen):
    """How many entries of each value list are in use: a prefix of the file in `pipeline/data/pools`.

    Paper (appendix B): 900 given names for both first and middle, 1,000 surnames, 800 cities (birth
    and current), 200 universities, 100 majors, 500 companies, dates of 201 years, 12 months, 31 days.
    """

    given_names: int = _pool("given_names")
    surnames: int = _pool("surnames")
    cities: int = _pool("cities")
    universities: int = _pool("universities")
    majors: int = _pool("majors")
    companies: int = _pool("companies")
    years: int = Field(ge=1, le=201)
    months: int = Field(ge=1, le=12)
    days: int = Field(ge=1, le=31)


class Templates(Frozen):
    """Per-individual split of the 25 templates of each attribute (paper: 20 train, 5 evaluation)."""

    train: int = Field(ge=1, lt=TEMPLATES_PER_ATTRIBUTE)
    evaluation: int = Field(ge=1, lt=TEMPLATES_PER_ATTRIBUTE)
    shuffle: bool = True

    @model_validator(mode="after")
    def _disjoint(self) -> Templates:
        if self.train + self.evaluation > TEMPLATES_PER_ATTRIBUTE:
            raise ValueError(
                f"train + evaluation is {self.train + self.evaluation}, "
                f"allowed: at most {TEMPLATES_PER_ATTRIBUTE}, the number of templates of an attribute"
            )
        return self


class Population(Frozen):
    """Who exists: `individuals` people to pre-train on, then `unseen` people who are never pre-trained on."""

    individuals: PositiveInt
    unseen: PositiveInt
    pools: Pools
    templates: Templates
    vocabulary: int = Field(ge=300, le=65536, description="size of the trained tokenizer, tokens")

    @model_validator(mode="after")
    def _enough_names(self) -> Population:
        names = self.pools.given_names**2 * self.pools.surnames
        people = self.individuals + self.unseen
        # Half of the space at most: unique names must not be a near-exhaustive listing of the pool.
        if people > names // 2:
            raise ValueError(
                f"individuals + unseen is {people}, allowed: at most {names // 2}, half of the "
                f"{names} names that pools.given_names and pools.surnames make"
            )
        return self


class Uniform(Frozen):
    kind: Literal["uniform"] = "uniform"


class PowerLaw(Frozen):
    """p(i) proportional to i^-alpha, i = 1..N (alpha = 1 is Zipf)."""

    kind: Literal["power_law"]
    alpha: NonNegativeFloat


class Celebrities(Frozen):
    """The first `count` individuals are `weight` times more likely than each other one."""

    kind: Literal["celebrities"]
    count: PositiveInt
    weight: PositiveFloat


class WarmUp(Frozen):
    """Uniform over the first `subset` individuals for `steps` steps, then uniform over all."""

    kind: Literal["warm_up"]
    subset: PositiveInt
    steps: PositiveInt


class Replay(Frozen):
    """Fine-tuning: each of the `new` first unseen people has weight 1, each pre-training one `weight`."""

    kind: Literal["replay"]
    new: PositiveInt
    weight: NonNegativeFloat = 0.0


class Sequential(Frozen):
    """The population in `groups` equal parts, one after the other, `repeats` times; uniform within a group.

    Each visit takes an equal share of the run (paper, appendix B.2; Figures S to X).
    """

    kind: Literal["sequential"]
    groups: int = Field(ge=2, le=1024)
    repeats: int = Field(default=1, ge=1, le=1024)

    def parts(self, individuals: int) -> list[tuple[int, int]]:
        """The groups, as (first, count) of individuals, in the order in which they first come."""
        size = individuals // self.groups
        return [(k * size, size) for k in range(self.groups)]


class Growing(Frozen):
    """Uniform over the first `subset` individuals, then over ever more: `stages` equal additions, evenly
    spaced, make it the whole population from step `until` on (the paper tells of one, without numbers)."""

    kind: Literal["growing"]
    subset: PositiveInt
    until: PositiveInt
    stages: int = Field(ge=1, le=1024)

    def parts(self, individuals: int) -> list[tuple[int, int]]:
        """The subset and each addition, as (first, count) of individuals."""
        more = individuals - self.subset
        ends = [0, *(self.subset + k * more // self.stages for k in range(self.stages + 1))]
        return [(first, end - first) for first, end in itertools.pairwise(ends)]


class Seen(Frozen):
    """Fine-tuning: uniform over the pre-training people skip .. skip + count - 1 (paper, Fig P)."""

    kind: Literal["seen"]
    skip: NonNegativeInt
    count: PositiveInt


Distribution = Annotated[
    Uniform | PowerLaw | Celebrities | WarmUp | Replay | Seen | Sequential | Growing,
    Field(discriminator="kind"),
]


# Whom a distribution's number of people counts, in errors; others count all individuals.
_WHOM = {"replay": "unseen people", "growing": "individuals but one"}


def _later(default: str) -> Any:
    """A field that is not written at its default: it came later than runs whose hash must stay."""
    return Field(default=default, exclude_if=lambda value: value == default)


class Model(Frozen):
    """Decoder-only transformer (paper: 8 layers, width 512, 8 heads, MLP of 4 x width).

    mixer: what carries information from token to token; rg_lru is the recurrence of Hawk in the place of
    attention (Figure C), with a gate block where there would be a head.
    """

    layers: int = Field(ge=1, le=64)
    width: int = Field(ge=8, le=8192)
    heads: int = Field(ge=1, le=128)
    mlp_ratio: int = Field(default=4, ge=1, le=16)
    mixer: Literal["attention", "rg_lru"] = _later("attention")

    @model_validator(mode="after")
    def _heads_divide(self) -> Model:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}, allowed: a multiple of 2 x heads = {2 * self.heads}")
        return self

    @property
    def recurrent_width(self) -> int:
        """Channels of a recurrent mixer: 4/3 of the width, rounded down to blocks of a multiple of 8."""
        unit = 8 * self.heads
        return max(1, 4 * self.width // (3 * unit)) * unit


class Training(Frozen):
    """Optimisation (paper, appendix B.3). Rates are per step, lengths in steps."""

    batch: int = Field(ge=1, le=65536)
    steps: int = Field(ge=1, le=10_000_000)
    learning_rate: float = Field(gt=0, le=1)
    final_learning_rate: float = Field(default=1e-7, ge=0, le=1)
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = Field(default=0.1, ge=0, le=10)
    beta1: float = Field(default=0.9, ge=0, lt=1)
    beta2: float = Field(default=0.95, ge=0, lt=1)
    epsilon: float = Field(default=1e-8, gt=0)
    clip: float = Field(default=1.0, gt=0, description="largest norm of the gradient")


def _optional(**constraints: Any) -> Any:
    """A field that is not written where it is not set: it came later than runs whose hash must stay."""
    return Field(default=None, **constraints, exclude_if=lambda value: value is None)


class Evaluation(Frozen):
    """What is measured during a run, and when (paper: 16k sequences, 50 checkpoints)."""

    sequences: int = Field(ge=1, le=1_000_000, description="biographies a group and checkpoint")
    final_sequences: int = Field(ge=1, le=1_000_000, description="biographies a group, final weights")
    dense_every: float = Field(gt=0, le=1, description="spacing of the early slots, share of the run")
    dense_until: float = Field(ge=0, le=1, description="end of the early slots, share of the run")
    slots: PositiveInt = Field(description="evenly spaced slots over the whole run")
    # Of each part of the people, where there are any (RunConfig.parts), at each slot.
    apart: int | None = _optional(ge=1, le=1_000_000, description="biographies of each part apart")

    def steps(self, total: int) -> list[int]:
        """Checkpoint steps: 0, the early slots, the even slots and the end, ascending."""
        early = [
            round(k * self.dense_every * total)
            for k in range(int(self.dense_until / self.dense_every + 1e-9) + 1)
        ]
        even = [round(k * total / self.slots) for k in range(self.slots + 1)]
        return sorted({0, total, *early, *even})


class Observation(Frozen):
    """What a run leaves besides, for the study of its attention (paper, section 3, appendix E)."""

    sequences: int = Field(ge=1, le=1_000_000, description="biographies a checkpoint (paper: 512)")
    snapshots: list[NonNegativeInt] = Field(default=[], description="steps whose weights are kept")
    # Biographies a checkpoint for the gradient that reaches names and text; nothing is measured without.
    credit: PositiveInt | None = _optional()


class Patching(Frozen):
    """Attention patterns of the base's snapshot `reference` replace the run's own (paper, section 3, Fig D).

    The run takes over the base's snapshot `start`, with a new optimiser, and goes on from that step. With
    `start` = `reference` attention is frozen where it stands.
    """

    reference: NonNegativeInt
    start: NonNegativeInt


class RunConfig(Frozen):
    """Everything that decides a training run. With `base`, it starts from that run's final weights, with
    `patching` from one of its snapshots."""

    seed: int = Field(ge=0, lt=2**31)
    population: Population
    distribution: Distribution
    model: Model
    training: Training
    evaluation: Evaluation
    base: RunConfig | None = None
    observe: Observation | None = _optional()
    patching: Patching | None = _optional()

    @model_validator(mode="after")
    def _snapshots(self) -> RunConfig:
        last = self.training.steps
        kept = self.observe.snapshots if self.observe else []
        if kept != sorted({step for step in kept if step <= last}):
            raise ValueError(f"observe.snapshots is {kept}, allowed: ascending steps from 0 to {last}")
        if self.patching is None:
            return self
        available = self.base.observe.snapshots if self.base and self.base.observe else []
        for name, step in self.patching.model_dump().items():
            if step not in available or (name == "start" and step >= last):
                raise ValueError(
                    f"patching.{name} is {step}, allowed: one of the base's observe.snapshots {available}"
                    + (f" below training.steps = {last}" if name == "start" else "")
                )
        assert self.base is not None
        for name in ("seed", "population", "model"):
            if getattr(self, name) != getattr(self.base, name):
                raise ValueError(f"{name} differs from that of the base, allowed in a patched run: the same")
        return self

    @model_validator(mode="after")
    def _has_attention(self) -> RunConfig:
        if (self.observe or self.patching) and self.model.mixer != "attention":
            raise ValueError(
                f"model.mixer is {self.model.mixer}, allowed: attention, where it is observed or patched"
            )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> RunConfig:
        who, d = self.population, self.distribution
        asked = {
            "celebrities": ("count", who.individuals),
            "warm_up": ("subset", who.individuals),
            "replay": ("new", who.unseen),
            "growing": ("subset", who.individuals - 1),
        }.get(d.kind)
        if asked and getattr(d, asked[0]) > asked[1]:
            raise ValueError(
                f"distribution.{asked[0]} is {getattr(d, asked[0])}, allowed: at most {asked[1]}, "
                f"the population's {_WHOM.get(d.kind, 'individuals')}"
            )
        if isinstance(d, WarmUp) and d.steps >= self.training.steps:
            raise ValueError(
                f"distribution.steps is {d.steps}, allowed: less than training.steps = {self.training.steps}"
            )
        if isinstance(d, Sequential) and who.individuals % d.groups:
            raise ValueError(
                f"distribution.groups is {d.groups}, allowed: a divisor of the population's "
                f"{who.individuals} individuals"
            )
        if isinstance(d, Sequential) and d.groups * d.repeats > self.training.steps:
            raise ValueError(
                f"distribution.groups x repeats is {d.groups * d.repeats}, allowed: at most training.steps = "
                f"{self.training.steps}"
            )
        if isinstance(d, Growing):
            self._grows(d)
        if isinstance(d, Seen) and d.skip + d.count > who.individuals:
            raise ValueError(
                f"distribution.skip + count is {d.skip + d.count}, allowed: at most {who.individuals}, "
                "the population's individuals"
            )
        if isinstance(d, Replay | Seen) != (self.base is not None and self.patching is None):
            raise ValueError(
                f"distribution.kind is {d.kind}, allowed: replay or seen in a fine-tuning run, and only there"
            )
        if self.evaluation.apart and not self.parts:
            raise ValueError(
                f"evaluation.apart is {self.evaluation.apart}, allowed: null where distribution.kind is "
                f"{d.kind}, which has no parts of people"
            )
        return self

    def _grows(self, d: Growing) -> None:
        """Each stage adds people and has a step to itself."""
        if d.until >= self.training.steps:
            raise ValueError(
                f"distribution.until is {d.until}, allowed: less than training.steps = {self.training.steps}"
            )
        most = min(d.until, self.population.individuals - d.subset)
        if d.stages > most:
            raise ValueError(
                f"distribution.stages is {d.stages}, allowed: at most {most}, the steps and the people to add"
            )

    @property
    def parts(self) -> dict[str, tuple[int, int]]:
        """Parts of the people that pre-training tells apart, as (first, count): celebrities and the others as
        head and tail, groups that come one after the other as group-1, ...; none where all are alike."""
        d, everybody = (self.base or self).distribution, self.population.individuals
        match d:
            case Celebrities(count=count) if count < everybody:
                return {"head": (0, count), "tail": (count, everybody - count)}
            case Sequential() | Growing():
                return {f"group-{k}": part for k, part in enumerate(d.parts(everybody), 1)}
        return {}

    @property
    def kind(self) -> Literal["pretrain", "finetune", "patch"]:
        if self.base is None:
            return "pretrain"
        return "patch" if self.patching else "finetune"

    @property
    def first_step(self) -> int:
        return self.patching.start if self.patching else 0

    @property
    def slots(self) -> list[int]:
        """Steps at which it is evaluated, its first and last included, ascending."""
        later = [step for step in self.evaluation.steps(self.training.steps) if step > self.first_step]
        return [self.first_step, *later]

    @property
    def digest(self) -> str:
        return digest(self.model_dump(mode="json"))

    @property
    def id(self) -> str:
        """Folder of the run. The hash is its identity; the words before it are for the reader.

        Content addressing means that new parameters can never be read beside old results, whatever
        a workflow engine remembers, and that experiments share a run without knowing of each other.
        """
        d, n = self.distribution, self.population.individuals
        words = {
            "uniform": "uniform",
            # No plus or minus of an exponent: words are parted by dashes.
            "power_law": f"powerlaw{getattr(d, 'alpha', 0):g}".replace("+", "").replace("-", "m"),
            "celebrities": f"celebrities{getattr(d, 'count', 0)}",
            "warm_up": f"warmup{getattr(d, 'subset', 0)}",
            "replay": f"finetune{getattr(d, 'new', 0)}",
            "sequential": f"sequential{getattr(d, 'groups', 0)}x{getattr(d, 'repeats', 0)}",
            "growing": f"growing{getattr(d, 'subset', 0)}",
            "seen": f"finetuneseen{getattr(d, 'count', 0)}",
        }
        word = words[d.kind]
        if self.patching:
            word = f"patched{self.patching.reference}from{self.patching.start}"
        return f"{word}-n{n}-s{self.seed}-{self.digest}"

    @property
    def population_id(self) -> str:
        key = {"population": self.population.model_dump(mode="json"), "seed": self.seed}
        return f"n{self.population.individuals}-s{self.seed}-{digest(key)}"


class FineTuning(Frozen):
    """Overrides that turn a pre-training run into a fine-tuning one."""

    training: dict[str, Any]
    evaluation: dict[str, Any] = Field(default_factory=dict)


class Experiment(Frozen):
    """A set of runs: `set` on top of the defaults, times `grid`, times `cases`, times seeds.

    Keys are dotted paths into a run's config ("training.steps"). `finetune: true` adds the
    overrides of the top-level `finetuning` block and starts each run from the pre-training run that
    the same `set` and `grid` describe. `patch: true` makes that run, which must be observed, the base of
    patched ones instead; their `patching` is in the grid or the cases. `joins` names the experiment that
    the runs are counted to, for more seeds at a part of a grid. `extended: true` leaves it to a call that
    names it, or `everything`.
    """

    figure: str
    seeds: list[int] | None = Field(default=None, min_length=1)
    set: dict[str, Any] = Field(default_factory=dict)
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = Field(default={"default": {}}, min_length=1)
    finetune: bool = False
    patch: bool = False
    joins: str | None = None
    extended: bool = False

    @model_validator(mode="after")
    def _one_base(self) -> Experiment:
        if self.finetune and self.patch:
            raise ValueError("finetune and patch are both true, allowed: one of them")
        return self


class Params(Frozen):
    """The whole of `params.yaml` with a scale's overlay on it."""

    seeds: list[int] = Field(min_length=1)
    defaults: dict[str, Any]
    finetuning: FineTuning
    experiments: dict[str, Experiment] = Field(min_length=1)
    toy: Toy

    @model_validator(mode="after")
    def _named(self) -> Params:
        """A name becomes a folder and a target of Snakemake."""
        for name in self.experiments:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name == TOY:
                raise ValueError(
                    f"experiments: given {_readable(name)}, allowed: a name of lower-case letters, digits "
                    f"and _, other than {TOY}"
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
                    f"experiments.{name}.joins is {experiment.joins}, allowed: {_readable(', '.join(hosts))}"
                )
            if experiment.extended != self.experiments[experiment.joins].extended:
                raise ValueError(
                    f"experiments.{name}.extended is {experiment.extended}, allowed: "
                    f"{not experiment.extended}, as in {experiment.joins}, which it joins"
                )
        return self


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
        depends = keys[0] in ("distribution", "observe", "patching") or path == "evaluation.apart"
        if keys[-1] not in node and not depends:
            raise ConfigError(f"{where}.{path}: unknown key, allowed: {', '.join(node)}")
        node[keys[-1]] = value
    return out


def _readable(given: Any) -> str:
    """A value as one short line."""
    text = str(given) if str(given).strip() else repr(given)
    return text if len(text) <= 80 else text[:77] + "..."


def _one_line(error: ValidationError, where: str) -> ConfigError:
    """The first of pydantic's errors as one line: the key, what was given and what is allowed."""
    first = error.errors()[0]
    path = ".".join([where, *map(str, first["loc"])]).strip(".")
    match first["type"]:
        case "extra_forbidden":
            message = "unknown key"
        case "missing":
            message = "missing key"
        case "value_error":  # raised in this module: it already says what was given
            message = first["msg"].removeprefix("Value error, ")
        case _:
            message = f"{first['msg']}, given: {_readable(first['input'])}"
    return ConfigError(f"{path}: {message}" if path else message)


def _run(config: dict[str, Any], where: str) -> RunConfig:
    try:
        return RunConfig.model_validate(config)
    except ValidationError as error:
        raise _one_line(error, where) from None


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


def distinct_runs(planned: list[PlannedRun]) -> dict[str, RunConfig]:
    """Every run once, by id, each base before the runs that start from it."""
    runs: dict[str, RunConfig] = {}
    for plan in planned:
        for config in (plan.config.base, plan.config):
            if config is not None:
                runs.setdefault(config.id, config)
    return runs


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on `base`, key by key; `experiments` is replaced whole, as scales share no cases."""
    out = dict(base)
    for key, value in over.items():
        deep = isinstance(value, dict) and isinstance(out.get(key), dict) and key != "experiments"
        out[key] = _merge(out[key], value) if deep else value
    return out


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path.name}{line}: not valid YAML") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path.name}: a mapping is needed, given: {type(content).__name__}")
    return content


def scales() -> list[str]:
    """Names of the scales. A name becomes a folder and a part of commands, so only plain ones count."""
    found = sorted(p.stem for p in (ROOT / "scales").glob("*.yaml"))
    return [DEFAULT_SCALE, *(name for name in found if re.fullmatch(r"[a-z0-9_-]+", name))]


def _content(scale: str, params: Path | None, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters of a scale, unchecked: its file laid over those of the scale that it is `over`."""
    if scale == DEFAULT_SCALE:
        return _read_yaml(params or ROOT / "params.yaml")
    content = _read_yaml(ROOT / "scales" / f"{scale}.yaml")
    under = content.pop("over", DEFAULT_SCALE)
    if under not in scales() or under in (*above, scale):
        allowed = [name for name in scales() if name not in (*above, scale)]
        raise ConfigError(f"{scale}.yaml: over: given {_readable(under)}, allowed: {', '.join(allowed)}")
    return _merge(_content(under, params, (*above, scale)), content)


def load(scale: str = DEFAULT_SCALE, params: Path | None = None) -> Params:
    """The parameters at a scale: `params.yaml`, with `scales/<scale>.yaml` on top of it, or on top of the
    scale which that file names as `over`.

    Raises ConfigError with one line for an unknown scale, an unknown key or a bad value.
    """
    if scale not in scales():
        raise ConfigError(f"scale: given {scale!r}, allowed: {', '.join(scales())}")
    try:
        return Params.model_validate(_content(scale, params))
    except ValidationError as error:
        raise _one_line(error, "") from None
