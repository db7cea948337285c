"""A trained run as a model that can be asked.

    from pipeline.training.trained import Trained
    trained = Trained.load("results/laptop/runs/RUN")
    trained.ask(trained.person("James Lee Smith"))

A run's folder has its weights, that of an observed run those of several steps. Its people lie in the folder
`populations` beside `runs`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import safe_open
from safetensors.torch import load
from tokenizers import Tokenizer

from pipeline.config.errors import ConfigError
from pipeline.config.run import RunConfig
from pipeline.data import told
from pipeline.data.population import Population
from pipeline.data.sampler import probabilities
from pipeline.model.patching import PatchedTransformer
from pipeline.model.transformer import Transformer
from pipeline.store.artefacts import ArtefactError, verify
from pipeline.training import answers, snapshots
from pipeline.training.progress import learned

SEEN, TUNED, HELD_OUT, MADE_UP = "seen", "seen in fine-tuning", "held out", "made up"


@dataclass(frozen=True)
class Person:
    """index: in the population, None of someone who is not in it. kind: SEEN in pre-training, TUNED, HELD_OUT
    (in the population, never trained on) or MADE_UP."""

    name: str
    index: int | None
    kind: str


@dataclass(frozen=True)
class Answer:
    """About one attribute. values: with their probabilities, the likeliest first; truth: None of someone made
    up."""

    attribute: str
    values: list[tuple[str, float]]
    truth: str | None

    @property
    def of_truth(self) -> float | None:
        """Probability of the truth."""
        return None if self.truth is None else dict(self.values)[self.truth]


def steps(folder: Path) -> list[int]:
    """Steps whose weights the folder of a run holds, its last included. Raises ArtefactError if damaged."""
    verify(folder, "config.json")
    run = RunConfig.model_validate_json((folder / "config.json").read_text())
    found = {run.training.steps}
    if (folder / snapshots.FILE).exists():
        with safe_open(folder / snapshots.FILE, "pt") as file:
            found |= {int(name.partition(".")[0]) for name in file.keys()}  # noqa: SIM118, no mapping
    return sorted(found)


class Trained:
    """A run's model with the people it was trained on."""

    def __init__(
        self,
        run: RunConfig,
        model: Transformer,
        population: Population,
        tokenizer: Tokenizer,
        log: Iterable[Mapping[str, float]] = (),
    ) -> None:
        """log: of the training, which tells whom a distribution that adapts drew."""
        self.run, self.model, self.population, self.tokenizer = run, model.eval(), population, tokenizer
        who = population.config
        phases = probabilities(
            run.distribution,
            who.individuals,
            population.people,
            run.training.steps,
            population.frequencies,
            learned(log, population.baseline),
        )
        self._trained = np.any([p > 0 for _, p in phases], axis=0)
        self._numbers = {population.name_text(i): i for i in range(population.people)}

    @classmethod
    def load(cls, folder: Path | str, step: int | None = None) -> "Trained":
        """The model of a run's folder, as it was at `step` (default: the last). Raises ArtefactError if
        something is missing or damaged, ConfigError if the folder has no weights of that step."""
        folder = Path(folder)
        if not (folder / "config.json").exists():
            raise ArtefactError(
                f"{folder}: no run there; `snakemake --cores all phases` makes the default runs"
            )
        if not (folder / "weights.safetensors").exists():
            raise ArtefactError(
                f"{folder}: without weights; `snakemake --cores all` makes them, or `dvc pull` has them"
            )
        there = steps(folder)
        run = RunConfig.model_validate_json((folder / "config.json").read_text())
        if step not in (None, *there):
            allowed = (
                f"one of {', '.join(map(str, there))}" if there[1:] else f"{there[0]}, as it is not observed"
            )
            raise ConfigError(f"at: given {step}, allowed: {allowed}")
        people = folder.parent.parent / "populations" / run.population_id
        population = told.load(people, run)
        tokenizer = Tokenizer.from_str((people / "tokenizer.json").read_text())
        size = (run.model, population.vocabulary, population.longest_biography())
        if run.base and run.patching:
            (reference,) = snapshots.read(folder.parent / run.base.id, run.patching.reference)
            model: Transformer = PatchedTransformer(*size, reference)
        else:
            model = Transformer(*size)
        if step in (None, run.training.steps):
            verify(folder, "weights.safetensors")
            weights = load((folder / "weights.safetensors").read_bytes())
        else:
            (weights,) = snapshots.read(folder, step)
        model.load_state_dict(weights)
        log: list = []
        if run.distribution.ADAPTS:
            verify(folder, "training.csv")
            log = pd.read_csv(folder / "training.csv").to_dict("records")
        return cls(run, model, population, tokenizer, log)

    def person(self, name: str) -> Person:
        """Who has this name; of drawn people, two given names and a surname. Raises ConfigError for a word
        that is not of the run's pools, or in nobody's name, as the model has no tokens for it."""
        name = " ".join(name.split())
        if (index := self._numbers.get(name)) is not None:
            return Person(name, index, self._kind(index))
        if not self.population.config.facts:
            self._check_words(name)
        self._tokens(name)
        return Person(name, None, MADE_UP)

    def _check_words(self, name: str) -> None:
        words, (given, _, surnames) = name.split(), self.population.schema.words
        if len(words) != 3:
            raise ConfigError(f"name: given {name!r}, allowed: two given names and a surname")
        for word, (allowed, what) in zip(
            words, [(given, "given names")] * 2 + [(surnames, "surnames")], strict=True
        ):
            if word not in allowed:
                few = ", ".join(allowed[:6])
                raise ConfigError(
                    f"name: given {word!r}, allowed: one of the run's {len(allowed)} {what}: {few}, …"
                )

    def _tokens(self, name: str) -> tuple[int, ...]:
        """In the population's numbering. Raises ConfigError where a word's tokens are in nobody's name."""
        out: list[int] = []
        for word in name.split():
            tokens = np.array(self.tokenizer.encode(f" {word}").ids)
            numbers = np.searchsorted(self.population.token_ids, tokens).clip(
                max=self.population.vocabulary - 1
            )
            if (self.population.token_ids[numbers] != tokens).any():
                raise ConfigError(f"name: given {word!r}, allowed: a word that somebody of the run is called")
            out += numbers.tolist()
        return tuple(out)

    def _kind(self, index: int) -> str:
        if index < self.population.config.individuals:
            return SEEN
        return TUNED if self._trained[index] else HELD_OUT

    def some(self, kind: str, count: int) -> list[Person]:
        """The first of a kind; those made up are always the same."""
        if kind != MADE_UP:
            found = (i for i in range(self.population.people) if self._kind(i) == kind)
            return [
                self.person(self.population.name_text(i)) for _, i in zip(range(count), found, strict=False)
            ]
        rng, out = np.random.default_rng(0), dict[str, Person]()
        while len(out) < count:
            name = self._made_up(rng)
            if name not in self._numbers:
                out[name] = self.person(name)
        return list(out.values())

    def _made_up(self, rng: np.random.Generator) -> str:
        """Words of the pools; of a table, the last word of a name in place of another's, or after it."""
        drawn = [words[rng.integers(len(words))] for words in self.population.schema.words]
        if not self.population.config.facts:
            return " ".join(drawn)
        names = self.population.schema.words[0]
        other = names[rng.integers(len(names))].split()[-1]
        name = " ".join([*drawn[0].split()[:-1], other])
        return f"{drawn[0]} {other}" if name in self._numbers else name

    def ask(self, person: Person) -> list[Answer]:
        """An answer for each attribute, in sentences that were held out for the person (if made up: for the
        first)."""
        name = self._tokens(person.name)
        out = []
        for a, attribute in enumerate(self.population.schema.attributes):
            templates = self.population.held_out(person.index or 0, a)
            found = answers.probabilities(self.model, self.population, name, a, templates)
            order = torch.argsort(found, descending=True, stable=True).tolist()
            truth = None
            if person.index is not None and self.population.stated[person.index, a]:
                truth = attribute.values[self.population.values[person.index, a]]
            values = [(attribute.values[v], float(found[v])) for v in order]
            out.append(Answer(attribute.name, values, truth))
        return out
