"""A copy of the project to work in, and the environment in which its commands are found."""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
_IGNORED = shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "logs", "__pycache__", ".*_cache")


def copy_tree(folder: Path) -> Path:
    """The project at `folder`, without results or anything made on the way."""
    shutil.copytree(ROOT, folder, ignore=_IGNORED)
    (folder / "results").mkdir()
    return folder
