"""One measurement of the benchmark: train in this process, print one line of JSON.

    python -m benchmarks.worker WAY --steps N --threads T
    python -m benchmarks.worker WAY --below SHARE --threads T

WAY is pipeline, plain, trainer-fp32 or trainer-bf16, the latter two of Hugging Face. With --steps, tokens a
second: of tokens that are predicted, padding does not count, and without the first steps, which compile or
warm up; their time is reported apart. With --below, the default run until its loss on values is below that
share of b: the steps and seconds, compiling included, measuring not.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial

import torch

from benchmarks.plain import PlainTransformer
from pipeline.config import run as cfg
from pipeline.config import scales
from pipeline.config.experiments import expand
from pipeline.data import source
from pipeline.data import tokenizer as tok
from pipeline.data.drawing import draw
from pipeline.data.population import Population
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.transformer import Transformer
from pipeline.probes.recall import measure
from pipeline.training.loop import Trainer, learning_rate

WARM_UP = 4  # steps before the clock starts
EVERY = 25  # steps between two measurements of the loss
IGNORED = -100


def config(steps: int) -> cfg.RunConfig:
    """4 layers of width 128, batches of 32: a shape that is compared, whatever the default run's."""
    run = default_run()
    return run.model_copy(
        update={
            "model": cfg.Model(layers=4, width=128, heads=4),
            "training": run.training.model_copy(update={"batch": 32, "steps": steps}),
        }
    )


def default_run() -> cfg.RunConfig:
    return expand(scales.load())[0].config


def people(run: cfg.RunConfig) -> Population:
    spelled = tok.train(source.schema(run.population), run.population.vocabulary)
    return draw(run.population, run.seed, spelled)


def padded(sampler: Sampler, step: int, batch: int) -> tuple[torch.Tensor, torch.Tensor, int]:
    """inputs and labels (B, T) of a batch, and how many labels count."""
    drawn = sampler.batch(step, batch)
    labels = torch.where(drawn.kind[:, 1:] == PADDING, IGNORED, drawn.tokens[:, 1:])
    return drawn.tokens[:, :-1], labels, int((labels != IGNORED).sum())


class Clock:
    """Notes when each step ended and, where the loss is to fall below a share of b, how far the model is."""

    def __init__(self, run: cfg.RunConfig, population: Population, below: float | None) -> None:
        self.run, self.below = run, below
        self.baseline = population.baseline
        self.ticks: list[tuple[float, int]] = []  # seconds from here, tokens of the step
        self.sampler = Sampler(population, run.distribution, run.seed)
        self.model = Transformer(run.model, population.vocabulary, population.longest_biography())
        self.began = time.perf_counter()

    def step(self, tokens: int, weights: Callable[[], dict[str, torch.Tensor]]) -> bool:
        """Call after each step. Whether the model, of these weights, has got below the share of b."""
        tick = time.perf_counter()
        self.ticks.append((tick - self.began, tokens))
        if self.below is None or len(self.ticks) % EVERY:
            return False
        self.model.load_state_dict(weights())
        loss = measure(self.model, self.sampler, 0, self.run.population.individuals, 256).loss.mean()
        self.began += time.perf_counter() - tick
        return bool(loss < self.below * self.baseline)


def plain_model(run: cfg.RunConfig, population: Population) -> PlainTransformer:
    """The plain model with the initial weights of ours."""
    torch.manual_seed(run.seed)
    ours = Transformer(run.model, population.vocabulary, population.longest_biography())
    model = PlainTransformer(run.model, population.vocabulary)
    model.load_state_dict(ours.state_dict())
    return model


def pipeline(run: cfg.RunConfig, population: Population, clock: Clock) -> None:
    """The project's own training step."""
    trainer, before = Trainer(run, population), 0
    for step in range(run.training.steps):
        trainer.step(step)
        tokens = int(trainer.tally.read()[0][3])
        if clock.step(tokens - before, trainer.model.state_dict):
            break
        before = tokens


