"""SIGTERM and SIGINT end a run where it can be taken up again, not where they happen to strike."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class InterruptedRunError(RuntimeError):
    """The run was told to stop; its state is on disk if it has a store."""

    def __init__(self, signum: int, step: int | None = None) -> None:
        where = "" if step is None else f" at step {step}"
        super().__init__(f"interrupted by {signal.Signals(signum).name}{where}; the same command goes on")
        self.signum = signum


class Interrupts:
    """Within `with interrupts:` a signal is noted; within `immediate()` it also raises at once.

    `immediate` is for what changes nothing that is saved: evaluation, compilation, forward and backward.
    """

    def __init__(self) -> None:
        self.caught: int | None = None
        self._immediate = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Interrupts":
        # Python delivers signals to the main thread only; elsewhere (a notebook's worker) there are none.
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._handle) for s in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for signum, handler in self._before.items():
            signal.signal(signum, handler)  # type: ignore[arg-type]
        self._before = {}

    def _handle(self, signum: int, _: FrameType | None) -> None:
        self.caught = signum
        self.check(immediate_only=True)

    def check(self, *, immediate_only: bool = False) -> None:
        """Raise if a signal came."""
        if self.caught is not None and (self._immediate or not immediate_only):
            raise InterruptedRunError(self.caught)

    @contextlib.contextmanager
    def immediate(self) -> Iterator[None]:
        self._immediate = True
        try:
            self.check()
            yield
        finally:
            self._immediate = False
