"""The code that decides what a stage computes, and its digest: the one answer for Snakemake, DVC, manifests
and saved state.

A stage's closure is its module, every module of the project that one of the closure imports, inside of
functions too, or names by a pattern ("pipeline.findings.*.claims*"), and every text file that one of them
names. The digest is of what this code does: comments,
docstrings and layout do not count, the public versions of the packages that compute do.
"""

import ast
import fnmatch
import functools
import hashlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipeline import ROOT
from pipeline.store.artefacts import ArtefactError

PACKAGE = "pipeline"
# Those whose results are kept; the other programs in pipeline/stages print or compare.
STAGES = ("dataset", "train", "evaluate", "toy", "tables", "claims", "figures", "report")
# Packages whose version decides what a stage computes, where its closure imports them.
COMPUTING = ("accelerate", "numpy", "tokenizers", "torch")
# What these do is in a result's parameters and inputs, which are compared by themselves.
NOT_COUNTED = (
    "pipeline.config.experiments",  # which runs are asked for: a run's parameters are in its name,
    "pipeline.config.scales",  # an experiment's runs in the plan of its tables
    "pipeline.config.errors",
    "pipeline.config.facts",  # reads a table, whose content is in the name of its population
    "pipeline.store",  # vouches for results, and makes none
    "pipeline.stages.common",  # the command line: what a stage is given is in its manifest
)
SEEN = "PIPELINE_CODE"  # set by the launcher for its stage: its name, and the digest when it was started
KEPT = Path(__file__).with_name("kept.yaml")
_NO_TEXTS = {".py", ".pyc", ".smk", ".md", ".rst"}  # code, and prose about it


def _module_file(name: str) -> Path | None:
    """The file of a module of the project; None for another's, or for what is no module."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return None
    stem = ROOT.joinpath(*parts)
    for path in (stem.with_suffix(".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def _counted(name: str) -> bool:
    return not any(name == other or name.startswith(f"{other}.") for other in NOT_COUNTED)


@dataclass(frozen=True)
class _Module:
    """What matters of a module's text. imported: (level, module, names) of its import statements, wherever
    they stand; words: its strings; digest: of what it does."""

    imported: tuple[tuple[int, str, tuple[str, ...]], ...]
    words: frozenset[str]
    digest: bytes


@functools.cache
def _parsed(content: bytes) -> _Module:
    """Raises SyntaxError or ValueError for what is not Python."""
    tree = ast.parse(content)
    imported: list[tuple[int, str, tuple[str, ...]]] = []
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [(0, alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported.append((node.level, node.module or "", tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add(node.value)
    out: list[str] = []
    _canonical(tree, out)
    text = "".join(out).encode("utf-8", "surrogatepass")
    return _Module(tuple(imported), frozenset(words), hashlib.sha256(text).digest())


def _module(path: Path) -> _Module:
    try:
        return _parsed(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise ArtefactError(f"{path}{f' line {line}' if line else ''}: not valid Python; mend it") from None


def _imported(path: Path) -> Iterator[str]:
    """Dotted names that a module may import: those of import statements, and strings that look like a
    module's name (importlib). `from a import b` gives a and a.b, whichever is a module."""
    module, package = _module(path), path.parent.relative_to(ROOT).parts
    for level, name, parts in module.imported:
        base = package[: len(package) + 1 - level] if level else ()
        origin = ".".join([*base, *([name] if name else [])])
        yield origin
        yield from (f"{origin}.{part}" for part in parts)
    for word in module.words:
        if word.startswith(f"{PACKAGE}."):
            yield from modules(word) if "*" in word else (word,)


@functools.cache
def _all_modules() -> list[str]:
    found = sorted((ROOT / PACKAGE).rglob("*.py"))
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in found
    ]


def modules(pattern: str) -> list[str]:
    """Dotted names of the project's modules that match, sorted; `*` is any part of a name, or several."""
    return [name for name in _all_modules() if fnmatch.fnmatchcase(name, pattern)]


