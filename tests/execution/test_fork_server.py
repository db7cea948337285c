"""The preloaded process: a stage that it runs is the job's in all that others can see."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from pipeline.execution import fork_server
from tests import tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere none is started")

WAIT = "import time; print(os.getpid(), flush=True); time.sleep(60)"


def wait_until(happened: Callable[[], bool], otherwise: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    """Where both the launcher and the preloaded process find modules to run."""
    return tmp_path_factory.mktemp("stages")


@pytest.fixture(scope="module")
def served(tmp_path_factory, stages):
    """Environment of jobs, and the process that is preloaded for them."""
    path = tmp_path_factory.mktemp("preload") / "socket"
    search = os.pathsep.join([str(tree.ROOT), str(stages)])
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.execution.fork_server", path],
        env={**os.environ, "PYTHONPATH": search},
    )
    wait_until(path.exists, "nobody listens")
    yield {**os.environ, fork_server.SOCKET: str(path), "CUDA_VISIBLE_DEVICES": ""}, process
    process.kill()
    process.wait()


@pytest.fixture
def stage(tmp_path, stages):
    """Start the launcher on a module of this text."""
    numbers = itertools.count()

    def start(environment: dict[str, str], text: str, *arguments: str) -> subprocess.Popen:
        name = f"stage_{tmp_path.name}_{next(numbers)}"
        (stages / f"{name}.py").write_text(f"import os, signal, sys\n{text}\n")
        search = os.pathsep.join([str(tree.ROOT), str(stages)])
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.execution.launch", name, *arguments],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": search},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def wait_until_gone(pid: int) -> None:
    wait_until(lambda: not psutil.pid_exists(pid), "the process outlived what it worked for", 10)


def test_a_stage_has_torch_at_once_and_all_else_from_its_job(served, stage, tmp_path):
    environment, server = served
    text = """
