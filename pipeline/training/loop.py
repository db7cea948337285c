"""The training loop: one run, from initial (or base) weights to its tables and final weights.

Paper: section 2 and appendix B.3 (AdamW, cosine without warm-up). Runs unchanged on one process or
several: every process draws its own rows of the same global batch.
"""

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch

from pipeline.config import run as cfg
from pipeline.config.errors import ConfigError
from pipeline.data.population import Population
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.packing import gather, pack, spread
from pipeline.model.patching import PatchedTransformer
from pipeline.model.transformer import Transformer
from pipeline.probes.attention import measure_attention
from pipeline.probes.credit import measure_credit
from pipeline.probes.recall import measure, predictions, value_sums
from pipeline.training import hardware
from pipeline.training.cost import flops_of, tokens_of
from pipeline.training.interrupts import InterruptedRunError, Interrupts
from pipeline.training.progress import Progress, Reporter
from pipeline.training.state import Saved, StateError, StateStore, load_optimiser, optimiser_tensors
from pipeline.training.tally import Tally

_LOG_WINDOWS = 64  # rows of the training log a run, each the mean of its window of steps
_SAVING_SHARE = 0.02  # of the run's time at most goes into saving its state


class DivergedError(RuntimeError):
    """The loss or its gradient became NaN or infinite; weights and moments are those before that step."""


@dataclass
class Result:
    """What a run leaves. Rows are dictionaries, ready for a table; those of the attention and the snapshots
    (weights by step) are of observed runs."""

    model: Transformer
    evaluations: list[dict]
    training_log: list[dict]
    cost: dict
    attention: list[dict]
    snapshots: dict[int, dict[str, torch.Tensor]]


def learning_rate(training: cfg.Training, step: int) -> float:
    """Rate of the update that follows `step` updates: cosine to the final rate, or constant."""
    if training.schedule == "constant":
        return training.learning_rate
    fall = 0.5 * (1 + math.cos(math.pi * step / training.steps))
    return training.final_learning_rate + (training.learning_rate - training.final_learning_rate) * fall


