"""Where jobs run: the GPU slots of a machine (its devices are made up) and the commands of several nodes."""

import collections
import os
import subprocess
import sys

import pytest

from pipeline.execution import gpu_slots, launch
from pipeline.execution.processes import PARENT


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setenv(gpu_slots.VISIBLE, "4,5,GPU-6f/1")


def test_jobs_spread_evenly(three, tmp_path):
    held = [gpu_slots.take(1, tmp_path) for _ in range(7)]
    jobs = collections.Counter(device for job in held for device in job)
    assert jobs == {"4": 3, "5": 2, "GPU-6f/1": 2}


def test_a_device_that_is_free_again_is_next(three, tmp_path):
    held = [gpu_slots.take(1, tmp_path) for _ in range(3)]
    held[1]["5"].close()
    assert list(gpu_slots.take(1, tmp_path)) == ["5"]


def test_a_job_of_several_gets_different_devices(three, tmp_path):
    first = gpu_slots.take(2, tmp_path)
    second = gpu_slots.take(2, tmp_path)
    assert list(first) == ["4", "5"] and len(second) == 2 and "GPU-6f/1" in second
    with pytest.raises(gpu_slots.TooFewDevicesError, match="4 GPUs are asked for, 3"):
        gpu_slots.take(4, tmp_path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", []), ("-1", []), ("NoDevFiles", []), ("2, 0", ["2", "0"]), ("1,-1,0", ["1"])],
)
def test_devices_given_by_a_scheduler_are_all_there_are(monkeypatch, given, expected):
    monkeypatch.setenv(gpu_slots.VISIBLE, given)
    assert gpu_slots.visible() == expected


def test_devices_of_the_machine_are_counted_without_torch(monkeypatch):
    monkeypatch.delenv(gpu_slots.VISIBLE, raising=False)
    files = ["nvidia0", "nvidia3", "nvidia10"]
    monkeypatch.setattr(gpu_slots.Path, "glob", lambda folder, pattern: iter(files))
    assert gpu_slots.visible() == ["0", "1", "2"]


def test_a_killed_job_frees_its_device(tmp_path):
    """Real processes: the slot is held across the launcher's change of program and ends with it."""
    show = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); input()"
    environment = {**os.environ, gpu_slots.VISIBLE: "0,1", "TMPDIR": str(tmp_path)}

    def start() -> tuple[subprocess.Popen, str]:
        job = subprocess.Popen(
            [sys.executable, "-m", "pipeline.execution.launch", "timeit", "-n1", "-r1", show],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return job, job.stdout.readline().strip()

    first, second = start(), start()
    assert (first[1], second[1]) == ("0", "1")
    first[0].kill()
    first[0].wait()
    third = start()
    assert third[1] == "0"
    for job, _ in (second, third):
        job.communicate("\n")
        assert job.returncode == 0


def test_a_stage_without_use_for_a_gpu_takes_none(tmp_path):
    """It is left the variable as it was given, and holds no slot."""
    show = "import os; print(os.environ['CUDA_VISIBLE_DEVICES'])"
    job = subprocess.run(
        [sys.executable, "-m", "pipeline.execution.launch", "--cpu", "timeit", "-n1", "-r1", show],
        env={**os.environ, gpu_slots.VISIBLE: "0,1", "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert job.stdout.splitlines()[0] == "0,1" and not list(tmp_path.iterdir())


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Run the launcher as far as the program that it becomes."""
    monkeypatch.delenv(gpu_slots.VISIBLE, raising=False)
    monkeypatch.setattr(gpu_slots, "visible", list)

    def run(*arguments: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["launch", *arguments])
        monkeypatch.setattr(os, "execvp", lambda program, words: (_ for _ in ()).throw(Become(words)))
        with pytest.raises(Become) as became:
            launch.main()
        return became.value.args[0]

    return run


class Become(Exception):  # noqa: N818
    pass


def test_one_process_is_the_stage_itself(command):
    assert command("pipeline.stages.train", "--run", "x") == [
        sys.executable, "-m", "pipeline.stages.train", "--run", "x",
    ]  # fmt: skip


def test_the_nodes_of_a_slurm_job_share_the_processes(command, monkeypatch, tmp_path):
    squeue = tmp_path / "squeue"
    squeue.write_text('#!/bin/sh\n[ "$3" = 41 ] && echo 2\n')
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "41")
    monkeypatch.setattr(launch, "die_with_parent", lambda: None)
    monkeypatch.setenv(PARENT, "1")
    words = command("--processes", "4", "pipeline.stages.train", "--out", "a folder")
    assert words[0] == "srun" and words[words.index("--ntasks") + 1] == "2"
    assert words[-3:] == ["pipeline.stages.train", "--out", "a folder"]
    assert PARENT not in os.environ, "on another node nobody is the child of this Snakemake"


def test_the_processes_of_one_node_die_with_their_launcher(command, monkeypatch):
    monkeypatch.setenv(PARENT, str(os.getppid()))
    monkeypatch.setattr(launch, "die_with_parent", lambda: None)
    words = command("--processes", "2", "pipeline.stages.train")
    assert words[words.index("--num_processes") + 1] == "2" and os.environ[PARENT] == str(os.getpid())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--processes", "3", "--nodes", "2"], "a multiple of the 2 nodes"),
        (["--processes", "2", "--nodes", "2"], "outside Slurm give the command on each node"),
    ],
)
def test_a_mistake_is_one_line(monkeypatch, capsys, arguments, expected):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setattr(sys, "argv", ["launch", *arguments, "pipeline.stages.train"])
    with pytest.raises(SystemExit):
        launch.main()
    assert expected in capsys.readouterr().err.splitlines()[-1]


def test_more_processes_than_devices_is_a_mistake(three, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["launch", "--processes", "4", "pipeline.stages.train"])
    with pytest.raises(SystemExit):
        launch.main()
    assert "4 GPUs are asked for, 3 can be used here" in capsys.readouterr().err
