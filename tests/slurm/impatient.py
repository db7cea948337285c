"""Snakemake that asks its cluster every two seconds: `python -m tests.slurm.impatient ARGUMENT ...`

Its Slurm executor waits ten seconds longer each time that it finds no job ended, which no setting changes:
the tests' jobs take seconds, and most of their time would be that wait.
"""

import asyncio
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

SECONDS = 2


async def _sleep(executor: RemoteExecutor) -> None:
    await asyncio.sleep(SECONDS)


if __name__ == "__main__":
    assert asyncio.iscoroutinefunction(RemoteExecutor.sleep), "it no longer sleeps there"
    RemoteExecutor.sleep = _sleep
    sys.argv[0] = "snakemake"
    main()
