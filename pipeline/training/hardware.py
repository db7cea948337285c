"""What the machine offers: device, precision and whether kernels can be compiled."""

import functools
import hashlib
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from pipeline.execution import gpu_slots
from pipeline.model.packing import Packing
from pipeline.training import compiler

# Compiling costs 2-30 s (cached kernels or not), and saves a twelfth (fp32) to a half (bf16) of an eager run.
_REPAYS_ON_CPU = 1e12
_REPAYS_ON_GPU = 1e15


class DeviceError(RuntimeError):
    """The GPU that this process was given cannot be used; the message is one line."""


def _cpu_flags() -> set[str]:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return set()
    line = next((x for x in info.read_text().splitlines() if x.startswith("flags")), "")
    return set(line.split())


def precision(device: torch.device) -> str:
    """bf16 (with fp32 master weights) where the hardware multiplies in it, else fp32."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if {"avx512_bf16", "amx_bf16"} & _cpu_flags() else "fp32"


@functools.cache
def accelerator() -> Accelerator:
    """The process's Accelerator.

    Raises DeviceError rather than train on the CPU where a GPU was given, or alone where more were launched.
    """
    to_be_used = gpu_slots.VISIBLE not in os.environ or gpu_slots.visible()
    for name in (gpu_slots.VISIBLE, "SLURM_GPUS_ON_NODE"):
        given = os.environ.get(name)
        if given and to_be_used and not torch.cuda.is_available():
            raise DeviceError(
                f"{name} is {given}, but torch {torch.__version__} finds no GPU: install one that fits the "
                "driver (nvidia-smi shows its CUDA version), or set CUDA_VISIBLE_DEVICES to -1 for the CPU"
            )
    # Without `cpu`, processes launched on a machine with no GPU would each train alone.
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    out = Accelerator(
        cpu=device.type == "cpu",
        mixed_precision="bf16" if precision(device) == "bf16" else "no",
    )
    if out.num_processes != int(launched := os.environ.get("WORLD_SIZE", "1")):
        raise DeviceError(
            f"{launched} processes were launched, Accelerate found {out.num_processes}: start them by "
            "`python -m pipeline.execution.launch --processes`"
        )
    return out


def worth_compiling(flops: float) -> bool:
    """Whether a run of this many FLOPs repays compiling its kernels. Where the machine cannot, there is a
    warning instead.

    PIPELINE_COMPILE=0 switches it off, =1 on.
    """
    wish = os.environ.get("PIPELINE_COMPILE")
    repays = _REPAYS_ON_GPU if torch.cuda.is_available() else _REPAYS_ON_CPU
    if wish == "0" or (wish != "1" and flops <= repays):
        return False
    if reason := compiler.trouble():
        print(f"warning: plain kernels, about half as fast: {reason}", file=sys.stderr, flush=True)
    return reason is None


def _configure_compiler() -> None:
    from torch import _functorch, _inductor  # half a second that runs without compiled kernels are spared

    # As many jobs as cores run side by side: a pool of compiler processes in each would only fight.
    _inductor.config.compile_threads = 1
    # GELU is a tenth of a step with the library's tanh, half of that with one exponential.
    _inductor.config.cpp.use_decompose_tanh = True
    # Else runs would trace the model anew, 3 s each, as it has gradients of its own. Torch tells these apart
    # by their names only: the tag has kernels made again when the model's code changes.
    _functorch.config.autograd_cache_allow_custom_autograd_functions = True
    sources = sorted((Path(__file__).parents[1] / "model").rglob("*.py"))
    text = b"".join(path.read_bytes() for path in sources)
    torch.compiler.config.cache_key_tag = hashlib.sha256(text).hexdigest()


def preload_compiler() -> None:
    """Import, and ask of the machine, what compiling a first kernel asks for. No gradients: their engine does
    not survive a fork."""
    _configure_compiler()
    torch.compile(torch.exp)(torch.ones(64))


def compiled(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """`function` with compiled kernels. Where its arguments are packed, as they are on a CPU, the same ones
    serve any number of rows and any length: a second compilation a run would cost more than it gains."""
    _configure_compiler()
    fast = torch.compile(function)

    def call(*args: Any) -> torch.Tensor:
        for packing in (arg for arg in args if isinstance(arg, Packing)):
            torch._dynamo.maybe_mark_dynamic(packing.row, 1)
            for rows in (packing.at, *(arg for arg in args if isinstance(arg, torch.Tensor))):
                torch._dynamo.maybe_mark_dynamic(rows, 0)
        return fast(*args)

    return call


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
