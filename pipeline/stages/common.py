"""What every stage's command line shares."""

import argparse
import contextlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline import config as cfg


class StageError(RuntimeError):
    """A stage cannot go on; the message is one line that names the file and the mend."""


def add_scale(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", default=cfg.DEFAULT_SCALE, help="laptop (default), smoke or paper")
    parser.add_argument("--params", type=Path, help="another params.yaml (default: the project's)")


def all_runs(args: argparse.Namespace) -> dict[str, cfg.RunConfig]:
    """Every distinct run of the scale by id, bases included, in the order of the file."""
    return cfg.distinct_runs(cfg.expand(cfg.load(args.scale, args.params)))


def find_run(args: argparse.Namespace, run_id: str) -> cfg.RunConfig:
    runs = all_runs(args)
    if run_id not in runs:
        raise cfg.ConfigError(f"run: given {run_id!r}, allowed: one of the {len(runs)} of scale {args.scale}")
    return runs[run_id]


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends well, so no half-written file is seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def provenance() -> dict[str, str]:
    """Commit (with + when the tree was dirty) and versions of what computes."""
    versions = {p: importlib.metadata.version(p) for p in ("torch", "accelerate", "numpy", "tokenizers")}
    return {"commit": commit(), "python": sys.version.split()[0], **versions}


def commit() -> str:
    git = ["git", "-C", str(cfg.ROOT)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
        )
        status = subprocess.run(
            [*git, "status", "--porcelain", "--", ":!results"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if status.stdout.strip() else "")


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage; a mistake of the user's is one line on stderr and exit code 2."""
    try:
        main()
    except (cfg.ConfigError, StageError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
