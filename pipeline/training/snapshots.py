"""Weights of a run at several steps, in one file: tensor NAME of step S is stored as S.NAME."""

from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from pipeline.files import write_atomically


def write(path: Path, snapshots: dict[int, dict[str, Tensor]]) -> None:
    named = {f"{step}.{k}": w.contiguous() for step, weights in snapshots.items() for k, w in weights.items()}
    write_atomically(path, save(named))


def read(path: Path, step: int) -> dict[str, Tensor]:
    """The weights of one step, which the file must hold."""
    with safe_open(path, "pt") as file:
        names = [name for name in file.keys() if name.startswith(f"{step}.")]  # noqa: SIM118, no mapping
        assert names, f"{path}: no snapshot of step {step}"
        return {name.partition(".")[2]: file.get_tensor(name) for name in names}
