"""What every stage's command line shares."""

import argparse
import errno
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.config import run as cfg
from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import Params, distinct_runs, expand
from pipeline.execution import environment
from pipeline.execution.processes import die_with_parent
from pipeline.store import provenance
from pipeline.store.artefacts import ArtefactError
from pipeline.store.plan import Plan

_FREE = "free some space and give the same command again: nothing that was whole is lost"
_MENDS = {
    errno.ENOSPC: _FREE,
    errno.EDQUOT: _FREE,
    errno.ENOENT: "run `snakemake --cores all` to make it",
    errno.EACCES: "give yourself the right to it and the same command again",
    errno.EROFS: "name a folder that can be written to",
}


class StageError(RuntimeError):
    """A stage cannot go on; the message is one line that names the file and the mend."""


def add_scale(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scale", default=scales.DEFAULT, help="laptop (default), smoke, paper or paper-grid"
    )
    parser.add_argument("--params", type=Path, help="another params.yaml (default: the project's)")
    parser.add_argument("--call", type=Path, help="the parameters as a call of the workflow found them")


def parameters(args: argparse.Namespace) -> Params:
    """Those of the call, or of the scale. Raises ConfigError."""
    return Plan.read(args.call).params if args.call else scales.load(args.scale, args.params)


def all_runs(args: argparse.Namespace) -> dict[str, cfg.RunConfig]:
    """Every distinct run of the scale by id, bases included, in the order of the file."""
    return distinct_runs(expand(parameters(args)))


def find_run(args: argparse.Namespace, run_id: str) -> cfg.RunConfig:
    runs = all_runs(args)
    if run_id not in runs:
        raise ConfigError(f"run: given {run_id!r}, allowed: one of the {len(runs)} of scale {args.scale}")
    return runs[run_id]


def add_tables(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tables", type=Path, required=True, help="folder of the experiments' tables")
    add_experiments(parser)


def add_experiments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--experiments",
        nargs="+",
        metavar="NAME",
        help="those whose tables are read (default: all there are)",
    )


def run_stage(main: Callable[[], None], *one_line: type[Exception]) -> None:
    """Run a stage. One line on stderr and exit code 2 for a mistake of the user's, a damaged or missing file,
    a full disk or one of `one_line`; code 128 + a signal's number where the error has one, as shells do."""
    die_with_parent()
    if (names := environment.left_out()) and os.environ.get("RANK", "0") == "0":
        print(f"environment: left out {', '.join(names)}", file=sys.stderr, flush=True)
    gc.freeze()  # else collections visit all that was imported, three times at the exit: half a second
    expected: tuple[type[Exception], ...] = (
        ConfigError,
        StageError,
        provenance.EditedError,
        ArtefactError,
        *one_line,
    )
    try:
        main()
    except expected as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(128 + error.signum if hasattr(error, "signum") else 2)
    except OSError as error:
        mend = _MENDS.get(error.errno or 0)
        if mend is None:
            raise
        print(f"error: {error.filename}: {(error.strerror or '').lower()}; {mend}", file=sys.stderr)
        sys.exit(2)
