"""Files keep their bytes in a clone with git's core.autocrlf; where they do not, one line says what it is."""

import shutil
import subprocess

import pytest

from pipeline.analysis import reference
from pipeline.analysis.tables import Tables
from pipeline.artefacts import ArtefactError, seal, verify
from pipeline.data import pools
from pipeline.files import ROOT

FILES = ["params.yaml", "Makefile", "pipeline/data/pools/cities.txt", "pipeline/data/templates/major.txt"]
FILES += ["pipeline/data/reference/paper_curves.json", "pipeline/data/reference/paper_curves.sha256"]
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
    monkeypatch.setattr(reference, "FILE", folder / FILES[4])
    for cached in (pools.pool, pools.templates, reference._content):
        monkeypatch.setattr(
            pools if cached is not reference._content else reference, cached.__name__, cached.__wrapped__
        )


def test_a_clone_has_the_bytes_that_were_written(tmp_path, monkeypatch):
    cloned = clone(tmp_path, ".gitattributes")
    for name in FILES:
        assert (cloned / name).read_bytes() == (ROOT / name).read_bytes(), name
    point_at(cloned, monkeypatch)
    assert (
        len(Tables.read(cloned / "results/laptop/tables").toy)
        and pools.pool("cities")
        and reference.baseline()
    )


def test_other_line_endings_are_called_that(tmp_path, monkeypatch):
    cloned = clone(tmp_path)  # without what keeps them
    point_at(cloned, monkeypatch)
    readers = {
        "toy.csv": lambda: Tables.read(cloned / "results/laptop/tables"),
        "cities.txt": lambda: pools.pool("cities"),
        "major.txt": lambda: pools.templates("major"),
        "paper_curves.json": reference.baseline,
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
