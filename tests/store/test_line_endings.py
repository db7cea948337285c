"""Files keep their bytes in a clone with git's core.autocrlf; where they do not, one line says what it is."""

import shutil
import subprocess

import pytest

from pipeline import ROOT
from pipeline.data import pools
from pipeline.paper import published
from pipeline.store.artefacts import ArtefactError, seal, verify
from pipeline.tables.read import Tables

FILES = ["params.yaml", "Makefile", "pipeline/data/pools/cities.txt", "pipeline/data/templates/major.txt"]
FILES += ["pipeline/paper/curves.json", "pipeline/paper/curves.sha256"]
FILES += ["results/laptop/figures/figM.svg", "results/laptop/figures/figM.png"]
FILES += [f"results/laptop/tables/toy/{name}" for name in ("toy.csv", "manifest.json")]


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "core.autocrlf=true"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def clone(tmp_path, *more):
    """A clone, with core.autocrlf, of a repository of some of the project's files."""
    origin = tmp_path / "origin"
    for name in [*FILES, *more]:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, origin / name)
    git(tmp_path, "init", "-q", "origin")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "files")
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", "origin", "cloned")
    return tmp_path / "cloned"


def point_at(folder, monkeypatch):
    monkeypatch.setattr(pools, "HERE", folder / "pipeline" / "data")
    monkeypatch.setattr(published, "FILE", folder / FILES[4])
    for cached in (pools.pool, pools.templates, published._content):
        monkeypatch.setattr(
            pools if cached is not published._content else published, cached.__name__, cached.__wrapped__
        )


def test_a_clone_has_the_bytes_that_were_written(tmp_path, monkeypatch):
    cloned = clone(tmp_path, ".gitattributes")
    for name in FILES:
        assert (cloned / name).read_bytes() == (ROOT / name).read_bytes(), name
    point_at(cloned, monkeypatch)
    assert (
        len(Tables.read(cloned / "results/laptop/tables").toy)
        and pools.pool("cities")
        and published.baseline()
    )


def test_other_line_endings_are_called_that(tmp_path, monkeypatch):
    cloned = clone(tmp_path)  # without what keeps them
    point_at(cloned, monkeypatch)
    readers = {
        "toy.csv": lambda: Tables.read(cloned / "results/laptop/tables"),
        "cities.txt": lambda: pools.pool("cities"),
        "major.txt": lambda: pools.templates("major"),
        "paper_curves.json": published.baseline,
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
