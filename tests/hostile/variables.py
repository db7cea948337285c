"""Variables, programs and places: what libraries, Python and the shell find around them."""

from tests.hostile.kinds import COMPILE, RUN, Environment, figures, variables

_STUBS = (
    "mkdir stubs; printf '#!/bin/sh\\necho wrong python >&2\\nexit 1\\n' >stubs/python; "
    "chmod +x stubs/python; cp stubs/python stubs/python3"
)
_NO_COMPILER = "mkdir few; ln -s /usr/bin/* few; rm -f few/*cc* few/*++* few/clang* few/cpp*"

ENVIRONMENTS = [
    # What libraries read: Accelerate, torch, OpenMP, BLAS, numpy, MPI.
    Environment(
        "`ACCELERATE_GRADIENT_ACCUMULATION_STEPS=4`", {"ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "4"}, ci=True
    ),
    variables(ACCELERATE_MIXED_PRECISION="fp16"),
    variables(ACCELERATE_DYNAMO_BACKEND="inductor"),
    variables(ACCELERATE_USE_CPU="perhaps"),
    Environment(
        "Accelerate's own configuration in `HF_HOME`",
        {"HF_HOME": "{folder}/hf"},
        setup="mkdir -p hf/accelerate; "
        "printf 'mixed_precision: fp16\\nnum_processes: 2\\n' >hf/accelerate/default_config.yaml",
    ),
    Environment("`TORCH_COMPILE_DISABLE=1`", {**COMPILE, "TORCH_COMPILE_DISABLE": "1"}, against="compiled"),
    Environment("`TORCHDYNAMO_DISABLE=1`", {**COMPILE, "TORCHDYNAMO_DISABLE": "1"}, against="compiled"),
    Environment("`TORCHINDUCTOR_FREEZING=1`", {**COMPILE, "TORCHINDUCTOR_FREEZING": "1"}, against="compiled"),
    variables(PYTORCH_NO_CUDA_MEMORY_CACHING="1"),
    variables(ATEN_CPU_CAPABILITY="default"),
    variables(OMP_NUM_THREADS="7", MKL_NUM_THREADS="5", OPENBLAS_NUM_THREADS="3"),
    variables(OMP_DYNAMIC="true", OMP_SCHEDULE="dynamic"),
    variables(MKL_CBWR="COMPATIBLE", MKL_DYNAMIC="true"),
    variables(KMP_AFFINITY="granularity=fine,compact,1,0"),
    variables(NPY_DISABLE_CPU_FEATURES="AVX2 AVX512F"),
    variables(WORLD_SIZE="2", RANK="1", LOCAL_RANK="1", MASTER_ADDR="10.0.0.1", MASTER_PORT="29500"),
    variables(PMI_SIZE="2", PMI_RANK="1"),
    variables(OMPI_COMM_WORLD_SIZE="2", OMPI_COMM_WORLD_RANK="1", OMPI_COMM_WORLD_LOCAL_RANK="1"),
    variables(
        "within `salloc`: `SLURM_JOB_ID`, `SLURM_NTASKS=2`, `SLURM_PROCID=1`",
        SLURM_JOB_ID="7",
        SLURM_NTASKS="2",
        SLURM_PROCID="1",
        SLURM_JOB_NUM_NODES="2",
    ),
    # Devices.
    Environment(
        "`CUDA_VISIBLE_DEVICES=NoDevFiles` (Slurm without a GPU)",
        {"CUDA_VISIBLE_DEVICES": "NoDevFiles"},
        ci=True,
    ),
    variables("`CUDA_VISIBLE_DEVICES` empty", CUDA_VISIBLE_DEVICES=""),
    Environment(
        "`CUDA_VISIBLE_DEVICES=0` without a GPU",
        {"CUDA_VISIBLE_DEVICES": "0"},
        setup="rm -r results/laptop/runs",
        start="finished",
        trains=False,
        refused="finds no GPU",
        needs="! ls /dev/nvidia0",
    ),
    # Python and the shell.
    variables(PYTHONHASHSEED="0"),
    variables(PYTHONOPTIMIZE="2"),
    Environment("`python -O -m snakemake`", command=f"python -O -m {RUN}"),
    variables(PYTHONWARNINGS="error"),
    variables(PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", PYTHONDEVMODE="1"),
    variables(PYTHONSAFEPATH="1"),
    variables(LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"),
    variables("`LC_ALL=tr_TR.UTF-8`, installed or not", LC_ALL="tr_TR.UTF-8", LANG="tr_TR.UTF-8"),
    variables(TZ="Pacific/Kiritimati"),
    variables(SHELL="/bin/false"),
    Environment("umask 077", command=f"umask 077; {RUN}"),
    Environment("one core of several (`taskset`)", command=f"taskset -c 0 {RUN}", needs="taskset -c 0 true"),
    Environment("64 open files (`ulimit -n`)", command=f"ulimit -n 64; {RUN}"),
    Environment(
        "no network",
        command=f"unshare --user --map-root-user --net {RUN}",
        needs="unshare --user --map-root-user --net true",
    ),
    # Places.
    variables(HOME="/dev/null"),
    Environment("`HOME` not set", {"HOME": None}),
    variables(
        "`XDG_*` that cannot be written",
        **dict.fromkeys(
            ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), "/proc/nowhere"
        ),
    ),
    variables("`TMPDIR` that is not there", TMPDIR="{folder}/nowhere"),
    Environment("`TMPDIR` that cannot be written", {"TMPDIR": "/proc"}, says="is not used"),
    variables("`GIT_DIR` of another repository", GIT_DIR="/nowhere"),
    # Programs.
    Environment(
        "another `python`, `python3` first in `PATH`",
        {"PATH": "{folder}/stubs:{path}"},
        setup=_STUBS,
        ci=True,
    ),
    Environment(
        "the environment is not activated",
        {"PATH": "/usr/bin:/bin", "VIRTUAL_ENV": None},
        command=f"{{bin}}/{RUN}",
    ),
    Environment(
        "`CXX=/bin/false`",
        {**COMPILE, "CXX": "/bin/false", "TORCHINDUCTOR_CACHE_DIR": "{folder}/kernels"},
        says="plain kernels",
    ),
    Environment(
        "no compiler in `PATH`",
        {**COMPILE, "PATH": "{bin}:{folder}/few"},
        setup=_NO_COMPILER,
        says="plain kernels",
    ),
    Environment(
        "`TORCHINDUCTOR_CACHE_DIR` that cannot be written",
        {**COMPILE, "TORCHINDUCTOR_CACHE_DIR": "/proc/nowhere"},
        says="is not used",
        against="compiled",
    ),
    # Figures.
    figures(
        "a `matplotlibrc` in the folder",
        "printf 'axes.labelpad: 30\\nxtick.direction: in\\nsavefig.facecolor: red\\n' >matplotlibrc",
    ),
    figures("`MPLBACKEND=TkAgg` without a display", MPLBACKEND="TkAgg"),
    figures(
        "`MATPLOTLIBRC`, a broken file",
        "printf 'font.size: [\\n\\377nonsense' >broken",
        MATPLOTLIBRC="{folder}/broken",
    ),
    figures("`MPLCONFIGDIR` that cannot be written", MPLCONFIGDIR="/proc/nowhere"),
    figures("`SOURCE_DATE_EPOCH=1`", SOURCE_DATE_EPOCH="1"),
]
