"""The training loop: one run, from initial (or base) weights to its tables and final weights.

Paper: section 2 and appendix B.3 (AdamW, cosine without warm-up). Runs unchanged on one process or
several: every process draws its own rows of the same global batch.
"""

import math
import sys
import time
from dataclasses import dataclass, field

import torch
from tqdm import tqdm

from pipeline import config as cfg
from pipeline.data.population import Population
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.transformer import Transformer, flops_per_token
from pipeline.probes.recall import groups, measure, value_sums
from pipeline.training import hardware

_LOG_WINDOWS = 64  # rows of the training log a run, each the mean of its window of steps
_TIMED_STEPS = 16  # steps after the first (which compiles) that the expected time is taken from


class DivergedError(RuntimeError):
    """The loss became NaN or infinite."""


@dataclass
class Result:
    """What a run leaves. Rows are dictionaries, ready for a table."""

    model: Transformer
    evaluations: list[dict] = field(default_factory=list)
    training_log: list[dict] = field(default_factory=list)
    cost: dict = field(default_factory=dict)


def learning_rate(training: cfg.Training, step: int) -> float:
    """Rate of the update that follows `step` updates: cosine to the final rate, or constant."""
    if training.schedule == "constant":
        return training.learning_rate
    fall = 0.5 * (1 + math.cos(math.pi * step / training.steps))
    return training.final_learning_rate + (training.learning_rate - training.final_learning_rate) * fall


