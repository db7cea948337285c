"""Weights of a run at several steps, in one file of its folder: tensor NAME of step S is stored as S.NAME."""

from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from pipeline.store.artefacts import verify
from pipeline.store.files import write_atomically

FILE = "snapshots.safetensors"


def write(folder: Path, snapshots: dict[int, dict[str, Tensor]]) -> None:
    named = {f"{step}.{k}": w.contiguous() for step, weights in snapshots.items() for k, w in weights.items()}
    write_atomically(folder / FILE, save(named))


def read(folder: Path, *steps: int) -> list[dict[str, Tensor]]:
    """The weights of these steps, which the folder must hold. Raises ArtefactError if the file is damaged."""
    verify(folder, FILE)
    found = []
    with safe_open(folder / FILE, "pt") as file:
        for step in steps:
            names = [name for name in file.keys() if name.startswith(f"{step}.")]  # noqa: SIM118, no mapping
            assert names, f"{folder}: no snapshot of step {step}"
            found.append({name.partition(".")[2]: file.get_tensor(name) for name in names})
    return found
