"""One training run, resolved: its typed parameters, what follows from them, and its identity."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from pipeline.config.distributions import KINDS, Distribution, Part
from pipeline.config.frozen import IDENTITY, Frozen, digest, optional
from pipeline.config.mixers import MIXERS
from pipeline.config.population import Population
from pipeline.config.probes import PROBES


def _later(default: str) -> Any:
    """A field that is not written at its default: it came later than runs whose hash must stay."""
    return Field(default=default, exclude_if=lambda value: value == default)


class Model(Frozen):
    """Decoder-only transformer (paper: 8 layers, width 512, 8 heads, MLP of 4 x width).

    mixer: what carries information from token to token; rg_lru is the recurrence of Hawk in the place of
    attention (Figure C), with a gate block where there would be a head.
    """

    layers: int = Field(ge=1, le=64)
    """[layers] Recall takes two at least: one moves a name's tokens together, one fetches the value."""
    width: int = Field(ge=8, le=8192)
    """[channels] Of the states; a multiple of twice the heads."""
    heads: int = Field(ge=1, le=128)
    """[heads] Attention heads of a layer; gate blocks of a recurrence."""
    mlp_ratio: int = Field(default=4, ge=1, le=16)
    """[x width] Hidden width of the MLP."""
    mixer: Literal[*MIXERS] = _later("attention")  # type: ignore[valid-type]
    """What carries information from token to token."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Model:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}, allowed: a multiple of 2 x heads = {2 * self.heads}")
        return self


class Training(Frozen):
    """Optimisation (paper, appendix B.3). Rates are per step, lengths in steps."""

    batch: int = Field(ge=1, le=65536)
    """[biographies] A step."""
    steps: int = Field(ge=1, le=10_000_000)
    """[steps] Length of the run. The schedule ends with it: a longer run is another one from the start."""
    learning_rate: float = Field(gt=0, le=1)
    """[per step] At its peak, which is the first step."""
    final_learning_rate: float = Field(default=1e-7, ge=0, le=1)
    """[per step] Where the cosine ends."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """Of the learning rate, without a warm-up of the rate, as in the paper."""
    weight_decay: float = Field(default=0.1, ge=0, le=10)
    """[x rate] Decoupled (AdamW), of matrices and the embedding."""
    beta1: float = Field(default=0.9, ge=0, lt=1)
    """Share of the mean gradient that AdamW keeps at a step."""
    beta2: float = Field(default=0.95, ge=0, lt=1)
    """Share of the mean square that AdamW keeps at a step."""
    epsilon: float = Field(default=1e-8, gt=0)
    """Added to the root of that mean."""
    clip: float = Field(default=1.0, gt=0)
    """[norm] Gradients are scaled down to it."""
    ends_below: float | None = optional(gt=0, lt=0.99)
    """[x b] The run ends at the first slot at which the loss on known people is below it, on the schedule of
    its whole length: for experiments that read the plateau alone. It has no final values, and is never pooled
    with whole runs. null: it is trained to its end."""
    rate_warm_up: PositiveInt | None = optional()
    """[steps] Over which the rate of a fine-tuning run rises from zero; null: it does not."""
    frozen: Literal["attention", "embedding"] | None = optional()
    """Weights that a fine-tuning run leaves as they are; null: none."""


class Evaluation(Frozen):
    """What is measured during a run, and when: at its slots (paper: 16k sequences, 50 checkpoints)."""

    sequences: int = Field(ge=1, le=1_000_000)
    """[biographies] Held out, at each slot, of known and of never-seen people each."""
    final_sequences: int = Field(ge=1, le=1_000_000)
    """[biographies] The same, of the final weights: final values are compared more finely than curves."""
    dense_every: float = Field(gt=0, le=1)
    """[share of the run] Distance of the early slots: t(0.99) is read off between two of them."""
    dense_until: float = Field(ge=0, le=1)
    """[share of the run] End of the early slots."""
    slots: PositiveInt
    """[slots] Evenly spaced over the whole run, besides the early ones."""
    apart: int | None = optional(ge=1, le=1_000_000)
    """[biographies] At each slot of each part of the people (celebrities and others, groups); null: parts are
    not measured."""

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

    sequences: int = Field(ge=1, le=1_000_000)
    """[biographies] At each slot, over which attention is averaged (paper: 512)."""
    snapshots: list[NonNegativeInt] = Field(default=[])
    """[steps] Whose weights are kept, ascending; other runs can be patched with their attention."""
    credit: PositiveInt | None = optional()
    """[biographies] At each slot, for the gradient that reaches names and text; null: it is not measured."""
    probes: dict[Literal[*PROBES], PositiveInt] | None = optional()  # type: ignore[valid-type]
    """[biographies] Other probes by name, each with its number at each slot (docs/extending.md)."""

    @model_validator(mode="after")
    def _asked_once(self) -> Observation:
        for name in ("attention", "credit"):
            if self.probes and name in self.probes:
                raise ValueError(f"probes names {name}, allowed: probes that no other key asks for")
        return self

    @property
    def asked(self) -> dict[str, int]:
        """Biographies a checkpoint of each probe that is measured, by its name."""
        credit = {"credit": self.credit} if self.credit else {}
        return {"attention": self.sequences, **credit, **(self.probes or {})}

    @property
    def tables(self) -> dict[str, list[str]]:
        """The tables that it leaves, each with the probes that fill it."""
        out: dict[str, list[str]] = {}
        for name in self.asked:
            out.setdefault(PROBES[name].table, []).append(name)
        return out


class Patching(Frozen):
    """Attention patterns of the base's snapshot `reference` replace the run's own (paper, section 3, Fig D).

    The run takes over the base's snapshot `start`, with a new optimiser, and goes on from that step. With
    `start` = `reference` attention is frozen where it stands.
    """

    reference: NonNegativeInt
    """[step] Of the base's snapshot whose attention is patched in."""
    start: NonNegativeInt
    """[step] Of the base's snapshot from which the run goes on. At `reference`, attention is frozen."""


