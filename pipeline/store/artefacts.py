"""Folders of results that can be trusted: sealed with checksums by who writes them, verified by who reads.

A manifest says what made some files, from what, and how each of them must read. It is written last: files
without one are not finished. It is `manifest.json` of a folder that one job writes, `NAME.manifest.json`
where jobs share a folder.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.store.files import json_checksum, sha256, write_atomically

MANIFEST = "manifest.json"


class ArtefactError(RuntimeError):
    """A file is not what was written; the message is one line that names it and the mend."""


def manifest_of(name: str) -> str:
    """The manifest of a product that shares its folder: "confidence" -> "confidence.manifest.json"."""
    return f"{name}.{MANIFEST}"


def seal(folder: Path, files: Iterable[str], manifest: str = MANIFEST, **facts: Any) -> None:
    """Write the manifest of `files` in `folder`: their checksums, and `facts` (JSON values)."""
    content = {**facts, "files": {name: sha256(folder / name) for name in files}}
    content["checksum"] = json_checksum(content)
    write_atomically(folder / manifest, json.dumps(content, indent=1) + "\n")


def _mend(path: Path) -> str:
    what = f"the folder {path.parent}" if path.name == MANIFEST else str(path)
    return f"delete {what} and give the same command again"


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest as it was written; its files are not looked at. Raises FileNotFoundError without one,
    ArtefactError for a damaged or foreign one."""
    try:
        content = json.loads(path.read_bytes())
        if content.pop("checksum") == json_checksum(content) and isinstance(content["files"], dict):
            return content
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        pass
    raise ArtefactError(f"{path}: damaged; {_mend(path)}")


def verify(folder: Path, *names: str, manifest: str = MANIFEST) -> dict[str, Any]:
    """The manifest, once it and the files `names` (all of its own without any) are as they were written.

    Raises ArtefactError for a damaged, foreign or missing one.
    """
    path = folder / manifest
    mend = _mend(path)
    try:
        content = read_manifest(path)
    except FileNotFoundError:
        raise ArtefactError(f"{path}: missing, so what it vouches for is not finished; {mend}") from None
    files = content["files"]
    for name in names or files:
        if name not in files:
            raise ArtefactError(f"{folder / name}: not in the folder's manifest; {mend}")
        try:
            damaged = sha256(folder / name) != files[name]
        except FileNotFoundError:
            raise ArtefactError(f"{folder / name}: missing; {mend}") from None
        if damaged:
            refuse_line_endings(folder / name, files[name])
            raise ArtefactError(f"{folder / name}: damaged; {mend}")
    return content


def refuse_line_endings(path: Path, written: str | None = None) -> None:
    """Raises ArtefactError if the file at `path` has the checksum `written` but for its line endings; without
    a checksum, if it has other ones than ours."""
    content = path.read_bytes()
    ours = content.replace(b"\r\n", b"\n")
    if ours != content and written in (None, hashlib.sha256(ours).hexdigest()):
        raise ArtefactError(
            f"{path}: other line endings than were written (git's core.autocrlf?); "
            f"`git checkout -- {path.name}` in its folder"
        )


def checksum(folder: Path, name: str) -> str:
    """Of a file, by its manifest, once it is verified."""
    return verify(folder, name)["files"][name]
