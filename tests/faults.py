"""What damaged files and a full disk give: the tables of docs/faults.md, made by doing it.

    python -m tests.faults --write docs/faults.md

Small results are made by the stages themselves. Each file that a stage reads is then damaged in five ways
and the stage called; and each stage writes to a file system without room.
"""

import argparse
import contextlib
import functools
import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pipeline import ROOT
from pipeline.config import scales
from pipeline.config.experiments import distinct_runs, expand
from pipeline.data import pools, synthetic
from pipeline.findings import figures
from pipeline.paper import published
from pipeline.stages import common
from pipeline.store.artefacts import manifest_of, seal
from pipeline.store.files import write_atomically
from pipeline.tables.read import TABLES
from tests.params import content

DAMAGE: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3]),
    "bit flipped": lambda path: path.write_bytes(_flipped(path.read_bytes())),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "foreign": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64)),
}
FIGURE = "hallucination/confidence"  # the one that is drawn
MARKERS = re.compile(r"(<!-- (\w[\w ]*): begin -->\n).*?(<!-- \2: end -->)", re.S)


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def params(folder: Path) -> Path:
    """A params.yaml with one pre-training run and one fine-tuning run of a few steps."""
    tiny = content()
    tiny["defaults"]["training"]["steps"] = 8
    tiny["finetuning"]["training"]["steps"] = 4
    tiny["toy"] |= {"seeds": [0], "pretraining": {"steps": 20, "learning_rate": 0.03}}
    tuned = {
        "finetune": True,
        "cases": {"new-8": {"distribution": {"kind": "replay", "new": 8}}},
    }
    tiny["experiments"] = {"phases": {}, "finetune_sizes": tuned}
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(tiny))
    return path


@dataclass(frozen=True)
class Call:
    """One stage's command line; `out` is what it writes."""

    stage: str
    arguments: tuple[str, ...]
    out: Path

    def run(self, out: Path | None = None) -> tuple[int, str]:
        """Exit code and stderr of the stage, in this process."""
        module = importlib.import_module(f"pipeline.stages.{self.stage}")
        errors, argv = io.StringIO(), sys.argv
        sys.argv = [self.stage, *self.arguments, "--out", str(out or self.out)]
        code = 0
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
                common.run_stage(module.main)
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            sys.argv = argv
        return code, errors.getvalue()


@functools.cache
def calls(results: Path, parameters: Path) -> dict[str, Call]:
    """The stages in the order of the DAG, on the two runs of `params`."""
    scale = ("--params", str(parameters))
    base, tuned = distinct_runs(expand(scales.load(params=parameters))).values()
    people, runs, tables = results / "populations" / base.population_id, results / "runs", results / "tables"
    train = (*scale, "--population", str(people))
    measured = ("--populations", str(people), "--runs", str(runs / base.id))
    evaluations = results / "evaluations"
    reported = ("--experiments", "phases", "finetune_sizes", "toy")
    return {
        "dataset": Call("dataset", (*scale, "--population", base.population_id), people),
        "pretrain": Call("train", (*train, "--run", base.id), runs / base.id),
        "finetune": Call(
            "train", (*train, "--run", tuned.id, "--base", str(runs / base.id)), runs / tuned.id
        ),
        "evaluate": Call("evaluate", measured, evaluations / "phases"),
        "evaluate, fine-tuned": Call(
            "evaluate", (*measured, str(runs / tuned.id)), evaluations / "finetune_sizes"
        ),
        "toy": Call(
            "toy", (*scale, "--seed", "0"), results / "toy" / scales.load(params=parameters).toy.id(0)
        ),
        "tables": Call("tables", (*scale, "--results", str(results)), tables),
        "claims": Call("claims", ("--tables", str(tables), *reported), results / "claims.json"),
        "figures": Call(
            "figures", ("--figures", FIGURE, "--tables", str(tables), *reported), results / "figures"
        ),
        "page": Call(
            "report", (*scale, "--results", str(results), *reported), results / "report" / "index.html"
        ),
    }


def build(folder: Path) -> dict[str, Call]:
    """Results in `folder`, and the calls that made them."""
    todo = calls(folder / "results", params(folder))
    for name, call in todo.items():
        if name == "page":  # the other figures are not under test
            for figure in set(figures.load()) - {FIGURE}:
                drawing = todo["figures"].out / f"{figure}.svg"
                write_atomically(drawing, "<svg/>")
                seal(drawing.parent, [drawing.name], manifest_of(drawing.stem))
        code, errors = call.run()
        assert code == 0, errors
    return todo


def readers(todo: dict[str, Call]) -> Iterator[tuple[str, Path, str]]:
    """Artefact, file and the stage that reads it."""
    for name in ("people.safetensors", "population.json", "tokenizer.json", "manifest.json"):
        yield f"population: {name}", todo["dataset"].out / name, "pretrain"
    for name in ("config.json", "weights.safetensors", "manifest.json"):
        yield f"base run: {name}", todo["pretrain"].out / name, "finetune"
    for name in ("config.json", "weights.safetensors"):
        yield f"run: {name}", todo["finetune"].out / name, "evaluate, fine-tuned"
    for name in ("curve.csv", "training.csv", "manifest.json"):
        yield f"run: {name} ", todo["finetune"].out / name, "tables"
    yield "evaluation: final.csv", todo["evaluate"].out / "final.csv", "tables"
    yield "toy: toy.csv", todo["toy"].out / "toy.csv", "tables"
    for name in (*(f"{table}.csv" for table in TABLES), "manifest.json"):
        yield f"tables: {name}", todo["tables"].out / "phases" / name, "claims"
    yield "tables: toy.csv", todo["tables"].out / "toy" / "toy.csv", "claims"
    yield "tables: curves.csv ", todo["tables"].out / "phases" / "curves.csv", "figures"
    yield "claims.json", todo["claims"].out, "page"
    yield f"figure: {FIGURE}.svg", todo["figures"].out / f"{FIGURE}.svg", "page"


