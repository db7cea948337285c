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

    shared: the run has several processes. A signal may reach one of them alone, and the others would wait for
    it for ever: it is only noted, and counts once `agree` made it known to all after the same step.
    """

    def __init__(self, shared: bool = False) -> None:
        self.shared = shared
        self.caught: int | None = None  # what this process got
        self._agreed: int | None = None  # what ends the run
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
        if not self.shared:
            self._agreed = signum
        if self._immediate:
            self.check()

    def agree(self, somebody_caught: bool) -> None:
        """Told to all processes at once: whether any of them got a signal."""
        if somebody_caught:
            self._agreed = self.caught or signal.SIGTERM

    def check(self) -> None:
        """Raise if a signal came."""
        if self._agreed is not None:
            raise InterruptedRunError(self._agreed)

    @contextlib.contextmanager
    def immediate(self) -> Iterator[None]:
        self._immediate = True
        try:
            self.check()
            yield
        finally:
            self._immediate = False
