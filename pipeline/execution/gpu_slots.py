"""Which GPUs of this machine a job runs on: a rule of lock files, so that no configuration names a device.

The lock `gpu-D-K` is held by the K-th job on device D. A job takes, device by device, the lowest K that is
free anywhere, so jobs spread evenly; how many run at once is the workflow's to say (`resources: gpu=...`).
"""

import contextlib
import itertools
import os
import re
import tempfile
from pathlib import Path
from typing import IO

from pipeline.store.locks import LockedError, lock

VISIBLE = "CUDA_VISIBLE_DEVICES"
_NAME = re.compile(r"\d+|(GPU|MIG)-.+")  # "-1" and Slurm's "NoDevFiles" are none


class TooFewDevicesError(RuntimeError):
    """More GPUs are asked for than there are."""


def visible() -> list[str]:
    """The devices that this process may use: those a scheduler or the user gave it, else all of the machine.

    CUDA numbers devices from 0 whatever their files are called. Asked without torch, whose import costs more
    than a second.
    """
    given = os.environ.get(VISIBLE)
    if given is None:
        return [str(k) for k, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    names = (name.strip() for name in given.split(","))
    return list(itertools.takewhile(_NAME.fullmatch, names))  # as CUDA reads it


def take(count: int, folder: Path | None = None) -> dict[str, IO[bytes]]:
    """`count` different devices, those with the fewest jobs first, and the locks that hold them.

    folder: of the locks, one for all jobs of the user on this machine. Raises TooFewDevicesError.
    """
    devices = visible()
    if count > len(devices):
        raise TooFewDevicesError(f"{count} GPUs are asked for, {len(devices)} can be used here")
    folder = folder or Path(tempfile.gettempdir()) / f"pipeline-gpus-{os.getuid()}"
    taken: dict[str, IO[bytes]] = {}
    for turn, device in ((turn, device) for turn in itertools.count() for device in devices):
        if len(taken) == count:
            break
        if device not in taken:
            with contextlib.suppress(LockedError):
                taken[device] = lock(folder / f"gpu-{device.replace('/', '-')}-{turn}.lock")
    return taken
