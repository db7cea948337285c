"""The RO-Crate: up to date, whole, and as its profiles ask."""

import json
import re
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from pipeline import ROOT
from pipeline.commands import crate
from pipeline.config import scales

pytestmark = pytest.mark.committed


@pytest.fixture(scope="module")
def entities() -> dict[str, dict]:
    return {entity["@id"]: entity for entity in json.loads(crate.FILE.read_text())["@graph"]}


def test_it_is_up_to_date():
    assert crate.FILE.read_text() == crate.metadata(), "run `python -m pipeline.commands.crate`"


def test_what_it_names_exists_and_nothing_is_named_that_is_not_described(entities):
    for id, entity in entities.items():
        if {"File", "Dataset"} & set(crate_types(entity)):
            assert (ROOT / id).exists(), id
    named = set(re.findall(r'{\s*"@id": "([^"]+)"\s*}', crate.FILE.read_text()))
    away = {name for name in named if name.startswith(("http", "https"))}
    assert not named - away - set(entities)


def crate_types(entity: dict) -> list[str]:
    kinds = entity["@type"]
    return kinds if isinstance(kinds, list) else [kinds]


def test_a_run_is_described_as_the_profiles_ask(entities):
    """Workflow Run Crate 0.5: the workflow is the main entity, and each run of it an action of the root."""
    root = entities["./"]
    assert {part["@id"] for part in root["conformsTo"]} == set(crate.PROFILES)
    assert root["mainEntity"] == {"@id": "Snakefile"} and root["license"] and root["name"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", root["datePublished"]) and root["description"]
    assert "ComputationalWorkflow" in crate_types(entities["Snakefile"])
    assert {"programmingLanguage", "version", "license", "conformsTo"} <= set(entities["Snakefile"])
    assert entities["ro-crate-metadata.json"]["conformsTo"][0]["@id"].endswith(f"/crate/{crate.VERSION}")
    assert entities["README.md"]["about"] == {"@id": "./"}
    for named in (root["license"], root["author"], root["publisher"]):
        assert named["@id"] in entities
    mentions = root["mentions"] if isinstance(root["mentions"], list) else [root["mentions"]]
    actions = [entities[run["@id"]] for run in mentions]
    assert f"#run-{scales.DEFAULT}" in {action["@id"] for action in actions}
    for action in actions:
        assert action["@type"] == "CreateAction" and action["instrument"] == {"@id": "Snakefile"}
        assert action["agent"]["@id"] in entities and action["actionStatus"].endswith("CompletedActionStatus")
        assert "models were trained on" in action["description"]
        results = {made["@id"] for made in action["result"]}
        assert any(made.endswith("claims.json") for made in results)
        drawn = action["@id"].removeprefix("#run-") in scales.of_drawn_people()
        assert any(f"/tables/{'phases' if drawn else 'uniform'}/" in made for made in results)
        assert any(made.endswith("/figures/") for made in results) == drawn


def test_the_library_reads_it(tmp_path: Path):
    (tmp_path / "ro-crate-metadata.json").write_text(crate.FILE.read_text())
    read = ROCrate(tmp_path)
    assert read.mainEntity.id == "Snakefile" and read.name and read.root_dataset["mentions"]
