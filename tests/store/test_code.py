"""What counts as a stage's code: compared with what Python really imports, and what stages really read."""

import ast
import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import ROOT
from pipeline.data import pools, synthetic
from pipeline.store import code
from pipeline.store.artefacts import ArtefactError
from pipeline.store.code import STAGES
from tests.faults import build

PIPELINE = ROOT / "pipeline"
# Imports each stage in a process that is forked for it, with stand-ins for what is not counted, and what it
# imports on use by a pattern: drawings, mixers, probes. Packages of others are imported once.
_LOADED = """
import fnmatch, importlib, json, os, sys
from unittest.mock import MagicMock
for name in ("accelerate", "pandas", "scipy.stats", "torch"):
    importlib.import_module(name)
def modules(pattern):
    return [name for name in {every} if fnmatch.fnmatchcase(name, pattern)]
def load(stage):
    for name in {stubs}:
        sys.modules[name] = MagicMock()
    sys.modules["pipeline.store"].code.modules = modules
    importlib.import_module("pipeline.stages." + stage)
    def mine():
        ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "pipeline"]
        return [module for module in ours if not isinstance(module, MagicMock)]
    for module in mine():
        for name in modules(getattr(module, "MODULES", "")):
            importlib.import_module(name)
    print(json.dumps([stage, [module.__file__ for module in mine()]]))
for stage in {stages}:
    if os.fork() == 0:
        load(stage)
        sys.stdout.flush()
        os._exit(0)  # to take torch down takes a second
    if os.wait()[1]:
        sys.exit(stage)
"""


def paths(names: list[str]) -> set[Path]:
    """Files of the pipeline, by their names from there."""
    return {PIPELINE / name for name in names}


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[Path]]:
    """By stage, the files of the project that Python runs for it."""
    stubs = [
        *code.NOT_COUNTED,
        *(f"pipeline.store.{path.stem}" for path in (PIPELINE / "store").glob("*.py")),
    ]
    text = _LOADED.format(stubs=stubs, stages=STAGES, every=code.modules("*"))
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(line) for line in done.stdout.splitlines())
    return {stage: set(map(Path, files)) for stage, files in found.items()}


@pytest.mark.parametrize("stage", STAGES)
def test_the_closure_is_what_python_imports(stage, loaded):
    assert {path for path in code.closure(stage) if path.suffix == ".py"} == loaded[stage]


def test_what_a_stage_reads_is_in_its_closure(tmp_path, monkeypatch):
    """Every text of the project that the stages open."""
    opened: dict[str, set[Path]] = {}
    plain, calls = Path.open, build(tmp_path)
    for call in calls.values():
        mine = opened.setdefault(call.stage, set())

        def seen(path: Path, *arguments, mine=mine, **options):
            if PIPELINE in path.absolute().parents and path.suffix != ".py":
                mine.add(path.absolute())
            return plain(path, *arguments, **options)

        for cached in (pools.pool, pools.templates, synthetic.schema, code._same_bits):
            cached.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", seen)
            assert call.run()[0] == 0
    for stage, files in opened.items():
        assert files - {code.KEPT} <= set(code.closure(stage)), f"{stage} reads what its closure lacks"
    assert paths(["data/pools/cities.txt"]) <= opened["dataset"]
    assert paths(["findings/claims.yaml"]) <= opened["claims"]


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The project's code at another place, which is asked about from here on."""
    shutil.copytree(PIPELINE, tmp_path / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "ROOT", tmp_path)
    monkeypatch.setattr(code, "KEPT", tmp_path / "pipeline" / "store" / "kept.yaml")
    code.forget()
    yield tmp_path / "pipeline"
    monkeypatch.undo()
    code.forget()


def digests() -> dict[str, str]:
    code.forget()
    return {stage: code.digest(stage) for stage in STAGES}


def changed(before: dict[str, str]) -> set[str]:
    now = digests()
    return {stage for stage in STAGES if now[stage] != before[stage]}


