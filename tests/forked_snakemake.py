"""Calls of Snakemake from a process that has imported it: two thirds of a dry run are imports.

python -m tests.forked_snakemake        serves `call` below, a request a line

Each call is a fork of its own, and imports all of the project anew.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_ASKED: list[subprocess.Popen] = []  # the server of this process


def _serve() -> None:
    import pandas  # noqa: F401
    import smart_open  # noqa: F401
    from snakemake.cli import get_argument_parser, main

    get_argument_parser()
    sys.path = [path for path in sys.path if path and Path(path).resolve() != Path.cwd()]
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os.chdir(asked["folder"])
            os.environ.clear()
            os.environ.update(asked["environment"])
            for number, path in ((0, os.devnull), (1, asked["stdout"]), (2, asked["stderr"])):
                os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
            sys.argv = ["snakemake", *asked["arguments"]]
            sys.exit(main())
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def call(folder: Path, arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess:
    """`snakemake` with these arguments in the folder; its exit code and what it said."""
    if not _ASKED:
        command = [sys.executable, "-m", __name__]
        root = Path(__file__).parents[1]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        _ASKED.append(subprocess.Popen(command, cwd=root, env=environment, text=True, **pipes))
    (server,) = _ASKED
    with tempfile.TemporaryDirectory() as said:
        files = {name: str(Path(said, name)) for name in ("stdout", "stderr")}
        asked = {"folder": str(folder), "arguments": arguments, "environment": environment, **files}
        server.stdin.write(f"{json.dumps(asked)}\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        out, err = (Path(path).read_text() for path in files.values())
    return subprocess.CompletedProcess(["snakemake", *arguments], code, out, err)


if __name__ == "__main__":
    _serve()