class Trainer:
    """Holds one run's parts; `train` is the loop. `weights`: to start from; `reference`: whose attention is
    patched in, in a patched run."""

    def __init__(
        self,
        run: cfg.RunConfig,
        population: Population,
        weights: dict[str, torch.Tensor] | None = None,
        reference: dict[str, torch.Tensor] | None = None,
    ) -> None:
        self.run, self.population = run, population
        self.accelerator = hardware.accelerator()
        self.sampler = Sampler(
            population, run.distribution, run.seed, self.accelerator.device, run.training.steps
        )
        context = population.longest_biography()
        torch.manual_seed(run.seed)
        if reference is None:
            self.model = Transformer(run.model, population.vocabulary, context)
        else:
            self.model = PatchedTransformer(run.model, population.vocabulary, context, reference)
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
        self.biography = population.meta["tokens_per_biography"]
        self.flops = flops_of(run, population.vocabulary, self.biography)
        self.compiled = hardware.worth_compiling(self.flops)
        self.predict: Callable[..., torch.Tensor] = predictions
        if self.compiled:
            # Before Accelerate wraps it: with its autocast inside of the graph, torch would not use its cache
            # of traced graphs, and every run would start 2 s later.
            self.model.forward = hardware.compiled(self.model.forward)  # type: ignore[method-assign]
            self.predict = hardware.compiled(predictions)
        device = self.accelerator.device
        self.machine = {
            "precision": hardware.precision(device),
            "compiled": self.compiled,
            "device": hardware.device_name(device),
        }
        self.model, self.optimiser = self.accelerator.prepare(self.model, optimiser)
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if self.world > t.batch:
            raise ConfigError(
                f"training.batch: {t.batch} rows for {self.world} processes, allowed: a row each at least"
            )
        self.interrupts = Interrupts(shared=self.world > 1)
        self.snapshots: dict[int, dict[str, torch.Tensor]] = {}
        self.rows = torch.arange(self.rank, t.batch, self.world, device=self.accelerator.device)
        self.tally = Tally(self.accelerator.device, [0.0] * 4)

    def announce(self) -> dict:
        """Print and return what this run will cost."""
        run, people = self.run, self.population
        steps = run.training.steps - run.first_step
        tokens = tokens_of(run, self.biography)
        parameters = sum(p.numel() for p in self.model.parameters())
        embedding = people.vocabulary * run.model.width
        cost = {
            "parameters": parameters,
            "parameters_without_embedding": parameters - embedding,
            "tokens": round(tokens),
            "flops": self.flops,
            **self.machine,
            "processes": self.world,
        }
        self._say(
            f"{run.id}: {parameters:,} parameters ({cost['parameters_without_embedding']:,} without the "
            f"embedding), {tokens / 1e6:.2f} M tokens in {steps} steps of "
            f"{run.training.batch} biographies, {self.flops / 1e12:.2f} TFLOP, {cost['precision']} on "
            f"{cost['device']} x {self.world}{', compiled' if cost['compiled'] else ''}; "
            f"baseline {people.baseline:.4f} nats a value"
        )
        return cost

    def train(self, store: StateStore | None = None, save_every: float = 5.0) -> Result:
        """Train to the end, from the newest state in `store` if it holds one.

        State is saved every `save_every` seconds, less often where saving is slow. On SIGTERM or SIGINT it
        is saved at once, and InterruptedRunError raised.
        """
        run, total = self.run, self.run.training.steps
        cost, now = self.announce(), self._restore(store)
        slots = run.slots
        self._begin_window(now)
        window = max(1, total // _LOG_WINDOWS)
        reporter = Reporter(total, len(slots), now.step, quiet=not self.accelerator.is_main_process)
        began, save_at = time.perf_counter() - now.seconds, time.perf_counter() + save_every
        # A process has its GPU for itself; of a CPU it has what it was given.
        device_clock = time.perf_counter if self.accelerator.device.type == "cuda" else time.process_time
        device_began = device_clock() - now.device_seconds
        with self.interrupts, reporter.bar:
            try:
                while True:
                    self.interrupts.check()
                    if store and time.perf_counter() > save_at:
                        self._settle(now)
                        save_at = time.perf_counter() + max(
                            save_every, self._save(store, now) / _SAVING_SHARE
                        )
                    self._keep(now)
                    if now.step in slots and not now.evaluated:
                        self._settle(now)
                        tick = time.perf_counter()
                        with self.interrupts.immediate():
                            rows = self.evaluate(now.step, run.evaluation.sequences)
                            attention = self.attention(now.step)
                        now.evaluations += rows
                        now.attention += attention
                        now.seconds_evaluating += time.perf_counter() - tick
                    if now.step == total:
                        break
                    self.step(now.step)
                    now.step, now.in_window = now.step + 1, now.in_window + 1
                    now.seconds = time.perf_counter() - began
                    now.device_seconds = device_clock() - device_began
                    if now.step % window == 0 or now.step == total:
                        self._settle(now)
                        now.training_log.append(self._log_row(now))
                        now.window, now.in_window = [0.0] * len(now.window), 0
                        self._begin_window(now)
                        reporter.logged(now)
                    reporter.updated(now)
            except (InterruptedRunError, DivergedError) as stopped:
                with contextlib.suppress(DivergedError):  # its state is saved all the same
                    self._settle(now)
                if store:
                    self._save(store, now)
                # The launcher stops all processes when the first ends.
                self.accelerator.wait_for_everyone()
                if isinstance(stopped, InterruptedRunError):
                    raise InterruptedRunError(stopped.signum, now.step) from None
                raise
        now.seconds = time.perf_counter() - began
        cost |= {
            "tokens": now.tokens,
            "seconds": round(now.seconds, 2),
            "device_seconds": round(now.device_seconds, 2),
            "seconds_evaluating": round(now.seconds_evaluating, 2),
            "seconds_to_first_step": round(reporter.seconds_to_first_step, 2),
            "tokens_per_second": round(now.tokens_per_second),
        }
        if now.changes:  # cost is of the machine at the end
            cost["changes"] = "; ".join(now.changes)
        model = self.accelerator.unwrap_model(self.model)
        return Result(model, now.evaluations, now.training_log, cost, now.attention, self.snapshots)

    def _restore(self, store: StateStore | None) -> Progress:
        """Take up the newest state of the store; the beginning without one. Raises StateError for one of
        another precision."""
        saved = store.newest() if store else None
        for warning in store.warnings if store else ():
            self._say(f"warning: {warning}")
        if store and self.world > 1:
            found = torch.tensor([saved.step if saved else -1], device=self.accelerator.device)
            if len(self.accelerator.gather(found).unique()) > 1:
                raise StateError(
                    f"{store.folder}: the processes find different states there; put it on storage that all "
                    "nodes share"
                )
        if saved is None:
            return Progress(step=self.run.first_step, first=self.run.first_step)
        if store and saved.machine["precision"] != self.machine["precision"]:
            raise StateError(
                f"{store.folder}: state in {saved.machine['precision']}, but this machine computes in "
                f"{self.machine['precision']}; go on where it began, or delete the folder to start afresh"
            )
        self.snapshots = saved.snapshots
        parts: dict[str, dict[str, torch.Tensor]] = {"model": {}, "optimiser": {}}
        for name, tensor in saved.tensors.items():
            part, _, key = name.partition(".")
            parts[part][key] = tensor
        self.accelerator.unwrap_model(self.model).load_state_dict(parts["model"])
        load_optimiser(self.optimiser, parts["optimiser"])
        self._say(f"resumed at step {saved.step} of {self.run.training.steps}")
        now = Progress(**saved.progress)
        for name in ("device", "compiled"):
            if saved.machine[name] != self.machine[name]:
                change = f"step {saved.step}: {name} {saved.machine[name]} -> {self.machine[name]}"
                self._say(f"warning: the last bits are not those of one machine: {change}")
                now.changes.append(change)
        return now

    def _save(self, store: StateStore, now: Progress) -> float:
        """Save a generation, on the main process; returns the seconds it took."""
        tick = time.perf_counter()
        if self.accelerator.is_main_process:
            model = self.accelerator.unwrap_model(self.model).state_dict()
            tensors = {f"model.{name}": tensor for name, tensor in model.items()}
            tensors |= {f"optimiser.{k}": v for k, v in optimiser_tensors(self.optimiser).items()}
            store.save(Saved(now.step, tensors, asdict(now), self.machine, self.snapshots))
        return time.perf_counter() - tick

    def _keep(self, now: Progress) -> None:
        """Keep a copy of the weights if the run has a snapshot at this step."""
        if self.run.observe and now.step in self.run.observe.snapshots:
            self._settle(now)
            weights = self.accelerator.unwrap_model(self.model).state_dict()
            self.snapshots[now.step] = {name: w.detach().to("cpu", copy=True) for name, w in weights.items()}

    def _say(self, line: str) -> None:
        if self.accelerator.is_main_process:
            print(line, flush=True)

    def _begin_window(self, now: Progress) -> None:
        self.tally = Tally(self.accelerator.device, [*now.window, now.tokens])

    def _settle(self, now: Progress) -> None:
        """Wait for the device, and have its sums in `now`. Raises DivergedError if a step failed; `now` is
        then before that step, as weights and moments are."""
        (*now.window, tokens), failed = self.tally.read()
        now.tokens = int(tokens)
        if failed:
            step, loss, norm = failed
            now.step, now.in_window = step, now.in_window - (now.step - step)
            raise DivergedError(
                f"{self.run.id}: at step {step} the loss is {loss:g} and the norm of its gradient {norm:g}; "
                f"a learning rate below {learning_rate(self.run.training, step):g} may mend it"
            )

    def step(self, step: int) -> None:
        """One update, and its part in the tally."""
        t = self.run.training
        rate = learning_rate(t, step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        whole = self.sampler.batch(step, t.batch)
        seen = (whole.kind[:, 1:] != PADDING).sum()
        mine = whole if self.world == 1 else self.sampler.batch(step, self.rows)
        inputs, targets = mine.tokens[:, :-1].contiguous(), mine.tokens[:, 1:].contiguous()
        real = mine.kind[:, 1:] != PADDING
        # A GPU is served better by shapes that stay.
        packing = None if inputs.is_cuda else pack(real)
        inputs, targets = gather(inputs, packing), gather(targets, packing)
        # Up to the update nothing has changed that is saved.
        with self.interrupts.immediate():
            per_token = spread(self.model(inputs, targets, packing), packing)
            per_token = torch.where(real, per_token, 0)
            # Normalised by the tokens of the whole batch; the processes' gradients are averaged: `world`.
            loss = per_token.sum() / seen
            self.accelerator.backward(loss * self.world)
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), t.clip)
        value_loss = value_sums(per_token.detach(), mine).sum() / (t.batch * 6)
        sums = torch.stack([loss.detach(), value_loss]).double()
        if self.world > 1:
            # One message for both: the statistics, and whether any process was told to stop.
            told = sums.new_tensor([self.interrupts.caught is not None])
            sums = self.accelerator.reduce(torch.cat([sums, told]), "sum")
            self.interrupts.agree(bool(sums[2]))
        failed = self.tally.add(step, torch.stack([sums[0], sums[1], norm.double(), seen.double()]))
        self.optimiser.optimizer.found_inf = failed  # Accelerate's wrapper would keep it to itself
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    def _add(self, sums: torch.Tensor) -> torch.Tensor:
        """Sums over the processes, on the CPU."""
        return self.accelerator.reduce(sums.to(self.accelerator.device), "sum").cpu()

    def _log_row(self, now: Progress) -> dict:
        rates = [learning_rate(self.run.training, s) for s in range(now.step - now.in_window, now.step)]
        names = ("loss_per_token", "attribute_loss", "gradient_norm", "learning_rate")
        sums = (*now.window, sum(rates))
        return {"step": now.step} | {n: x / now.in_window for n, x in zip(names, sums, strict=True)}

    def evaluate(self, step: int, sequences: int) -> list[dict]:
        """One row a group: attribute loss, accuracy, confidence and entropy. Processes share the work."""
        model = self.accelerator.unwrap_model(self.model)
        rows = []
        with self.accelerator.autocast():
            asked = {name: (who, sequences) for name, who in self.run.groups.items()}
            if few := self.run.evaluation.apart:
                asked |= {name: (who, few) for name, who in self.run.parts.items()}
            for name, ((first, count), many) in asked.items():
                recall = measure(
                    model,
                    self.sampler,
                    first,
                    count,
                    many,
                    share=(self.rank, self.world),
                    add=self._add,
                    predict=self.predict,
                )
                rows.append({"step": step, "group": name, **recall.summary()})
        return rows

    def attention(self, step: int) -> list[dict]:
        """One row a layer, of an observed run: where known people's biographies attend, and which of their
        tokens the errors on values reach."""
        observe = self.run.observe
        if observe is None:
            return []
        model = self.accelerator.unwrap_model(self.model)
        people = self.run.groups["known"]
        with self.accelerator.autocast():
            rows = measure_attention(model, self.sampler, *people, observe.sequences)
            if observe.credit:
                credit = measure_credit(model, self.sampler, *people, observe.credit)
                rows = [row | more for row, more in zip(rows, credit, strict=True)]
        return [{"step": step, **row} for row in rows]