class Trainer:
    """Holds one run's parts; `train` is the loop."""

    def __init__(
        self, run: cfg.RunConfig, population: Population, weights: dict[str, torch.Tensor] | None = None
    ) -> None:
        self.run, self.population = run, population
        self.accelerator = hardware.accelerator()
        self.sampler = Sampler(population, run.distribution, run.seed, self.accelerator.device)
        context = population.longest_biography()
        torch.manual_seed(run.seed)
        self.model = Transformer(run.model, population.vocabulary, context)
        if weights is not None:
            self.model.load_state_dict(weights)
        t = run.training
        optimiser = torch.optim.AdamW(
            self.model.parameter_groups(t.weight_decay),
            lr=t.learning_rate,
            betas=(t.beta1, t.beta2),
            eps=t.epsilon,
            fused=True,
        )
        self.flops = self._count_flops()
        self.compiled = hardware.worth_compiling(self.flops)
        if self.compiled:
            hardware.compile_in_place(self.model)
        self.model, self.optimiser = self.accelerator.prepare(self.model, optimiser)
        rank, world = self.accelerator.process_index, self.accelerator.num_processes
        self.world = world
        self.rows = torch.arange(rank, t.batch, world, device=self.accelerator.device)

    def _count_flops(self) -> float:
        people = self.population
        length = people.meta["tokens_per_biography"]
        tokens = self.run.training.batch * self.run.training.steps * length
        return tokens * flops_per_token(self.run.model, people.vocabulary, length)

    def announce(self) -> dict:
        """Print and return what this run will cost."""
        run, people = self.run, self.population
        tokens = run.training.batch * run.training.steps * people.meta["tokens_per_biography"]
        parameters = sum(p.numel() for p in self.model.parameters())
        embedding = people.vocabulary * run.model.width
        cost = {
            "parameters": parameters,
            "parameters_without_embedding": parameters - embedding,
            "tokens": round(tokens),
            "flops": self.flops,
            "precision": hardware.precision(self.accelerator.device),
            "compiled": self.compiled,
            "device": hardware.device_name(self.accelerator.device),
            "processes": self.world,
        }
        self._say(
            f"{run.id}: {parameters:,} parameters ({cost['parameters_without_embedding']:,} without the "
            f"embedding), {tokens / 1e6:.2f} M tokens in {run.training.steps} steps of "
            f"{run.training.batch} biographies, {self.flops / 1e12:.2f} TFLOP, {cost['precision']} on "
            f"{cost['device']} x {self.world}{', compiled' if cost['compiled'] else ''}; "
            f"baseline {people.baseline:.4f} nats a value"
        )
        return cost

    def _say(self, line: str) -> None:
        if self.accelerator.is_main_process:
            print(line, flush=True)

    def train(self) -> Result:
        run, total = self.run, self.run.training.steps
        result = Result(self.accelerator.unwrap_model(self.model), cost=self.announce())
        slots = set(run.evaluation.steps(total))
        window = max(1, total // _LOG_WINDOWS)
        bar = tqdm(
            total=total, unit="step", disable=not (self.accelerator.is_main_process and sys.stderr.isatty())
        )
        began, evaluating, tokens = time.perf_counter(), 0.0, 0
        sums, in_window, first_step_ends = torch.zeros(4, dtype=torch.float64), 0, 0.0
        for step in range(total + 1):
            if step in slots:
                tick = time.perf_counter()
                result.evaluations += self.evaluate(step, run.evaluation.sequences)
                evaluating += time.perf_counter() - tick
            if step == total:
                break
            statistics, seen = self.step(step)
            sums += statistics
            tokens, in_window = tokens + seen, in_window + 1
            if step == 0:
                first_step_ends = time.perf_counter()
                self._say(f"first step after {first_step_ends - began:.1f} s")
            if step == _TIMED_STEPS:
                self._say(self._expected_time(step, began, first_step_ends, evaluating))
            if (step + 1) % window == 0 or step + 1 == total:
                row = self._log_row(step + 1, sums / in_window)
                result.training_log.append(row)
                spent = time.perf_counter() - began
                rate = tokens / max(spent - evaluating, 1e-9)
                bar.set_postfix(loss=f"{row['loss_per_token']:.3f}", tok_s=f"{rate:,.0f}")
                if bar.disable and len(result.training_log) % 8 == 0:
                    left = spent / (step + 1) * (total - step - 1)
                    known = next(e for e in reversed(result.evaluations) if e["group"] == "known")
                    self._say(
                        f"step {step + 1}/{total}  loss {row['loss_per_token']:.4f}  value loss "
                        f"{row['attribute_loss']:.3f}  held-out accuracy {known['accuracy']:.3f}  "
                        f"{rate:,.0f} tok/s  {left:.0f} s left"
                    )
                sums, in_window = torch.zeros_like(sums), 0
            bar.update()
        bar.close()
        spent = time.perf_counter() - began
        result.cost |= {
            "tokens": tokens,
            "seconds": round(spent, 2),
            "seconds_evaluating": round(evaluating, 2),
            "seconds_to_first_step": round(first_step_ends - began, 2),
            "tokens_per_second": round(tokens / (spent - evaluating)),
        }
        return result

    def _expected_time(self, step: int, began: float, first_step_ends: float, first_evaluation: float) -> str:
        """From the pace of the steps since the first one, and the evaluation before it."""
        pace = (time.perf_counter() - first_step_ends) / step
        slots = len(self.run.evaluation.steps(self.run.training.steps))
        total = first_step_ends - began + pace * self.run.training.steps + first_evaluation * (slots - 1)
        return f"{pace * 1e3:.0f} ms a step: about {total:,.0f} s for the run"

    def step(self, step: int) -> tuple[torch.Tensor, int]:
        """One update. Returns [loss per token, loss per value, gradient norm, rate] and its token count."""
        t = self.run.training
        rate = learning_rate(t, step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        whole = self.sampler.batch(step, t.batch)
        seen = int((whole.kind[:, 1:] != PADDING).sum())
        mine = whole if self.world == 1 else self.sampler.batch(step, self.rows)
        inputs, targets = mine.tokens[:, :-1].contiguous(), mine.tokens[:, 1:].contiguous()
        if self.compiled:
            hardware.any_length(inputs, targets)
        per_token = self.model(inputs, targets)
        per_token = torch.where(mine.kind[:, 1:] != PADDING, per_token, 0)
        # Normalised by the tokens of the whole batch; the processes' gradients are averaged, hence `world`.
        loss = per_token.sum() / seen
        self.accelerator.backward(loss * self.world)
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), t.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        value_loss = value_sums(per_token.detach(), mine).sum() / (t.batch * 6)
        sums = torch.stack([loss.detach(), value_loss]).double()
        if self.world > 1:
            sums = self.accelerator.reduce(sums, "sum")
        if not torch.isfinite(sums[0]):
            raise DivergedError(
                f"{self.run.id}: loss is {sums[0].item()} at step {step}, learning rate {rate:g}"
            )
        return torch.tensor([*sums.tolist(), float(norm), rate], dtype=torch.float64), seen

    def _log_row(self, step: int, means: torch.Tensor) -> dict:
        names = ("loss_per_token", "attribute_loss", "gradient_norm", "learning_rate")
        return {"step": step, **dict(zip(names, means.tolist(), strict=True))}

    def evaluate(self, step: int, sequences: int) -> list[dict]:
        """One row a group: attribute loss, accuracy, maximum probability and entropy."""
        model = self.accelerator.unwrap_model(self.model)
        rows = []
        with self.accelerator.autocast():
            for name, (first, count) in groups(self.run).items():
                recall = measure(model, self.sampler, first, count, sequences)
                rows.append({"step": step, "group": name, **recall.summary()})
        return rows
