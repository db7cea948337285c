"""Whether kernels can be compiled on this machine, and why not."""

import ctypes
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import torch

FOLDER = "TORCHINDUCTOR_CACHE_DIR"  # torch's variable for where it keeps compiled kernels
_SOURCE = 'extern "C" int probe() { return 1; }\n'


def trouble() -> str | None:
    """Why kernels cannot be compiled here, None where they can.

    For a CPU that takes a C++ compiler that works, a folder to load its products from, Python's headers, and
    a path to torch without spaces, as torch does not quote it for the linker.
    """
    if torch.cuda.is_available():
        return None
    wanted = os.environ.get("CXX", "g++")
    compiler = shutil.which(wanted)
    if compiler is None:
        return f"there is no C++ compiler {wanted!r}"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's headers are not installed"
    if any(map(str.isspace, torch.__file__)):
        return f"there are spaces in {torch.__file__}"
    from torch._inductor.runtime.cache_dir_utils import default_cache_dir

    return _tried(compiler, os.environ.get(FOLDER) or default_cache_dir())


@functools.cache
def _tried(compiler: str, folder: str) -> str | None:
    """`trouble`, seen by compiling a function and loading it from `folder`: 60 ms, once a process."""
    linux = sys.platform == "linux"
    flags = ["-shared", "-fPIC", *(["-fopenmp"] if linux else [])]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as place:
            text, product = Path(place, "probe.cpp"), Path(place, "probe.so")
            text.write_text(("#include <omp.h>\n" if linux else "") + _SOURCE)
            command = [compiler, *flags, str(text), "-o", str(product)]
            subprocess.run(command, check=True, capture_output=True, text=True)
            ctypes.CDLL(os.fspath(product))
    except subprocess.CalledProcessError as failed:
        said = next(iter(failed.stderr.splitlines()), f"exit code {failed.returncode}")
        return f"{compiler} compiles nothing ({said})"
    except OSError as error:
        return f"compiled kernels cannot be used in {folder} ({error}); name another folder by {FOLDER}"
    return None
