"""The jobs of a workflow that runs on this machine, as its Snakemake sees them: its children."""

import contextlib
import signal
from types import FrameType

import psutil


def pass_on_to_jobs(signum: int) -> None:
    """Have this process's handler of a signal pass it on to its children too, the jobs of a workflow."""
    before = signal.getsignal(signum)

    def handle(number: int, frame: FrameType | None) -> None:
        if callable(before):
            before(number, frame)
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.send_signal(number)

    signal.signal(signum, handle)
