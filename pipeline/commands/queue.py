"""For a GPU that is at hand for minutes: the core experiments of a scale in the order of its file.

    python -m pipeline.commands.queue --scale paper --minutes 9 [-- arguments of Snakemake]

Each is made whole, its tables included, before the next begins; what is done is skipped. At the limit runs
save their state and everything ends; the next call, here or wherever `results/` is copied to, goes on from
there. Claims, figures and page are left to `snakemake` with the names of those that are done.
"""

import argparse
import os
import signal
import subprocess
import time

from pipeline.config import scales
from pipeline.config.experiments import Params
from pipeline.stages import common
from pipeline.store.artefacts import MANIFEST

# For runs to save their state and for Snakemake to end, within the limit.
_SECONDS_TO_STOP = 20


class QueueError(RuntimeError):
    """An experiment failed; the message is one line."""


def order(params: Params) -> list[str]:
    """The core experiments with a table of their own, as the file has them."""
    return [name for name, e in params.experiments.items() if not (e.joins or e.extended)]


def make(scale: str, experiment: str, until: float, arguments: list[str]) -> bool:
    """Make the tables of one experiment; whether they were done before the clock (seconds, monotonic) reached
    `until`. Raises QueueError if Snakemake failed."""
    tables = f"results/{scale}/tables/{experiment}/{MANIFEST}"
    command = ["snakemake", "--cores", "all", "--retries", "0", *arguments]
    command += ["--config", f"scale={scale}", "--", tables]
    # A group of its own: the signal reaches Snakemake, which waits for its jobs, and them.
    process = subprocess.Popen(command, start_new_session=True)
    try:
        code = process.wait(max(0.0, until - time.monotonic()))
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        return False
    if code:
        raise QueueError(f"{experiment}: Snakemake ended with {code}; its log says why")
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scale", required=True, help="of scales/")
    parser.add_argument("--minutes", type=float, required=True, help="after which all has ended")
    parser.add_argument("arguments", nargs="*", help="for Snakemake, after --")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began, left = time.monotonic(), order(scales.load(args.scale))
    until = began + 60 * args.minutes - _SECONDS_TO_STOP
    while left and make(args.scale, left[0], until, args.arguments):
        print(f"{left.pop(0)}: done after {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    print(f"to do: {', '.join(left)}" if left else "all done", flush=True)


if __name__ == "__main__":
    common.run_stage(main, QueueError)
