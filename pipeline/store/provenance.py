"""What a manifest says of where a result comes from: code, inputs, versions and machine."""

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import ROOT
from pipeline.store import code
from pipeline.store.artefacts import MANIFEST
from pipeline.store.files import sha256


class EditedError(RuntimeError):
    """The code was edited while a job started: its process may have imported a mixture."""


def environment() -> dict[str, str | int | None]:
    """Commit (with + when the tree was dirty), the day (UTC), versions of what computes, and the machine."""
    made = {"commit": _commit(), "date": datetime.now(UTC).date().isoformat()}
    versions = {p: importlib.metadata.version(p) for p in ("torch", "accelerate", "numpy", "tokenizers")}
    machine = {"platform": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()}
    return {**made, "python": platform.python_version(), **versions, **machine}


def code_of(stage: str) -> str:
    """Digest of the stage's code. Raises EditedError if it is not what the launcher saw: this process may
    then have imported a mixture."""
    found = code.digest(stage)
    launched, _, seen = os.environ.get(code.SEEN, "").partition(" ")
    if launched == stage and seen != found:
        raise EditedError("the code was edited while this job started; give the same command again")
    return found


def made_from(stage: str, tables: Path, experiments: Sequence[str]) -> dict[str, Any]:
    """What the manifest of a product of the tables says: the stage's code, and the experiments in their
    order, with checksums."""
    manifests = {name: sha256(tables / name / MANIFEST) for name in experiments}
    return {"inputs": {"code": code.digest(stage), "tables": manifests}, "environment": environment()}


def _commit() -> str:
    git = ["git", "-C", str(ROOT)]
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
