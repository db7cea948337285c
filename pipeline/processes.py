"""Processes that share a folder or a fate, and what one uses: locks end with their holder, jobs with their
parent."""

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import IO

# Set by the workflow for its jobs: the process without which their work is of no use.
PARENT = "PIPELINE_PARENT"
_PR_SET_PDEATHSIG = 1
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)  # Lustre or NFS, as it is mounted
# glibc gives freed memory back to the kernel and fetches it again at each step: 5 % of a CPU run.
KEEP_MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**32))


class LockedError(RuntimeError):
    """Another process holds the lock."""


def lock(path: Path) -> IO[bytes]:
    """Hold `path` locked while the file that is returned is open.

    The kernel ends the lock with the process, however it ends: nothing has to be unlocked by hand. On a file
    system without locks it is done without, with a warning. Raises LockedError when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise LockedError(f"{path}: locked by another process") from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            file.close()
            raise
        print(
            f"warning: {path}: this file system has no locks ({error.strerror}), so nothing keeps a second "
            "process out: give no command twice",
            file=sys.stderr,
        )
    return file


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