@functools.cache
def _texts() -> dict[str, list[Path]]:
    """The project's text files by name: all that is neither code nor prose about it."""
    out: dict[str, list[Path]] = {}
    for path in sorted((ROOT / PACKAGE).rglob("*")):
        if path.is_file() and path.suffix not in _NO_TEXTS:
            out.setdefault(path.name, []).append(path)
    return out


def _named_texts(path: Path) -> Iterator[Path]:
    """Text files that a module names: by their own name, or by that of a folder beside it."""
    texts = _texts()
    for word in _module(path).words:
        yield from texts.get(word, ())
        folder = path.parent / word
        if word.isidentifier() and folder.is_dir():
            yield from (file for files in texts.values() for file in files if file.parent == folder)


@functools.cache
def _closure(stage: str) -> tuple[tuple[Path, ...], frozenset[str]]:
    """The files of a stage's closure, sorted, and the packages of others that it imports."""
    found: set[Path] = set()
    others: set[str] = set()
    todo = [f"{PACKAGE}.stages.{stage}"]
    assert _module_file(todo[0]), f"no stage {stage}"
    while todo:
        name = todo.pop()
        path = _module_file(name)
        if path is None:
            others.add(name.partition(".")[0])
            continue
        if path in found or not _counted(name):
            continue
        found.add(path)
        found.update(_named_texts(path))
        todo += _imported(path)
        # Importing a module runs its packages' own first.
        todo += [name.rsplit(".", k)[0] for k in range(1, name.count(".") + 1)]
    return tuple(sorted(found)), frozenset(others)


def closure(stage: str) -> list[Path]:
    """The project's files that decide what `pipeline.stages.<stage>` computes."""
    return list(_closure(stage)[0])


def _canonical(node: ast.AST | list | object, out: list[str]) -> None:
    """Write what a syntax tree says, the same in every version of Python that can read it."""
    if isinstance(node, ast.AST):
        out.append(type(node).__name__)
        out.append("(")
        for field in node._fields:
            value = getattr(node, field, None)
            if value is None or value == [] or field in ("kind", "type_comment", "ctx"):
                continue
            out.append(f"{field}=")
            _canonical(value, out)
        out.append(")")
    elif isinstance(node, list):
        out.append("[")
        for item in node:
            if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)):  # docstrings, ...
                _canonical(item, out)
        out.append("]")
    else:
        out.append(f"{node!r},")


def _file_digest(path: Path) -> bytes:
    """Of what a module does, or of a text; line endings do not count."""
    if path.suffix == ".py":
        return _module(path).digest
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest()


@functools.cache
def digest(stage: str) -> str:
    """Hexadecimal digest of what decides a stage's results besides parameters and inputs."""
    paths, packages = _closure(stage)
    total = hashlib.sha256()
    for path in paths:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + _file_digest(path))
    for package in sorted(packages.intersection(COMPUTING)):
        public = importlib.metadata.version(package).partition("+")[0]
        total.update(f"{package}=={public}\0".encode())
    return total.hexdigest()


def forget() -> None:
    """Have the files read anew: a process that lives long may see them edited."""
    for cached in (_all_modules, _texts, _closure, digest, _same_bits):
        cached.cache_clear()


@functools.cache
def _same_bits(stage: str) -> list[str]:
    """Digests, or beginnings of them, whose results the stage's present code would make to the bit: its own,
    and those that kept.yaml tells it keeps, through any number of entries."""
    entries = [entry for entry in yaml.safe_load(KEPT.read_text()) if entry["stage"] == stage]
    same = [digest(stage)]
    for known in same:
        for entry in entries:
            if known.startswith(entry["digest"]):
                same += [older for older in entry["keeps"] if older not in same]
    return same


def is_current(stage: str, found: str | None) -> bool:
    """Whether results whose manifest names the digest `found` are those of the stage's present code."""
    return found is not None and any(found[:10] == same[:10] for same in _same_bits(stage))


if __name__ == "__main__":
    for stage in STAGES:
        print(f"{stage:10} {digest(stage)}")