def shipped(copy: Path, patch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path, str]]:
    """The same for files that git holds, on copies of them, at their paths, that the code is pointed at."""
    for folder in (pools.HERE / "pools", pools.HERE / "templates", published.FILE.parent):
        shutil.copytree(folder, copy / folder.relative_to(ROOT))
    curves = copy / published.FILE.relative_to(ROOT)
    patch.setattr(pools, "HERE", copy / pools.HERE.relative_to(ROOT))
    patch.setattr(published, "FILE", curves)
    yield "pool: cities.txt", pools.HERE / "pools" / "cities.txt", "dataset"
    yield "templates: major.txt", pools.HERE / "templates" / "major.txt", "dataset"
    yield f"the paper's curves: {curves.name}", curves, "figures"


@dataclass(frozen=True)
class Seen:
    """What one fault gave."""

    artefact: str
    fault: str
    stage: str
    code: int
    message: str


def _forget() -> None:
    for cached in (pools.pool, pools.templates, synthetic.schema, published._content):
        cached.cache_clear()


def damage_all(folder: Path, patch: pytest.MonkeyPatch) -> list[Seen]:
    """Every file, damaged in every way, one at a time; it is put back afterwards."""
    todo = build(folder)
    seen = []
    for artefact, path, reader in [*readers(todo), *shipped(folder, patch)]:
        whole = path.read_bytes()
        for fault, harm in DAMAGE.items():
            # A text that people may edit: a changed letter is an edit, and a part of the code's checksum.
            if fault == "bit flipped" and artefact.startswith(("pool", "templates")):
                continue
            harm(path)
            _forget()
            out = folder / "elsewhere" / todo[reader].out.name
            code, message = todo[reader].run(out)
            assert not list(folder.glob("elsewhere/**/*.*")), f"{artefact} {fault}: something was written"
            seen.append(Seen(artefact.strip(), fault, reader, code, _readable(message, folder)))
            path.write_bytes(whole)
    _forget()
    return seen


def _readable(message: str, folder: Path) -> str:
    return re.sub(r"([a-z0-9.]*-?n\d+-)?s\d+-[0-9a-f]{10}", "ID", message.replace(f"{folder}/", ""))


def fill_all(folder: Path) -> list[Seen]:
    """Every stage on a full file system, `folder`, over the results of an earlier call."""
    todo = build(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    seen = []
    pretrain = todo["pretrain"]
    state = Call(
        "train", (*pretrain.arguments, "--state", str(folder / "state"), "--save-every", "0"), pretrain.out
    )
    for name, call in {**todo, "pretrain, its state": state}.items():
        filler = folder / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        code, message = call.run()
        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path != filler}
        after = {path: content for path, content in after.items() if path.name != "lock"}
        assert after == before, f"{name}: {set(after) ^ set(before) or 'changed files'}"
        filler.unlink()
        again, errors = call.run()
        assert again == 0, errors
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        seen.append(Seen(name, "full disk", call.stage, code, _readable(message, folder)))
    return seen


def in_a_full_file_system() -> list[Seen]:
    """`fill_all` in a file system of its own; raises OSError where Linux does not allow one."""
    # Room for the results, 1.2 MiB, and for three generations of a state, 1.7 MiB. How many a run writes, and
    # so the most that it needs at once, depends on the machine's speed.
    with tempfile.TemporaryDirectory() as folder:
        mount = f'mount -t tmpfs -o size=8m tmpfs "{folder}"'
        inside = f'{mount} && exec "{sys.executable}" -m tests.faults --fill "{folder}"'
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside],
            cwd=ROOT,
            env={**os.environ, "PIPELINE_COMPILE": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        raise OSError(done.stderr)
    assert done.returncode == 0, done.stderr
    return [Seen(**row) for row in json.loads(done.stdout)]


def table(seen: list[Seen]) -> str:
    """Markdown. Faults of a file that give the same line share a row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for each in seen:
        rows.setdefault((each.artefact, each.stage, each.message.strip()), []).append(each.fault)
    lines = ["| file | read or written by | fault | what it gives |", "|---|---|---|---|"]
    for (artefact, stage, message), faults in rows.items():
        lines.append(f"| {artefact} | {stage} | {', '.join(faults)} | {message.removeprefix('error: ')} |")
    return "\n".join(lines) + "\n"


def insert(text: str, tables: dict[str, str]) -> str:
    """`text` with what is between the markers of each of the tables replaced."""
    return MARKERS.sub(
        lambda m: m.group(1) + tables[m.group(2)] + m.group(3) if m.group(2) in tables else m.group(0), text
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", type=Path, help="the page to put the tables into")
    parser.add_argument("--fill", type=Path, help="print what every stage gives on this full file system")
    args = parser.parse_args()
    if args.fill:
        print(json.dumps([vars(s) for s in fill_all(args.fill)]))
        return
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        damaged = damage_all(Path(folder), patch)
    tables = {"damage": table(damaged), "full disk": table(in_a_full_file_system())}
    args.write.write_text(insert(args.write.read_text(), tables))


if __name__ == "__main__":
    main()
