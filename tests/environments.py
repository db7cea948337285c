"""The smallest plan in hostile environments: each ends in the bits of a clean run, or in one line.

    python -m tests.environments                               all of tests/hostile
    python -m tests.environments --quick                       those of .ci/run
    python -m tests.environments --only CUDA                   those with this in their name
    python -m tests.environments --write docs/faults.md        all, and their table into the page

Each environment has a copy of the project of its own, which is kept where it fails.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests import faults, torture, tree
from tests.hostile import ENVIRONMENTS
from tests.hostile.kinds import REFERENCES, Environment

TABLE = "environments"
SECONDS = 600  # an environment may take, on a machine that does other things too
SAME, IMPOSSIBLE = "the same bits", "not possible on this machine"
_NOT_COPIED = shutil.ignore_patterns("*.socket")
# What Snakemake says besides: the profile that it reads.
_BANNER = re.compile(r"Using (workflow specific )?profile .*")


@dataclass(frozen=True)
class Seen:
    """What an environment gave: `line` for the table, `trouble` where it is not what was promised."""

    environment: Environment
    line: str
    trouble: str = ""


def plan(folder: Path) -> Path:
    """A copy of the project at `folder`, with two short runs in its plan and without the toy."""
    tree.copy_tree(folder)
    path = faults.params(folder)
    params = yaml.safe_load(path.read_text())
    params["toy"]["extended"] = True
    path.write_text(yaml.safe_dump(params))
    return folder


def shell(folder: Path, command: str, env: dict[str, str]) -> subprocess.CompletedProcess:
    """`command` by bash in `folder`; it and all that it started ends with the time it has."""
    with subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=env, text=True, errors="replace", start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            out, errors = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, errors = process.communicate()
            errors += f"\nstill at work after {SECONDS} s\n"
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def variables(folder: Path, given: dict[str, str | None]) -> dict[str, str]:
    """The usual environment with an environment's own variables."""
    usual = {name: value for name, value in tree.ENV.items() if not name.startswith("PIPELINE_")}
    own = {name: _filled(value, folder) for name, value in given.items() if value is not None}
    return {name: value for name, value in usual.items() if name not in given} | own


def _filled(text: str, folder: Path) -> str:
    places = {"{folder}": str(folder), "{bin}": str(Path(sys.executable).parent), "{path}": tree.ENV["PATH"]}
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def make_reference(name: str, base: Path, clean: Path) -> tuple[Path, dict[str, str]]:
    """The folder of a clean run, and its results."""
    reference, folder = REFERENCES[name], base / name
    shutil.copytree(clean, folder)
    done = shell(folder, f"{reference.setup or ':'}; {reference.command}", variables(folder, reference.env))
    assert done.returncode == 0, done.stderr
    return folder, torture.results(folder, "laptop")


def errors_in(stderr: str) -> list[str]:
    """The different lines that a reader has to make sense of. Where jobs ran, Snakemake says much about them:
    there, those that say of themselves that they are errors, and a traceback's."""
    lines = [line for line in stderr.splitlines() if line.strip() and not _BANNER.fullmatch(line)]
    if any(line.startswith("Building DAG of jobs") for line in lines):
        lines = [line for line in lines if line.startswith(("error: ", "Traceback"))]
    return list(dict.fromkeys(lines))


