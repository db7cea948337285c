"""One measurement of the benchmark: train in this process, print one line of JSON.

    python -m benchmarks.worker pipeline|eager|hf-trainer --steps N --threads T

Tokens are those that are predicted: padding does not count. The rate leaves out the first steps, which
compile or warm up; their time is reported apart.
"""

import argparse
import contextlib
import json
import sys
import time

import torch

from benchmarks.plain import PlainTransformer
from pipeline import config as cfg
from pipeline.data import tokenizer as tok
from pipeline.data.population import Population, draw
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.transformer import Transformer
from pipeline.training.loop import Trainer, learning_rate

WARM_UP = 4  # steps before the clock starts
IGNORED = -100


def config(steps: int) -> cfg.RunConfig:
    """The shape that the project's first prototype was timed at: 4 layers, width 128, batches of 64."""
    params = cfg.load()
    run = cfg.expand(params)[0].config
    return run.model_copy(
        update={
            "model": cfg.Model(layers=4, width=128, heads=4),
            "training": run.training.model_copy(update={"batch": 64, "steps": steps}),
        }
    )


def people(run: cfg.RunConfig) -> Population:
    return draw(run.population, run.seed, tok.train(run.population.pools, run.population.vocabulary))


def padded(sampler: Sampler, step: int, batch: int) -> tuple[torch.Tensor, torch.Tensor, int]:
    """inputs and labels (B, T) of a batch, and how many labels count."""
    drawn = sampler.batch(step, batch)
    labels = torch.where(drawn.kind[:, 1:] == PADDING, IGNORED, drawn.tokens[:, 1:])
    return drawn.tokens[:, :-1], labels, int((labels != IGNORED).sum())


def plain(run: cfg.RunConfig, population: Population) -> PlainTransformer:
    """The plain model with the initial weights of ours."""
    torch.manual_seed(run.seed)
    ours = Transformer(run.model, population.vocabulary, population.longest_biography())
    model = PlainTransformer(run.model, population.vocabulary)
    model.load_state_dict(ours.state_dict())
    return model


def pipeline(run: cfg.RunConfig, population: Population) -> list[tuple[float, int]]:
    """The project's own training step."""
    trainer, ticks = Trainer(run, population), []
    for step in range(run.training.steps):
        _, tokens = trainer.step(step)
        ticks.append((time.perf_counter(), tokens))
    return ticks


def eager(run: cfg.RunConfig, population: Population) -> list[tuple[float, int]]:
    """A plain PyTorch loop."""
    t, sampler = run.training, Sampler(population, run.distribution, run.seed)
    model = plain(run, population)
    optimiser = torch.optim.AdamW(
        model.parameters(), t.learning_rate, (t.beta1, t.beta2), t.epsilon, t.weight_decay
    )
    ticks = []
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
        ticks.append((time.perf_counter(), tokens))
    return ticks


def hf_trainer(run: cfg.RunConfig, population: Population) -> list[tuple[float, int]]:
    """Hugging Face's `Trainer` over biographies spelt beforehand: its sampling costs nothing here."""
    import transformers
    from transformers import TrainerCallback, TrainingArguments

    t, sampler = run.training, Sampler(population, run.distribution, run.seed)
    stored: list[dict[str, torch.Tensor]] = []
    for step in range(t.steps):
        inputs, labels, _ = padded(sampler, step, t.batch)
        stored += [{"input_ids": i, "labels": x} for i, x in zip(inputs, labels, strict=True)]
    ticks, counted = [], []

    def collate(rows: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        longest = max(int((row["labels"] != IGNORED).sum()) for row in rows)
        pad = torch.nn.utils.rnn.pad_sequence
        inputs = pad([row["input_ids"] for row in rows], batch_first=True)[:, :longest]
        labels = pad([row["labels"] for row in rows], batch_first=True, padding_value=IGNORED)[:, :longest]
        counted.append(int((labels != IGNORED).sum()))
        return {"input_ids": inputs, "labels": labels}

    class Clock(TrainerCallback):
        def on_step_end(self, args, state, control, **rest):
            ticks.append(time.perf_counter())

    arguments = TrainingArguments(
        output_dir="unused",
        use_cpu=True,
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
    model = plain(run, population)
    trainer = transformers.Trainer(model, arguments, collate, stored, callbacks=[Clock()])
    with contextlib.redirect_stdout(sys.stderr):
        trainer.train()
    return list(zip(ticks, counted[: len(ticks)], strict=True))


WAYS = {"pipeline": pipeline, "eager": eager, "hf-trainer": hf_trainer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    run = config(args.steps)
    population = people(run)
    began = time.perf_counter()
    ticks = WAYS[args.way](run, population)
    seconds = ticks[-1][0] - ticks[WARM_UP - 1][0]
    tokens = sum(n for _, n in ticks[WARM_UP:])
    print(
        json.dumps(
            {
                "way": args.way,
                "threads": args.threads,
                "tokens_per_second": tokens / seconds,
                "seconds_to_first_step": ticks[0][0] - began,
            }
        )
    )


if __name__ == "__main__":
    main()