def plain_loop(run: cfg.RunConfig, population: Population, clock: Clock) -> None:
    """A plain PyTorch loop."""
    t, sampler = run.training, Sampler(population, run.distribution, run.seed)
    model = plain_model(run, population)
    optimiser = torch.optim.AdamW(
        model.parameters(), t.learning_rate, (t.beta1, t.beta2), t.epsilon, t.weight_decay
    )
    for step in range(t.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(t, step)
        inputs, labels, tokens = padded(sampler, step, t.batch)
        loss = model(inputs, labels)["loss"]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), t.clip)
        optimiser.step()
        loss.item()
        if clock.step(tokens, model.state_dict):
            break


def hf_trainer(run: cfg.RunConfig, population: Population, clock: Clock, bf16: bool) -> None:
    """Hugging Face's `Trainer` over biographies spelt beforehand: its sampling costs nothing here. `bf16`:
    whether under its autocast."""
    import transformers
    from transformers import TrainerCallback, TrainingArguments

    t, sampler = run.training, Sampler(population, run.distribution, run.seed)
    stored: list[dict[str, torch.Tensor]] = []
    for step in range(t.steps):
        inputs, labels, _ = padded(sampler, step, t.batch)
        stored += [{"input_ids": i, "labels": x} for i, x in zip(inputs, labels, strict=True)]
    counted: list[int] = []

    def collate(rows: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        longest = max(int((row["labels"] != IGNORED).sum()) for row in rows)
        pad = torch.nn.utils.rnn.pad_sequence
        inputs = pad([row["input_ids"] for row in rows], batch_first=True)[:, :longest]
        labels = pad([row["labels"] for row in rows], batch_first=True, padding_value=IGNORED)[:, :longest]
        counted.append(int((labels != IGNORED).sum()))
        return {"input_ids": inputs, "labels": labels}

    class Watch(TrainerCallback):
        def on_train_begin(self, args, state, control, **rest):
            clock.began = time.perf_counter()  # spelling the biographies does not count

        def on_step_end(self, args, state, control, **rest):
            if clock.step(counted[state.global_step - 1], rest["model"].state_dict):
                control.should_training_stop = True

    arguments = TrainingArguments(
        output_dir="unused",
        use_cpu=True,
        bf16=bf16,
        per_device_train_batch_size=t.batch,
        max_steps=t.steps,
        learning_rate=t.learning_rate,
        lr_scheduler_type="cosine",
        weight_decay=t.weight_decay,
        adam_beta1=t.beta1,
        adam_beta2=t.beta2,
        max_grad_norm=t.clip,
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    trainer = transformers.Trainer(
        plain_model(run, population), arguments, collate, stored, callbacks=[Watch()]
    )
    with contextlib.redirect_stdout(sys.stderr):
        trainer.train()


WAYS: dict[str, Callable[[cfg.RunConfig, Population, Clock], None]] = {
    "pipeline": pipeline,
    "plain": plain_loop,
    "trainer-fp32": partial(hf_trainer, bf16=False),
    "trainer-bf16": partial(hf_trainer, bf16=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--steps", type=int)
    goal.add_argument("--below", type=float, metavar="SHARE")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    run = config(args.steps) if args.steps else default_run()
    population = people(run)
    clock = Clock(run, population, args.below)
    WAYS[args.way](run, population, clock)
    result = {"way": args.way, "threads": args.threads}
    if args.below:
        result |= {"steps": len(clock.ticks), "seconds": clock.ticks[-1][0]}
    else:
        seconds = clock.ticks[-1][0] - clock.ticks[WARM_UP - 1][0]
        tokens = sum(n for _, n in clock.ticks[WARM_UP:])
        result |= {"tokens_per_second": tokens / seconds, "seconds_to_first_step": clock.ticks[0][0]}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
