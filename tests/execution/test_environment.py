"""The environment of a stage: what could change its results is left out, and said to be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import ROOT
from pipeline.execution import environment, launch
from tests import faults, tree

FOREIGN = {
    "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "4",
    "ACCELERATE_USE_FSDP": "true",
    "OMP_NUM_THREADS": "2",
    "PMI_SIZE": "2",
    "RANK": "1",
    "WORLD_SIZE": "2",
    "LOCAL_RANK": "1",
    "MASTER_ADDR": "127.0.0.1",
}


@pytest.fixture
def cleaned(monkeypatch):
    """What clean() leaves of an environment, and what it says that it left out."""

    def clean(**given: str) -> tuple[dict[str, str], list[str]]:
        monkeypatch.setattr(os, "environ", dict(given))
        environment.clean()
        return os.environ, environment.left_out()

    return clean


@pytest.mark.parametrize(
    "name",
    [
        *FOREIGN,
        "ATEN_CPU_CAPABILITY",
        "CUDA_LAUNCH_BLOCKING",
        "MATPLOTLIBRC",
        "MKL_CBWR",
        "NVIDIA_TF32_OVERRIDE",
        "OMPI_COMM_WORLD_SIZE",
        "PYTHONOPTIMIZE",
        "TORCHINDUCTOR_FREEZING",
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    ],
)
def test_what_could_change_results_is_removed_and_named(cleaned, name):
    left, names = cleaned(**{name: "7", "HOME": "/home/me"})
    assert left.get(name) != "7" and left["HOME"] == "/home/me" and names == [name]


@pytest.mark.parametrize(
    "name",
    ["CXX", "CUDA_VISIBLE_DEVICES", "HF_HOME", "MALLOC_TRIM_THRESHOLD_", "MPLCONFIGDIR", "NCCL_SOCKET_IFNAME",
     "OPENBLAS_CORETYPE", "PYTHONPATH", "SLURM_JOB_ID", "TORCHINDUCTOR_CACHE_DIR"],
)  # fmt: skip
def test_places_tools_and_devices_stay(cleaned, name):
    left, names = cleaned(**{name: "7"})
    assert left[name] == "7" and names == []


def test_a_site_lets_pass_what_it_needs(cleaned):
    given = {environment.PASS: "KMP_* OMP_PROC_BIND", "KMP_AFFINITY": "a", "OMP_PROC_BIND": "b"}
    left, names = cleaned(**given, OMP_PLACES="c")
    assert (left["KMP_AFFINITY"], left["OMP_PROC_BIND"], names) == ("a", "b", ["OMP_PLACES"])


def test_threads_that_snakemake_sets_are_not_worth_a_word(cleaned):
    left, names = cleaned(**dict.fromkeys(environment._THREADS, "4"))
    assert set(left.values()) == {"1", ""} and names == []


def test_only_the_launcher_s_children_keep_their_place_among_processes(cleaned):
    place = {"RANK": "1", "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "none"}
    of_launcher = {environment.LAUNCHED: str(os.getppid()), "ACCELERATE_USE_CPU": "False"}
    left, names = cleaned(**place, **of_launcher)
    assert left.items() >= place.items() and "ACCELERATE_USE_CPU" not in left and names == []
    left, names = cleaned(**place, **{environment.LAUNCHED: "1"})
    assert names == sorted(place)


def test_what_an_earlier_process_left_out_is_still_named(cleaned):
    left, _ = cleaned(MKL_CBWR="AVX")
    assert cleaned(**left, OMP_PLACES="c")[1] == ["MKL_CBWR", "OMP_PLACES"]


def run(*command: object, **more: str) -> str:
    """Run a Python module; what it says on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=ROOT, env={**tree.ENV, **more}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def pretrain(tmp_path_factory):
    """Train 8 steps with the stage's program, started so, in such an environment: weights and stderr."""
    folder = tmp_path_factory.mktemp("results")
    calls = faults.calls(folder / "results", faults.params(folder))
    assert calls["dataset"].run()[0] == 0

    def call(out: Path, *start: object, **more: str) -> tuple[bytes, str]:
        arguments = calls["pretrain"].arguments
        said = run(*start, "pipeline.stages.train", *arguments, "--out", out, **more)
        return (out / "weights.safetensors").read_bytes(), said

    return call


def test_a_foreign_environment_gives_the_same_bits(pretrain, tmp_path):
    bits, said = pretrain(tmp_path / "clean")
    assert "environment:" not in said
    line = f"environment: left out {', '.join(sorted(FOREIGN))}\n"
    for k, start in enumerate([(), ("pipeline.execution.launch",)]):
        again, said = pretrain(tmp_path / str(k), *start, **FOREIGN, HOME="/dev/null")
        assert again == bits and said.count("environment:") == 1 and line in said


def test_a_user_s_configuration_of_accelerate_does_not_reach_the_processes(pretrain, tmp_path):
    """Nor does their environment; what is said is said once."""
    bits, _ = pretrain(tmp_path / "clean", "pipeline.execution.launch", "--processes", 2)
    file = tmp_path / "accelerate" / "default_config.yaml"
    file.parent.mkdir()
    own = {"distributed_type": "FSDP", "mixed_precision": "fp16", "num_processes": 7, "debug": True}
    file.write_text(yaml.safe_dump({**own, "fsdp_config": {"fsdp_offload_params": True}, "gpu_ids": "0,1"}))
    again, said = pretrain(
        tmp_path / "own", "pipeline.execution.launch", "--processes", 2, HF_HOME=str(tmp_path), **FOREIGN
    )
    assert again == bits and said.count("environment:") == 1, said


def test_the_launcher_s_configuration_names_nothing_else():
    assert yaml.safe_load(launch._CONFIG.read_text()) == {"distributed_type": "MULTI_GPU"}
