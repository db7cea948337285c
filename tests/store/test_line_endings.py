"""Files keep their bytes in a clone with git's core.autocrlf; where they do not, one line says what it is."""

import shutil
import subprocess

import pytest

from pipeline import ROOT
from pipeline.data import pools
from pipeline.paper import published
from pipeline.store.artefacts import ArtefactError, seal, verify
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests import params
from tests.findings.scenes import toy_scene

FILES = ["Makefile", "pipeline/data/pools/cities.txt", "pipeline/data/templates/major.txt"]
FILES += ["pipeline/paper/curves.json", "pipeline/paper/curves.sha256"]
TABLES = "results/laptop/tables"


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "core.autocrlf=true"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def clone(tmp_path, *more):
    """A clone, with core.autocrlf, of a repository of some of the project's files, and of results."""
    origin = tmp_path / "origin"
    for name in [*FILES, *more]:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, origin / name)
    (origin / "params.yaml").write_bytes(params.FILE.read_bytes())
    write(toy_scene(seeds=(0,)).tables(), origin / TABLES)
    drawing = origin / "results" / "laptop" / "figures" / "memory" / "over_time.svg"
    drawing.parent.mkdir(parents=True)
    drawing.write_bytes(b"<svg>\n</svg>\n")
    drawing.with_suffix(".png").write_bytes(b"\x89PNG\r\n\x1a\n\n\r\n")
    git(tmp_path, "init", "-q", "origin")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "files")
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", "origin", "cloned")
    return tmp_path / "cloned"


def point_at(folder, monkeypatch):
    monkeypatch.setattr(pools, "HERE", folder / "pipeline" / "data")
    monkeypatch.setattr(published, "FILE", folder / "pipeline" / "paper" / "curves.json")
    for cached in (pools.pool, pools.templates, published._content):
        monkeypatch.setattr(
            pools if cached is not published._content else published, cached.__name__, cached.__wrapped__
        )


def test_a_clone_has_the_bytes_that_were_written(tmp_path, monkeypatch):
    cloned = clone(tmp_path, ".gitattributes")
    origin = tmp_path / "origin"
    written = [path for path in origin.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(written) == len(FILES) + 6
    for path in written:
        assert (cloned / path.relative_to(origin)).read_bytes() == path.read_bytes(), path
    point_at(cloned, monkeypatch)
    assert len(Tables.read(cloned / TABLES).toy) and pools.pool("cities") and published.baseline()


def test_other_line_endings_are_called_that(tmp_path, monkeypatch):
    cloned = clone(tmp_path)  # without what keeps them
    point_at(cloned, monkeypatch)
    readers = {
        "toy.csv": lambda: Tables.read(cloned / TABLES),
        "cities.txt": lambda: pools.pool("cities"),
        "major.txt": lambda: pools.templates("major"),
        "curves.json": published.baseline,
    }
    for name, read in readers.items():
        with pytest.raises(ArtefactError) as error:
            read()
        assert f"{name}: other line endings than were written (git's core.autocrlf?); " in str(error.value)
        assert str(error.value).endswith(f"`git checkout -- {name}` in its folder")


def test_what_is_damaged_besides_is_damaged(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    seal(tmp_path, ["a.csv"])
    (tmp_path / "a.csv").write_bytes(b"x\r\n2\r\n")
    with pytest.raises(ArtefactError, match=r"a\.csv: damaged; delete"):
        verify(tmp_path)
