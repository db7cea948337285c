"""The training loop: one run, from initial (or base) weights to its tables and final weights."""

import contextlib
import time
from dataclasses import asdict, dataclass

import torch

from pipeline.model.transformer import Transformer
from pipeline.probes import observed
from pipeline.probes.recall import measure
from pipeline.training.cost import tokens_of
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.progress import Progress, Reporter, learned
from pipeline.training.state import Saved, StateError, StateStore, load_optimiser, optimiser_tensors
from pipeline.training.update import DivergedError, Updater, learning_rate

_LOG_WINDOWS = 64  # rows of the training log a run, each the mean of its window of steps
_SAVING_SHARE = 0.02  # of the run's time at most goes into saving its state


@dataclass
class Result:
    """What a run leaves. Rows are dictionaries, ready for a table. An observed run also leaves those of its
    probes, by table, and snapshots: weights by step."""

    model: Transformer
    evaluations: list[dict]
    training_log: list[dict]
    cost: dict
    observed: dict[str, list[dict]]
    snapshots: dict[int, dict[str, torch.Tensor]]


class Trainer(Updater):
    """Trains one run to its end: `train` is the loop."""

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
                            seen = self.observe(now.step)
                        now.evaluations += rows
                        for table, measured in seen.items():
                            now.observed.setdefault(table, []).extend(measured)
                        now.seconds_evaluating += time.perf_counter() - tick
                    if now.step == total or self._over(now):
                        break
                    self.step(now.step)
                    now.step, now.in_window = now.step + 1, now.in_window + 1
                    now.seconds = time.perf_counter() - began
                    now.device_seconds = device_clock() - device_began
                    if now.step % window == 0 or now.step == total:
                        self._settle(now)
                        now.training_log.append(self._log_row(now))
                        self._adapt(now)
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
        if now.in_window:  # of a run that ended early
            self._settle(now)
            now.training_log.append(self._log_row(now))
        now.seconds = time.perf_counter() - began
        cost |= {
            "tokens": now.tokens,
            "seconds": round(now.seconds, 2),
            "device_seconds": round(now.device_seconds, 2),
            "seconds_evaluating": round(now.seconds_evaluating, 2),
            "seconds_to_first_step": round(reporter.seconds_to_first_step, 2),
            "tokens_per_second": round(now.tokens_per_second),
        }
        if run.distribution.ADAPTS:
            cost["drawn_from"] = " ".join(f"{step}:{people}" for step, people in self.sampler.sizes)
        if now.changes:  # cost is of the machine at the end
            cost["changes"] = "; ".join(now.changes)
        model = self.accelerator.unwrap_model(self.model)
        return Result(model, now.evaluations, now.training_log, cost, now.observed, self.snapshots)

    def _over(self, now: Progress) -> bool:
        """Whether a run that is to end early has been measured to know enough."""
        share = self.run.training.ends_below
        if share is None:
            return False
        known = next(row for row in reversed(now.evaluations) if row["group"] == "known")
        return bool(known["loss"] < share * self.population.baseline)

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
        self._adapt(now)
        for name in ("device", "compiled"):
            if saved.machine[name] != self.machine[name]:
                change = f"step {saved.step}: {name} {saved.machine[name]} -> {self.machine[name]}"
                self._say(f"warning: the last bits are not those of one machine: {change}")
                now.changes.append(change)
        return now

    def _adapt(self, now: Progress) -> None:
        """Draw the next steps as the log so far tells, which is in the saved state."""
        if self.run.distribution.ADAPTS and self.sampler.adapt(
            learned(now.training_log, self.population.baseline)
        ):
            self.drawn = {}

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

    def observe(self, step: int) -> dict[str, list[dict]]:
        """Rows by table of an observed run's probes, on the people that pre-training knows."""
        asked = self.run.observe
        if asked is None:
            return {}
        model = self.accelerator.unwrap_model(self.model)
        with self.accelerator.autocast():
            tables = observed.measure(asked, model, self.sampler, *self.run.groups["known"])
        return {table: [{"step": step, **row} for row in rows] for table, rows in tables.items()}
