"""Sealed folders: what is as written passes, anything else does not."""

import json

import pytest

from pipeline.store.artefacts import ArtefactError, seal, verify


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n")
    (tmp_path / "b.bin").write_bytes(bytes(range(256)))
    seal(tmp_path, ["a.csv", "b.bin"], seed=3)
    return tmp_path


def test_what_is_whole_passes_and_says_what_made_it(folder):
    assert verify(folder)["seed"] == 3
    assert verify(folder, "a.csv")["files"].keys() == {"a.csv", "b.bin"}


def test_a_changed_byte_is_seen_where_it_is_read(folder):
    (folder / "b.bin").write_bytes(bytes(range(255)) + b"\x00")
    verify(folder, "a.csv")
    with pytest.raises(ArtefactError, match=r"b\.bin: damaged; delete the folder .* and give"):
        verify(folder)


def test_a_changed_fact_is_seen(folder):
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**content, "seed": 4}))
    with pytest.raises(ArtefactError, match=r"manifest\.json: damaged"):
        verify(folder)


def test_a_file_that_the_manifest_does_not_know_is_refused(folder):
    (folder / "c.csv").write_text("x\n")
    with pytest.raises(ArtefactError, match=r"c\.csv: not in the folder's manifest"):
        verify(folder, "c.csv")


def test_products_that_share_a_folder_have_their_own_manifests(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.svg").write_text(name)
        seal(tmp_path, [f"{name}.svg"], f"{name}.manifest.json")
    (tmp_path / "one.svg").write_text("two")
    verify(tmp_path, manifest="two.manifest.json")
    with pytest.raises(ArtefactError, match=r"delete .*one\.manifest\.json and"):
        verify(tmp_path, manifest="one.manifest.json")
