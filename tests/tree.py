"""A copy of the project to work in, and the environment in which its commands are found."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
_IGNORED = shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "logs", "__pycache__", ".*_cache")


@functools.cache
def edited() -> str:
    """Why tests about the committed files say nothing here; empty where these are as they were committed."""
    command = ["git", "status", "--porcelain", "--", "params.yaml", "scales", "results"]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return "no git repository to compare with"
    return f"{found[1]} is not as it was committed" if found else ""


def copy_tree(folder: Path) -> Path:
    """The project at `folder`, without results or anything made on the way."""
    shutil.copytree(ROOT, folder, ignore=_IGNORED)
    (folder / "results").mkdir()
    return folder