class RunConfig(Frozen):
    """Everything that decides a training run. With `base`, it starts from that run's final weights, with
    `patching` from one of its snapshots."""

    seed: int = Field(ge=0, lt=2**31)
    """Draws people, initial weights and batches."""
    population: Population
    distribution: Distribution
    model: Model
    training: Training
    evaluation: Evaluation
    base: RunConfig | None = None
    observe: Observation | None = optional()
    patching: Patching | None = optional()

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
        if (self.observe or self.patching) and not MIXERS[self.model.mixer].attends:
            allowed = ", ".join(name for name, mixer in MIXERS.items() if mixer.attends)
            raise ValueError(
                f"model.mixer is {self.model.mixer}, allowed: {allowed}, where it is observed or patched"
            )
        return self

    @model_validator(mode="after")
    def _consistent(self) -> RunConfig:
        d = self.distribution
        d.check(self.population, self.training.steps)
        if (self.base is not None and self.patching is None) != d.FINE_TUNING:
            kinds = " or ".join(name for name, kind in KINDS.items() if kind.FINE_TUNING)
            raise ValueError(
                f"distribution.kind is {d.kind}, allowed: {kinds} in a fine-tuning run, and only there"
            )
        if self.training.ends_below is not None and d.FINE_TUNING:
            raise ValueError(
                f"training.ends_below is {self.training.ends_below}, allowed: null in a fine-tuning run, "
                "which begins with what it knows"
            )
        for name in ("rate_warm_up", "frozen"):
            if not d.FINE_TUNING and (given := getattr(self.training, name)) is not None:
                raise ValueError(f"training.{name} is {given}, allowed: null but in a fine-tuning run")
        if self.base is not None and self.base.training.ends_below is not None:
            raise ValueError(
                f"training.ends_below of the base is {self.base.training.ends_below}, allowed: null, as "
                "other runs start from it"
            )
        if self.evaluation.apart and not self.parts:
            raise ValueError(
                f"evaluation.apart is {self.evaluation.apart}, allowed: null where distribution.kind is "
                f"{d.kind}, which has no parts of people"
            )
        return self

    @property
    def parts(self) -> dict[str, Part]:
        """Parts of the people that pre-training tells apart: celebrities and the others as head and tail,
        groups that come one after the other as group-1, ...; none where all are alike."""
        return (self.base or self).distribution.parts(self.population.individuals)

    @property
    def groups(self) -> dict[str, Part]:
        """Groups of people that are evaluated. known: the pre-training people; new: people this run never
        trains on, or in fine-tuning the new people it is fine-tuned on."""
        who = self.population
        new = self.distribution.new_people(who.unseen)
        return {"known": (0, who.individuals), "new": (who.individuals, new)}

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
        return digest(self.model_dump(mode="json", context=IDENTITY))

    @property
    def id(self) -> str:
        """Folder of the run. The hash is its identity; the words before it are for the reader.

        Content addressing means that new parameters can never be read beside old results, whatever
        a workflow engine remembers, and that experiments share a run without knowing of each other.
        """
        word = self.distribution.slug
        if self.patching:
            word = f"patched{self.patching.reference}from{self.patching.start}"
        return f"{word}-n{self.population.individuals}-s{self.seed}-{self.digest}"

    @property
    def population_id(self) -> str:
        key = {"population": self.population.model_dump(mode="json", context=IDENTITY), "seed": self.seed}
        return f"n{self.population.individuals}-s{self.seed}-{digest(key)}"
