"""What a process of a job needs to know of itself: its parent, with which it ends, and what it used."""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time

# Set by the workflow for its jobs: the process without which their work is of no use.
PARENT = "PIPELINE_PARENT"
_PR_SET_PDEATHSIG = 1
# glibc gives freed memory back to the kernel and fetches it again at each step: 5 % of a CPU run.
KEEP_MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**32))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies, if the workflow asked for it (Linux only).

    A killed Snakemake cannot stop its jobs; without this they would go on beside those of the next call.
    """
    parent = os.environ.get(PARENT)
    if not parent or sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it died before the kernel was told
        os.kill(os.getpid(), signal.SIGKILL)


def used() -> dict[str, float]:
    """What this process has used since it was started or forked: seconds, CPU seconds of all its threads, and
    MiB of memory at most, of which a forked one shares some. Only it knows: its job may but wait for a fork.
    """
    import psutil  # not by every launcher

    usage = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": round(time.time() - psutil.Process().create_time(), 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": round(usage.ru_maxrss * unit / 2**20),
    }