def test_the_place_does_not_count(copy):
    here = digests()
    code.forget()
    assert here == {stage: code.digest(stage) for stage in STAGES}
    assert subprocess.run(
        [sys.executable, "-c", "from pipeline.store import code; print(code.digest('train'))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.strip() == here["train"]  # fmt: skip


def test_an_added_import_is_counted(copy):
    before, path = digests(), copy / "model" / "packing.py"
    (copy / "model" / "extra.py").write_text("NUMBER = 1\n")
    assert not changed(before), "nobody imports it"
    path.write_text(path.read_text() + "\n\ndef late() -> int:\n    from pipeline.model import extra\n\n"
                    "    return extra.NUMBER\n")  # fmt: skip
    with_import = digests()
    assert {"train", "evaluate"} <= changed(before)
    (copy / "model" / "extra.py").write_text("NUMBER = 2\n")
    assert changed(with_import) == changed(before), "what it imports counts with it"


def test_a_relative_import_and_one_by_name_are_counted(copy):
    (copy / "model" / "extra.py").write_text("NUMBER = 1\n")
    for line in ("from . import extra", "from .extra import NUMBER", 'NAME = "pipeline.model.extra"'):
        path = copy / "model" / "packing.py"
        text = path.read_text()
        path.write_text(f"{text}\n{line}\n")
        code.forget()
        assert copy / "model" / "extra.py" in code.closure("train"), line
        path.write_text(text)


def test_a_text_that_a_module_names_is_counted(copy):
    (copy / "model" / "sizes.json").write_text("[1]\n")
    path = copy / "model" / "packing.py"
    path.write_text(path.read_text() + '\nSIZES = Path(__file__).with_name("sizes.json")\n')
    before = digests()
    (copy / "model" / "sizes.json").write_text("[2]\n")
    assert {"train", "evaluate"} <= changed(before)


def test_an_edit_makes_exactly_those_stages_stale_that_use_the_file(copy, loaded):
    """A statement is added to a module, or a word to a text: one of each that the same stages use."""
    relative = {stage: {p.relative_to(PIPELINE) for p in files} for stage, files in loaded.items()}
    before = digests()
    files = {stage: {p.relative_to(copy) for p in code.closure(stage)} for stage in STAGES}
    seen = set()
    for file in sorted(set().union(*files.values())):
        path = copy / file
        kind = path.suffix == ".py", frozenset(stage for stage in STAGES if file in files[stage])
        if kind in seen:
            continue
        seen.add(kind)
        original = path.read_bytes()
        if path.suffix == ".py":
            path.write_bytes(original + b"\n_EDITED = 1\n")
            users = {stage for stage in STAGES if file in relative[stage]}
        else:
            path.write_bytes(original + b" ")
            users = {stage for stage in STAGES if file in files[stage]}
        assert users and changed(before) == users, file
        path.write_bytes(original)
    assert len(seen) > 10


@pytest.mark.parametrize(
    ("module", "stages"),
    [
        ("findings/phases/claims_more.py", {"claims", "report"}),
        ("findings/phases/figures/more.py", {"figures", "report"}),
        ("model/mixers/more.py", {"train", "evaluate"}),
        ("probes/more.py", {"train"}),
    ],
)
def test_a_module_that_matches_a_pattern_is_counted(copy, module, stages):
    """Nobody names a module of judges, a figure, a mixer or a probe: it is found by where it lies."""
    before = digests()
    (copy / module).write_text("NUMBER = 1\n")
    assert changed(before) == stages
    assert all(copy / module in code.closure(stage) for stage in stages)


def test_comments_docstrings_and_layout_do_not_count(copy):
    before = digests()
    for path in copy.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node):
                node.body[0].value.value = "Something else."
        path.write_text(f"# A comment.\n\n\n{ast.unparse(tree)}\n")
    assert not changed(before)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("beta1: float = Field(default=0.9", "beta1: float = Field(default=0.8"),
        ("clip: float = Field(default=1.0", "clip: float = Field(default=2.0"),
    ],
)
def test_a_number_counts(copy, old, new):
    before, path = digests(), copy / "config" / "run.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert {"train", "evaluate"} <= changed(before)


def test_line_endings_of_texts_do_not_count(copy):
    before = digests()
    for path in [*copy.rglob("*.txt"), *copy.rglob("*.py")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert not changed(before)


def test_public_versions_count_and_local_labels_do_not(copy, monkeypatch):
    installed = importlib.metadata.version
    before = digests()

    def other(**versions: str):
        monkeypatch.setattr(importlib.metadata, "version", lambda name: versions.get(name) or installed(name))
        return changed(before)

    public = installed("torch").partition("+")[0]
    assert other(torch=f"{public}+cpu") == other(torch=f"{public}+cu130") == other(torch=public) == set()
    assert other(torch="2.99.0") == {"dataset", "train", "evaluate", "toy"}
    assert "train" in other(accelerate="9.9") and "dataset" not in other(accelerate="9.9")
    assert other(tokenizers="9.9") == {"dataset", "report"}, "who trains reads people that are spelled"
    assert not other(pandas="9.9"), "it writes tables, and computes nothing of a run"


def test_code_that_is_no_code_is_named_in_one_line(copy):
    path = copy / "model" / "packing.py"
    path.write_text(path.read_text() + "\ndef not Python\n")
    code.forget()
    with pytest.raises(ArtefactError, match=r"model/packing\.py line \d+: not valid Python"):
        code.digest("train")


def test_an_entry_keeps_the_results_of_older_code(copy):
    now = code.digest("train")
    older, oldest, other = "a" * 64, "b" * 10, "c" * 64
    assert code.is_current("train", now) and not code.is_current("train", older)
    entries = [
        {"stage": "train", "digest": now[:10], "keeps": [older[:10]], "shown": "golden losses"},
        {"stage": "train", "digest": older[:10], "keeps": [oldest], "shown": "golden losses"},
        {"stage": "toy", "digest": now[:10], "keeps": [other[:10]], "shown": "golden losses"},
    ]
    code.KEPT.write_text(yaml.safe_dump(entries))
    code.forget()
    assert all(code.is_current("train", found) for found in (now, now[:10], older, oldest))
    assert not code.is_current("train", other) and not code.is_current("train", None)
    code.KEPT.write_text(yaml.safe_dump(entries[1:]))
    code.forget()
    assert not code.is_current("train", older), "an entry counts from the present code on"


def test_entries_are_whole():
    for entry in yaml.safe_load(code.KEPT.read_text()):
        assert set(entry) == {"stage", "digest", "keeps", "shown"} and entry["stage"] in STAGES
        assert all(len(name) == 10 for name in [entry["digest"], *entry["keeps"]]) and entry["shown"]
