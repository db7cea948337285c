"""Training state on disk: what a run needs to go on exactly where it stopped.

A generation is two files, `step-N.safetensors` and then `step-N.json`, its manifest with a checksum; it
exists once the manifest does. Weights that outlive their step (snapshots) are files of their own, written
once, and named in every later manifest. All are written under another name, flushed and renamed, so
whatever kills the process leaves whole generations only. The newest valid one is used, the one before is
its reserve.
"""

import hashlib
import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from pipeline.store import code
from pipeline.store.files import json_checksum, write_atomically
from pipeline.store.locks import LockedError, lock

_GENERATIONS = 2
_FORMAT = 2  # of the files; states of another are not read
_NAME = re.compile(r"step-(\d+)\.json")


class StateError(RuntimeError):
    """The state on disk cannot be used; the message is one line that names the folder and the mend."""


@dataclass(frozen=True)
class Saved:
    """State before the evaluation and the update of `step`. progress: JSON values of the training loop;
    machine: what it computed with; snapshots: weights of earlier steps."""

    step: int
    tensors: dict[str, Tensor]
    progress: dict[str, Any]
    machine: dict[str, Any] = field(default_factory=dict)
    snapshots: dict[int, dict[str, Tensor]] = field(default_factory=dict)


class StateStore:
    """The generations in `folder`, of the run with the digest `run` and of no other.

    inputs: checksums of what else decides the result (people, code). State made from others is left alone,
    but for code that keeps the bits.
    """

    def __init__(self, folder: Path, run: str, inputs: dict[str, str]) -> None:
        self.folder, self.run, self.inputs = folder, run, inputs
        self.warnings: list[str] = []
        self._snapshots: dict[str, str] = {}  # checksum by step, of those on disk
        self._lock: IO[bytes] | None = None  # held while this object lives

    def acquire(self) -> None:
        """Keep other processes out while this one lives."""
        try:
            self._lock = lock(self.folder / "lock")
        except LockedError:
            raise StateError(
                f"{self.folder}: another process trains this run; wait for it or stop it"
            ) from None

    def save(self, state: Saved) -> None:
        """Add a generation and drop those beyond the reserve. On OSError the older ones are untouched."""
        for step in [step for step in state.snapshots if str(step) not in self._snapshots]:
            self._snapshots[str(step)] = self._write(self._snapshot(step), state.snapshots[step])
        name = f"step-{state.step:09d}"
        manifest = {
            "format": _FORMAT,
            "run": self.run,
            "inputs": self.inputs,
            "snapshots": self._snapshots,
            "sha256": self._write(self.folder / f"{name}.safetensors", state.tensors),
            "step": state.step,
            "progress": state.progress,
            "machine": state.machine,
        }
        manifest["checksum"] = json_checksum(manifest)
        write_atomically(self.folder / f"{name}.json", json.dumps(manifest).encode())
        for old in self._steps()[_GENERATIONS:]:
            (self.folder / f"step-{old:09d}.json").unlink()
            (self.folder / f"step-{old:09d}.safetensors").unlink(missing_ok=True)

    def newest(self) -> Saved | None:
        """The newest valid generation, None without one. Damaged ones are skipped with a warning."""
        for step in self._steps():
            found = self._read(self.folder / f"step-{step:09d}")
            if found:
                return found
        return None

    def clear(self) -> None:
        """The run is complete: its state has served."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _snapshot(self, step: int | str) -> Path:
        return self.folder / f"snapshot-{int(step):09d}.safetensors"

    def _write(self, path: Path, tensors: dict[str, Tensor]) -> str:
        """Write tensors and return the file's checksum."""
        content = save({name: tensor.contiguous() for name, tensor in tensors.items()})
        write_atomically(path, content)
        return hashlib.sha256(content).hexdigest()

    def _steps(self) -> list[int]:
        """Steps of the generations, newest first."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.glob("step-*.json"))
        return sorted((int(match.group(1)) for match in found if match), reverse=True)

    def _read(self, stem: Path) -> Saved | None:
        path = stem.with_suffix(".safetensors")
        try:
            manifest = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
            whole = manifest.pop("checksum") == json_checksum(manifest)
            files = {path: manifest["sha256"]}
            files |= {self._snapshot(step): found for step, found in manifest["snapshots"].items()}
            contents = {file: file.read_bytes() for file in files}
            whole = whole and all(hashlib.sha256(contents[f]).hexdigest() == sha for f, sha in files.items())
        except (OSError, ValueError, KeyError, AttributeError) as error:
            self.warnings.append(f"{path}: not usable ({type(error).__name__}), going back one generation")
            return None
        if not whole:
            self.warnings.append(f"{path}: damaged (wrong checksum), going back one generation")
            return None
        if manifest["run"] != self.run:
            raise StateError(f"{self.folder}: state of another run; delete the folder to start afresh")
        found = manifest["inputs"]
        # Code that keeps the bits of the state's is as good as the same.
        same = {name: found.get(name) == value for name, value in self.inputs.items()}
        same["code"] = same.get("code", True) or code.is_current("train", found.get("code"))
        same["format"] = manifest.get("format") == _FORMAT
        if changed := [name for name, known in same.items() if not known]:
            self.warnings.append(f"{path}: from before a change of {', '.join(changed)}, not used")
            return None
        self._snapshots = manifest["snapshots"]
        snapshots = {int(step): load(contents[self._snapshot(step)]) for step in self._snapshots}
        progress, machine = manifest["progress"], manifest["machine"]
        return Saved(manifest["step"], load(contents[path]), progress, machine, snapshots)


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Adam's moments and counts, by parameter number and name."""
    state = optimiser.state_dict()["state"]
    return {f"{k}.{name}": value for k, values in state.items() for name, value in values.items()}


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """The reverse of `optimiser_tensors`; rates and decays stay those of `optimiser`."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
