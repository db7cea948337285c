"""A process that has imported what training needs, and becomes a stage by forking: seconds less a job.

    python -m pipeline.execution.fork_server SOCKET

Importing torch and its compiler takes four seconds, a tenth of a run at the default scale. Snakemake starts
one such process for the jobs of its own machine. `pipeline.execution.launch` hands it a stage's arguments,
environment, folder and output, and falls back on a process of its own where there is none. The stage still
lives and dies with its job: it gets the job's signals, is killed when the job is, and the job ends with its
exit code.
"""

import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pipeline.execution import environment
from pipeline.execution.processes import PARENT, die_with_parent
from pipeline.store import code

SOCKET = "PIPELINE_PRELOADED"  # set by the workflow for its jobs: where the process listens
_LARGEST_REQUEST = 1 << 20
_LARGEST_NUMBER = 32  # of a process, in digits
_STAGES = ("dataset", "train", "evaluate")  # those that jobs ask for
# What these import, by name as they themselves are: it is of the floors above.
_PRELOADED = ("pandas", *(f"pipeline.training.{name}" for name in ("loop", "compiler", "hardware")))
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PAUSES = (signal.SIGTSTP, signal.SIGCONT)  # of a terminal, whose groups of processes the fork is not in


def start(path: str) -> None:
    """Start the process for all that this one starts, which it dies with; on Linux, where that can be asked
    for."""
    if sys.platform == "linux":
        command = [sys.executable, "-m", "pipeline.execution.fork_server", path]
        subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        os.environ[SOCKET] = path


def run_stage(stage: str, arguments: Sequence[str]) -> int | None:
    """Have the preloaded process run a stage as this process would, and return its exit code; None, with
    nothing done, where there is no such process.

    Signals are passed on. A stage that was killed gives 128 + the signal, as in shells.
    """
    path = os.environ.get(SOCKET)
    if not path:
        return None
    asked = (stage, list(arguments), dict(os.environ), os.fspath(Path.cwd()))
    caught: list[int] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:

        def pass_on(signum: int, _: object) -> None:
            caught.append(signum)
            with contextlib.suppress(OSError):  # its process has just ended
                server.send(bytes([signum]))

        # None may come before it can be passed on, or before it is known which process to stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, (*_SIGNALS, *_PAUSES))
        try:
            server.connect(path)
            socket.send_fds(server, [json.dumps(asked).encode()], [0, 1, 2])
            before = {signum: signal.signal(signum, pass_on) for signum in _SIGNALS}
        except OSError:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _PAUSES)
            return None
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        begun = code = b""
        with contextlib.suppress(OSError):
            begun = server.recv(_LARGEST_NUMBER)
        if begun:
            _pause_with(int(begun))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PAUSES)
        if not begun and not caught:  # it ended before it forked
            for signum, handler in before.items():
                signal.signal(signum, handler)
            return None
        while begun and (message := server.recv(1)):  # until the stage's process has ended, not only its work
            code = message
    if code:
        return code[0]
    if not caught:
        print(f"error: {stage}: its process was killed", file=sys.stderr)
    return 128 + (caught[-1] if caught else signal.SIGKILL)


def _pause_with(stage: int) -> None:
    """From here on, stop and continue the stage's process as this one is."""

    def tell(signum: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(stage, signum)

    def stop(*_: object) -> None:
        tell(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)

    signal.signal(signal.SIGTSTP, stop)
    signal.signal(signal.SIGCONT, lambda *_: tell(signal.SIGCONT))


def _preload() -> None:
    environment.clean()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # numpy would start threads, which no fork takes along
    modules = {name: importlib.import_module(name) for name in _PRELOADED}
    if modules["pipeline.training.compiler"].trouble() is None:
        modules["pipeline.training.hardware"].preload_compiler()
    for stage in _STAGES:  # of the code that is imported now, should it be edited while it runs
        code.digest(stage)


def _obey(job: socket.socket) -> None:
    """Raise the signals that the job's process passes on, and die with it."""
    while signum := job.recv(1):
        os.kill(os.getpid(), signum[0])
    os.kill(os.getpid(), signal.SIGKILL)


def _edited(stage: str) -> bool:
    """Whether the stage's code is another than the one that was imported, and would be taken for it."""
    name = stage.rpartition(".")[2]
    if name not in _STAGES:
        return False
    imported = code.digest(name)
    code.forget()
    return code.digest(name) != imported


def _become(request: bytes, files: Sequence[int], job: socket.socket) -> NoReturn:
    """In a forked process: take the place of the job's, and run its stage."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    stage, arguments, variables, folder = json.loads(request)
    os.environ.clear()
    os.environ.update(variables)
    environment.clean()
    os.environ[PARENT] = str(os.getppid())
    os.chdir(folder)
    threading.Thread(target=_obey, args=(job,), daemon=True).start()
    if _edited(stage):
        os._exit(0)  # it has not begun: the job's process imports the code anew
    job.send(str(os.getpid()).encode())
    sys.argv = [stage, *arguments]
    status: object = 0
    try:
        runpy.run_module(stage, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code
        if isinstance(status, str):
            print(status, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    status = status if isinstance(status, int) else int(status is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    job.send(bytes([status & 255]))
    os._exit(status)  # as multiprocessing's forks do: to take all modules down costs more than a second


def serve(path: Path) -> NoReturn:
    """Fork a process for each stage that is asked for at the socket `path`, until this one is killed."""
    die_with_parent()
    for signum in (signal.SIGINT, signal.SIGTERM):  # as the workflow gets them: the jobs decide
        signal.signal(signum, signal.SIG_IGN)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(os.fspath(path))
        listening.listen(1024)  # who asks early waits: that is no slower than to import by oneself
        _preload()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forked
        while True:
            with contextlib.suppress(OSError), listening.accept()[0] as job:
                request, files, *_ = socket.recv_fds(job, _LARGEST_REQUEST, 3)
                if request and not os.fork():
                    mine = socket.socket(fileno=job.detach())  # open to the very end
                    break
                for file in files:
                    os.close(file)
    _become(request, files, mine)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