def differences(environment: Environment, found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Names of results that are missing, others, or too many."""
    names = [n for n in sorted({*found, *expected}) if re.match(environment.compared, n)]
    assert names, f"{environment.name}: nothing is compared"
    return [name for name in names if found.get(name) != expected.get(name)]


def _readable(line: str, folder: Path) -> str:
    return line.replace(f"{folder.parent}/", "").replace("|", "\\|").removeprefix("error: ")


def judge(
    environment: Environment, folder: Path, done: subprocess.CompletedProcess, expected: dict[str, str]
) -> Seen:
    """What is seen beside what was promised."""
    if environment.refused:
        errors = errors_in(done.stderr)
        if done.returncode == 0 or len(errors) != 1 or "Traceback" in done.stderr:
            return Seen(environment, "not in one line", f"exit {done.returncode}, {len(errors)} lines")
        trouble = "" if environment.refused in errors[0] else f"not said: {environment.refused}"
        return Seen(environment, _readable(errors[0], folder), trouble)
    if done.returncode != 0:
        return Seen(environment, "ended", f"exit {done.returncode}")
    if others := differences(environment, torture.results(folder, "laptop"), expected):
        return Seen(environment, "other results", ", ".join(others[:4]))
    logs = [path.read_text(errors="replace") for path in folder.glob("logs/**/*.log")]
    if not any(environment.says in text for text in (done.stdout, done.stderr, *logs)):
        return Seen(environment, SAME, f"not said: {environment.says}")
    return Seen(environment, SAME)


def visit(
    environment: Environment, place: Path, clean: Path, reference: tuple[Path, dict[str, str]] | None
) -> Seen:
    """One environment, in a folder of its own."""
    began = time.perf_counter()
    finished, expected = reference or (clean, {})
    folder = place / environment.folder
    start = finished if environment.start == "finished" else clean
    shutil.copytree(start, folder, ignore=_NOT_COPIED)
    usual = variables(folder, {})
    if environment.needs and shell(folder, environment.needs, usual).returncode:
        return Seen(environment, IMPOSSIBLE)
    ready = shell(folder, environment.setup or ":", usual)
    done = shell(folder, _filled(environment.command, folder), variables(folder, environment.env))
    seen = judge(environment, folder, done, expected)
    if seen.trouble:
        said = f"{environment.command}\n\n{ready.stdout}{ready.stderr}\n{done.stdout}\n{done.stderr}\n"
        (place / "said.txt").write_text(said)
    else:
        shutil.rmtree(folder)
    verdict = f"FAILED ({seen.trouble}; {place / 'said.txt'})" if seen.trouble else "as promised"
    print(f"{environment.name}: {verdict}: {seen.line} [{time.perf_counter() - began:.0f} s]", flush=True)
    return seen


def visit_all(environments: list[Environment], base: Path, jobs: int) -> list[Seen]:
    """All of them, `jobs` at a time, in folders under `base`."""
    clean = plan(base / "clean")
    needed = {e.against for e in environments if not e.refused or e.start == "finished"}
    with ThreadPoolExecutor(jobs) as pool:
        made = {name: pool.submit(make_reference, name, base / "references", clean) for name in needed}
        references = {name: future.result() for name, future in made.items()}
        visits = [
            pool.submit(visit, each, base / f"{number:02}", clean, references.get(each.against))
            for number, each in enumerate(environments)
        ]
        return [future.result() for future in visits]


def table(seen: Iterable[Seen]) -> str:
    """Markdown."""
    lines = ["| environment | what happens | seen |", "|---|---|---|"]
    lines += [f"| {s.environment.name} | {s.environment.promise} | {s.line} |" for s in seen]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="those that train nothing, and a few that do")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD", help="parts of their names")
    parser.add_argument("--jobs", type=int, default=2, help="environments at a time (default: 2)")
    parser.add_argument("--write", type=Path, help="the page to put the table into")
    args = parser.parse_args()
    quick = [e for e in ENVIRONMENTS if not args.quick or e.ci or not e.trains]
    chosen = [e for e in quick if any(word in e.name for word in args.only)]
    if args.write and len(chosen) < len(ENVIRONMENTS):
        parser.error("--write: the table is of all environments")
    base, began = Path(tempfile.mkdtemp(prefix="environments-")), time.perf_counter()
    seen = visit_all(chosen, base, args.jobs)
    failed = [s for s in seen if s.trouble]
    print(f"{len(seen)} environments, {len(failed)} not as promised, {time.perf_counter() - began:.0f} s")
    if failed:
        sys.exit("\n".join(f"{s.environment.name}: {s.line}: {s.trouble}" for s in failed))
    shutil.rmtree(base)
    if args.write:
        args.write.write_text(faults.insert(args.write.read_text(), {TABLE: table(seen)}))


if __name__ == "__main__":
    main()
