"""The typed parameters of the toy associative memory (paper, section 5.2 and appendix F; Figures Q, R)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline.config.frozen import Frozen, digest

ReadOut = Literal["value_embeddings", "linear"]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Phase(Frozen):
    """A stretch of training: its length in steps and its rate (pre-training: the peak of a cosine to 0)."""

    steps: int = Field(ge=1, le=10_000_000)
    """[steps] Length."""
    learning_rate: float = Field(gt=0, le=1)
    """[per step] In pre-training the peak of a cosine to 0, in fine-tuning constant."""


class Replay(Frozen):
    """Fine-tuning on `new` pairs, each of weight 1, with each pre-training pair of one of `weights`."""

    new: PositiveInt
    """[pairs] To learn."""
    weights: list[PositiveFloat] = Field(min_length=1)
    """[x a new one's] How often each old pair is drawn: a run for each."""


class Measuring(Frozen):
    """Steps of fine-tuning that are measured: every `early` steps until `until`, then every `late`."""

    early: PositiveInt
    """[steps] Between two measurements at first."""
    until: NonNegativeInt
    """[step] To which that holds."""
    late: PositiveInt
    """[steps] Between two measurements from then on."""

    def steps(self, total: int) -> list[int]:
        """0, the early ones, the late ones and the end, ascending."""
        early, late = range(0, min(self.until, total), self.early), range(0, total, self.late)
        return sorted({0, total, *early, *(step for step in late if step >= self.until)})


class Toy(Frozen):
    """Key-value pairs, the memory that learns them, and the fine-tuning runs."""

    extended: bool = False
    """Whether it is left to calls that name it, or `everything`."""
    seeds: list[Seed] = Field(min_length=1)
    """Each draws its own pairs, weights and batches."""
    pairs: PositiveInt = Field(le=1_000_000)
    """[pairs] To pre-train on."""
    dimension: int = Field(ge=2, le=4096)
    """[channels] Of keys and of values."""
    values: int = Field(ge=2, le=65536)
    """[values] Different ones."""
    hidden: int = Field(ge=1, le=65536)
    """[units] ReLU units of the one hidden layer."""
    read_outs: list[ReadOut] = Field(min_length=1)
    """How a value is read off the memory's output: a run for each. The paper does not say which it uses."""
    batch: int = Field(ge=1, le=65536)
    """[pairs] A step."""
    weight_decay: float = Field(ge=0, le=10)
    """[x rate] Decoupled (AdamW)."""
    beta1: float = Field(ge=0, lt=1)
    """Share of the mean gradient that AdamW keeps at a step."""
    beta2: float = Field(ge=0, lt=1)
    """Share of the mean square that AdamW keeps at a step."""
    pretraining: Phase
    finetuning: Phase
    measuring: Measuring
    sizes: list[PositiveInt] = Field(min_length=1)
    """[pairs] To learn in fine-tuning, without replay: a run for each."""
    replay: Replay

    @property
    def conditions(self) -> list[tuple[int, float]]:
        """(new pairs, weight of an old pair) of every fine-tuning run."""
        return [(n, 0.0) for n in self.sizes] + [(self.replay.new, w) for w in self.replay.weights]

    def id(self, seed: int) -> str:
        """Name of a seed's results; the hash of what decides them, as for a training run."""
        return f"s{seed}-{digest(self.model_dump(mode='json', exclude={'seeds', 'extended'}))}"
