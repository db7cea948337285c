"""The environment of a stage: what could change its results without a word is left out of it.

Torch, Accelerate, the libraries of linear algebra and matplotlib read hundreds of variables. Some change
what is computed (`ACCELERATE_GRADIENT_ACCUMULATION_STEPS`), some only its last bits (`MKL_CBWR`), and nothing
in a result would tell. So whole families are removed before these libraries are imported, with a line in the
stage's log; only what says where things are, or makes a library work on a machine, may stay.
"""

import os
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

PASS = "PIPELINE_PASS"  # names or patterns, with spaces between: what a site wants to stay besides
_LEFT_OUT = "PIPELINE_LEFT_OUT"  # by the processes that this one comes from: for the log
# Set by the launcher of several processes to its own number: torchrun's variables count in its children only.
LAUNCHED = "PIPELINE_LAUNCHED"

_FAMILIES = """
    TORCH* PYTORCH* ATEN_* C10_* AOT* INDUCTOR_* HALIDE_* TRITON_* KINETO_* FBGEMM_* FX_* PARTITIONER_* PT2_*
    DCP_* ENABLE_* CUTLASS_* CUTEDSL_* QUACK_* TENSORIFY_* SPLITTER_* STRICT_DEFAULT EAGER_IMPORT
    FAKE_ALLOW_META UNSAFE_SKIP_* USE_* LTC_*
    ACCELERATE ACCELERATE_* FSDP_* DEEPSPEED* MEGATRON* PARALLELISM_CONFIG_* FORK_LAUNCHED HF_* HUGGING*
    TRANSFORMERS_* TOKENIZERS_*
    OMP_* GOMP_* KMP_* MKL_* OPENBLAS_* GOTO_* BLIS_* NUMEXPR_* VECLIB_* DNNL_* ONEDNN_* NPY_* NUMPY_*
    SCIPY_* PANDAS_*
    CUBLAS* CUDNN* CUDA_* NVIDIA_* GLOO_* TP_* CCL_* XLA_* PJRT_* MIOPEN_* ROCBLAS_* HIPBLAS*
    MASTER_ADDR MASTER_PORT RANK WORLD_SIZE NODE_RANK LOCAL_RANK LOCAL_WORLD_SIZE GROUP_* ROLE_* PMI_* PMIX_*
    MPI_* OMPI_* MV2_* I_MPI_* HYDRA_*
    MPLBACKEND MPL_* MATPLOTLIBRC PYTHONOPTIMIZE
""".split()
_MAY_PASS = """
    TORCHINDUCTOR_CACHE_DIR TRITON_CACHE_DIR TORCH_HOME TORCH_EXTENSIONS_DIR CUDA_CACHE_PATH HF_HOME
    TRITON_PTXAS_PATH TRITON_LIBDEVICE_PATH TRITON_LIBCUDA_PATH CUDA_HOME CUDA_PATH
    CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CUDA_MPS_* NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES
    GLOO_SOCKET_IFNAME
    OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
""".split()  # caches; tools; devices; networks (as NCCL_*, of no family); what is right on a processor
_OF_TORCHRUN = """
    MASTER_ADDR MASTER_PORT RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE GROUP_* ROLE_* TORCHELASTIC_*
    TORCH_NCCL_ASYNC_ERROR_HANDLING
""".split()
# Snakemake sets these to the threads of each job. Torch is told its threads by its stage; for all else, more
# than one would be other bits on another number of cores.
_THREADS = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")
} | {"VECLIB_MAXIMUM_THREADS": "1"}  # fmt: skip


# Folders without which Snakemake's scheduler, or torch when it is imported, ends in a traceback.
_FOLDERS = ("TMPDIR", "TORCHINDUCTOR_CACHE_DIR")


def drop_unusable() -> None:
    """Remove what names a folder that cannot be made or written, with a warning: the default is used."""
    for name in _FOLDERS:
        if folder := os.environ.get(name):
            try:
                Path(folder).mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            except OSError as error:
                print(
                    f"warning: {name}: {folder} is not used ({error.strerror})", file=sys.stderr, flush=True
                )
                del os.environ[name]


def clean() -> None:
    """Remove from this process's environment what may not stay. Comes before torch is imported."""
    drop_unusable()
    launched = os.environ.get(LAUNCHED) == str(os.getppid())
    may_pass = [*_MAY_PASS, *os.environ.get(PASS, "").split(), *(_OF_TORCHRUN if launched else ())]
    dropped = {n for n in os.environ if _is_one_of(n, _FAMILIES) and not _is_one_of(n, may_pass)}
    of_snakemake = os.environ.keys() >= _THREADS.keys()
    for name in dropped:
        del os.environ[name]
    for name, value in _THREADS.items():
        os.environ.setdefault(name, value)
    told = dropped - {name for name in _THREADS if of_snakemake}
    if not launched:  # else all that came from outside is gone, and the rest is Accelerate's own
        os.environ[_LEFT_OUT] = " ".join(sorted({*left_out(), *told}))


def left_out() -> list[str]:
    """The variables that were removed on the way to this process, in order."""
    return os.environ.get(_LEFT_OUT, "").split()


def _is_one_of(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
