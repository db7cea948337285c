"""How far a run is, and what it says about it."""

import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tqdm import tqdm

_TIMED_STEPS = 16  # steps after the first (which compiles) that the expected time is taken from
_ROWS_A_LINE = 8  # rows of the training log between two lines where there is no terminal


@dataclass
class Progress:
    """Everything a run has done but its weights and moments: before the evaluation and update of `step`.

    first: the step that the run began at, not 0 in a patched one.
    window: sums of loss per token, loss per value and gradient norm over the `in_window` steps since the last
    row of the training log. These and tokens lag behind where the device was not asked.
    seconds: spent on the run so far, in all the calls that it took. device_seconds: those in which it had the
    GPU, or CPU time. changes: of the machine, on the way. Rows are ready for a table.
    """

    step: int = 0
    first: int = 0
    tokens: int = 0
    seconds: float = 0.0
    device_seconds: float = 0.0
    seconds_evaluating: float = 0.0
    changes: list[str] = field(default_factory=list)
    window: list[float] = field(default_factory=lambda: [0.0] * 3)
    in_window: int = 0
    evaluations: list[dict] = field(default_factory=list)
    observed: dict[str, list[dict]] = field(default_factory=dict)
    training_log: list[dict] = field(default_factory=list)

    @property
    def evaluated(self) -> bool:
        """Whether the evaluation of `step` is done."""
        return bool(self.evaluations) and self.evaluations[-1]["step"] == self.step

    @property
    def tokens_per_second(self) -> float:
        return self.tokens / max(self.seconds - self.seconds_evaluating, 1e-9)


def learned(log: Iterable[Mapping[str, float]], baseline: float) -> list[tuple[int, float]]:
    """What decides whom a distribution that adapts draws, by the rows of a training log: steps, and the mean
    training loss on values over the baseline since the row before."""
    return [(int(row["step"]), row["attribute_loss"] / baseline) for row in log]


class Reporter:
    """A progress bar on a terminal, plain lines elsewhere, nothing from processes other than the main one."""

    def __init__(self, total: int, evaluations: int, first: int, quiet: bool) -> None:
        self.total, self.evaluations, self.first, self.quiet = total, evaluations, first, quiet
        self.bar = tqdm(total=total, initial=first, unit="step", disable=quiet or not sys.stderr.isatty())
        self._began = self._first_step_ends = time.perf_counter()

    def say(self, line: str) -> None:
        if not self.quiet:
            print(line, flush=True)

    @property
    def seconds_to_first_step(self) -> float:
        return self._first_step_ends - self._began

    def updated(self, now: Progress) -> None:
        """After every update."""
        self.bar.update()
        done = now.step - self.first
        if done == 1:
            self._first_step_ends = time.perf_counter()
            self.say(f"first step after {self.seconds_to_first_step:.1f} s")
        elif done == 1 + _TIMED_STEPS:
            pace = (time.perf_counter() - self._first_step_ends) / _TIMED_STEPS
            evaluated = {e["step"] for e in now.evaluations}
            each = now.seconds_evaluating / len(evaluated)
            left = pace * (self.total - now.step) + each * (self.evaluations - len(evaluated))
            self.say(f"{pace * 1e3:.0f} ms a step: about {left:,.0f} s to go")

    def logged(self, now: Progress) -> None:
        """After every row of the training log."""
        row, rate = now.training_log[-1], now.tokens_per_second
        self.bar.set_postfix(loss=f"{row['loss_per_token']:.3f}", tok_s=f"{rate:,.0f}")
        if not self.bar.disable or len(now.training_log) % _ROWS_A_LINE:
            return
        left = now.seconds / (now.step - now.first) * (self.total - now.step)
        known = next(e for e in reversed(now.evaluations) if e["group"] == "known")
        self.say(
            f"step {now.step}/{self.total}  loss {row['loss_per_token']:.4f}  value loss "
            f"{row['attribute_loss']:.3f}  held-out accuracy {known['accuracy']:.3f}  "
            f"{rate:,.0f} tok/s  {left:.0f} s left"
        )