print(os.getppid(), "torch._inductor.compile_fx" in sys.modules, __name__, os.environ["WORD"])
print(os.getcwd(), sys.argv[1:], sys.stdin.read(), flush=True)
print("wrong", file=sys.stderr)
sys.exit(7)"""
    job = stage({**environment, "WORD": "said"}, text, "--run", "a b")
    out, err = job.communicate("typed")
    assert out.split("\n")[0] == f"{server.pid} True __main__ said"
    assert out.split("\n")[1] == f"{tmp_path} ['--run', 'a b'] typed"
    assert (err, job.returncode) == ("wrong\n", 7)


def test_its_environment_is_the_job_s_without_what_could_change_results(served, stage):
    text = "print(os.environ.get('MKL_CBWR'), os.environ['PIPELINE_LEFT_OUT'], os.environ['OMP_NUM_THREADS'])"
    job = stage({**served[0], "MKL_CBWR": "AVX", "OMP_NUM_THREADS": "2"}, text)
    assert job.communicate() == ("None MKL_CBWR OMP_NUM_THREADS 1\n", "")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", 0, ""),
        ("sys.exit('a reason')", 1, "a reason\n"),
        ("raise KeyError('lost')", 1, "KeyError: 'lost'\n"),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, ": its process was killed\n"),
    ],
)
def test_its_end_is_the_end_of_the_job(served, stage, text, code, says):
    job = stage(served[0], text)
    _, err = job.communicate()
    assert job.returncode == code
    assert err.endswith(says)
    assert bool(err) == bool(says)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_stage_which_decides(served, stage, signum):
    text = f"signal.signal({int(signum)}, lambda *_: sys.exit(5))\n{WAIT}"
    job = stage(served[0], text)
    job.stdout.readline()
    job.send_signal(signum)
    job.communicate()
    assert job.returncode == 5


def test_a_signal_that_the_stage_does_not_handle_ends_both(served, stage):
    job = stage(served[0], WAIT)
    pid = int(job.stdout.readline())
    job.send_signal(signal.SIGTERM)
    _, err = job.communicate()
    assert (job.returncode, err) == (128 + signal.SIGTERM, "")
    wait_until_gone(pid)


def test_a_signal_is_passed_on_before_the_stage_has_begun(stage, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.fspath(tmp_path / "socket"))
        listening.listen()
        job = stage(
            {**os.environ, fork_server.SOCKET: str(tmp_path / "socket"), "CUDA_VISIBLE_DEVICES": ""}, WAIT
        )
        with listening.accept()[0] as asked:
            _, files, *_ = socket.recv_fds(asked, 1 << 20, 3)
            for file in files:
                os.close(file)
            job.send_signal(signal.SIGTERM)
            assert asked.recv(1) == bytes([signal.SIGTERM])
    out, err = job.communicate()
    assert (job.returncode, out, err) == (128 + signal.SIGTERM, "", "")


def test_a_stage_is_stopped_and_continued_as_its_job_is(served, stage):
    """Ctrl-Z, fg."""
    job = stage(served[0], f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n{WAIT}")
    both = [psutil.Process(job.pid), psutil.Process(int(job.stdout.readline()))]
    for _ in range(2):
        job.send_signal(signal.SIGTSTP)
        wait_until(lambda: all(p.status() == psutil.STATUS_STOPPED for p in both), "one runs on")
        job.send_signal(signal.SIGCONT)
        wait_until(lambda: all(p.status() != psutil.STATUS_STOPPED for p in both), "one is still stopped")
    job.send_signal(signal.SIGTERM)
    job.communicate()
    assert job.returncode == 5


def test_a_job_that_is_stopped_early_stops_its_stage_once_it_has_begun(stage, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.fspath(tmp_path / "socket"))
        listening.listen()
        preloaded = {fork_server.SOCKET: str(tmp_path / "socket"), "CUDA_VISIBLE_DEVICES": ""}
        job = stage({**os.environ, **preloaded}, WAIT)
        with listening.accept()[0] as asked, subprocess.Popen(["sleep", "60"]) as forked:
            _, files, *_ = socket.recv_fds(asked, 1 << 20, 3)
            for file in files:
                os.close(file)
            job.send_signal(signal.SIGTSTP)
            asked.send(str(forked.pid).encode())
            for process in (psutil.Process(job.pid), psutil.Process(forked.pid)):
                wait_until(lambda p=process: p.status() == psutil.STATUS_STOPPED, "it runs on")
            job.kill()
            job.wait()
            forked.kill()


def test_a_killed_job_takes_its_stage_along(served, stage):
    job = stage(served[0], WAIT)
    pid = int(job.stdout.readline())
    job.kill()
    job.wait()
    wait_until_gone(pid)


def test_stages_run_side_by_side_and_leave_nothing(served, stage):
    environment, server = served
    first, second = stage(environment, WAIT), stage(environment, WAIT)
    pids = {int(job.stdout.readline()) for job in (first, second)}
    assert len(pids) == 2
    for job in (first, second):
        job.kill()
        job.wait()
    for pid in pids:
        wait_until_gone(pid)
    process = psutil.Process(server.pid)
    assert not process.children()
    assert process.num_threads() == 1, "a fork would lose the others"
    assert len(list(process.net_connections("unix"))) == 1, "connections of ended jobs are closed"


def test_without_the_process_the_launcher_becomes_the_stage(stage, tmp_path):
    nobody = {**os.environ, fork_server.SOCKET: str(tmp_path / "none"), "CUDA_VISIBLE_DEVICES": ""}
    job = stage(nobody, "print(os.getpid())\nsys.exit(3)")
    out, _ = job.communicate()
    assert (int(out), job.returncode) == (job.pid, 3)


def test_a_process_that_ends_before_it_forks_is_done_without(stage, tmp_path):
    """Whoever waited for its imports starts a process of their own."""
    path = tmp_path / "socket"
    broken = tmp_path / "pandas.py"
    broken.write_text("import time\ntime.sleep(1)\nraise ImportError('broken')\n")
    search = os.pathsep.join([str(tmp_path), str(tree.ROOT)])
    server = subprocess.Popen(
        [sys.executable, "-m", "pipeline.execution.fork_server", path],
        env={**os.environ, "PYTHONPATH": search},
        stderr=subprocess.DEVNULL,
    )
    wait_until(path.exists, "nobody listens")
    job = stage(
        {**os.environ, fork_server.SOCKET: str(path), "CUDA_VISIBLE_DEVICES": ""}, "print(os.getpid())"
    )
    out, _ = job.communicate()
    assert server.wait() == 1
    assert (int(out), job.returncode) == (job.pid, 0)


def test_where_there_are_gpus_every_stage_is_its_own_process(served, stage):
    job = stage({**served[0], "CUDA_VISIBLE_DEVICES": "0"}, "print(os.getpid())")
    out, _ = job.communicate()
    assert int(out) == job.pid


def test_it_dies_with_the_workflow(tmp_path):
    """Snakemake is killed: nobody stays to wait for jobs."""
    text = """
import os, time
from pipeline.execution import fork_server
from pipeline.execution.processes import PARENT
os.environ[PARENT] = str(os.getpid())
fork_server.start("socket")
print(flush=True)
time.sleep(60)"""
    workflow = subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tree.ROOT)},
        stdout=subprocess.PIPE,
    )
    workflow.stdout.readline()
    (server,) = psutil.Process(workflow.pid).children()
    wait_until((tmp_path / "socket").exists, "nobody listens")
    workflow.kill()
    workflow.wait()
    wait_until_gone(server.pid)


def test_a_forked_stage_measures_its_own_use(served, stage):
    """Not that of the launcher, which waits, or of the process that was preloaded."""
    text = """
import time
from pipeline.execution.processes import used
print(*used().values())
until = time.process_time() + 1
while time.process_time() < until:
    block = bytearray(100 << 20)
time.sleep(0.5)
print(*used().values())"""
    out, _ = stage(served[0], text).communicate()
    before, after = ([float(word) for word in line.split()] for line in out.splitlines())
    assert before[0] < 5 and before[1] < 1, "preloading is not counted"
    seconds, cpu, peak = (b - a for a, b in zip(before, after, strict=True))
    assert seconds > 1.4 and 0.9 < cpu < seconds and 90 < peak < 300
