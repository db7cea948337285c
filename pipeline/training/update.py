"""One update of a run: its batch, the loss, the gradient and the optimiser's step, and their sums.

Paper: section 2 and appendix B.3 (AdamW, cosine without warm-up). Unchanged on one process or several: every
process draws its own rows of the same global batch.
"""

import math
from collections.abc import Callable

import torch

from pipeline.config import run as cfg
from pipeline.config.errors import ConfigError
from pipeline.data.population import Population
from pipeline.data.sampler import PADDING, Batch, Sampler
from pipeline.model.packing import gather, pack, spread
from pipeline.model.patching import PatchedTransformer
from pipeline.model.transformer import Transformer
from pipeline.probes.recall import predictions, value_sums
from pipeline.training import hardware
from pipeline.training.cost import flops_of
from pipeline.training.interrupts import Interrupts
from pipeline.training.progress import Progress
from pipeline.training.tally import Tally

_DRAWN_ROWS = 256  # biographies that are drawn together, for the steps ahead


class DivergedError(RuntimeError):
    """The loss or its gradient became NaN or infinite; weights and moments are those before that step."""


def learning_rate(training: cfg.Training, step: int) -> float:
    """Rate of the update that follows `step` updates: cosine to the final rate, or constant; maybe after a
    linear rise."""
    risen = min(1.0, (step + 1) / training.rate_warm_up) if training.rate_warm_up else 1.0
    if training.schedule == "constant":
        return training.learning_rate * risen
    fall = 0.5 * (1 + math.cos(math.pi * step / training.steps))
    rate = training.final_learning_rate + (training.learning_rate - training.final_learning_rate) * fall
    return rate * risen


class Updater:
    """Holds one run's parts, and updates them. `weights`: to start from; `reference`: whose attention is
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
        if t.frozen:
            for name, parameter in self.model.named_parameters():
                # With its norm, which decides where it looks.
                still = any(part.startswith(t.frozen) for part in name.split("."))
                parameter.requires_grad_(not still)
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
        self.parameters = list(self.model.parameters())
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if self.world > t.batch:
            raise ConfigError(
                f"training.batch: {t.batch} rows for {self.world} processes, allowed: a row each at least"
            )
        self.interrupts = Interrupts(shared=self.world > 1)
        self.snapshots: dict[int, dict[str, torch.Tensor]] = {}
        self.rows = torch.arange(self.rank, t.batch, self.world, device=self.accelerator.device)
        self.tally = Tally(self.accelerator.device, [0.0] * 4)
        self.drawn: dict[int, tuple[Batch, Batch]] = {}  # batches of the next steps

    def _batch(self, step: int) -> tuple[Batch, Batch]:
        """The batch of a step: of all processes, and of this one."""
        if step not in self.drawn:
            t = self.run.training
            until = max(step + 1, min(t.steps, step + _DRAWN_ROWS // t.batch))
            whole = self.sampler.batches(step, until, t.batch)
            mine = whole if self.world == 1 else self.sampler.batches(step, until, self.rows)
            self.drawn = dict(enumerate(zip(whole, mine, strict=True), step))
        return self.drawn[step]

    def step(self, step: int) -> None:
        """One update, and its part in the tally."""
        t = self.run.training
        rate = learning_rate(t, step)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        whole, mine = self._batch(step)
        seen = (whole.kind[:, 1:] != PADDING).sum()
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
        # Not by Accelerate's wrappers, which look for optional packages at every step: gradients are those of
        # all processes by now, and nothing scales them.
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, t.clip)
        value_loss = value_sums(per_token.detach(), mine).sum() / self.sampler.count(whole)
        sums = torch.stack([loss.detach(), value_loss]).double()
        if self.world > 1:
            # One message for both: the statistics, and whether any process was told to stop.
            told = sums.new_tensor([self.interrupts.caught is not None])
            sums = self.accelerator.reduce(torch.cat([sums, told]), "sum")
            self.interrupts.agree(bool(sums[2]))
        failed = self.tally.add(step, torch.stack([sums[0], sums[1], norm.double(), seen.double()]))
        optimiser = self.optimiser.optimizer
        optimiser.found_inf = failed
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

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

    def _add(self, sums: torch.Tensor) -> torch.Tensor:
        """Sums over the processes, on the CPU."""
        return self.accelerator.reduce(sums.to(self.accelerator.device), "sum").cpu()
