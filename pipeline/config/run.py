"""One training run, resolved: its typed parameters, what follows from them, and its identity."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from pipeline.config.distributions import (
    Celebrities,
    Distribution,
    Growing,
    Replay,
    Seen,
    Sequential,
    WarmUp,
)
from pipeline.config.frozen import Frozen, digest
from pipeline.config.population import Population

TAPS = 4  # width of a recurrent mixer's temporal convolution (De et al. 2024)


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
