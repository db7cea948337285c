"""Write ro-crate-metadata.json: the project and its committed results as a Workflow Run RO-Crate.

    python -m pipeline.commands.crate

Zenodo, WorkflowHub and others read it. A run of the workflow is described for each scale whose results are in
git: what it was given, what it made, and where it was trained, by its tables.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from pipeline import ROOT
from pipeline.commands.scales import OMITTED
from pipeline.config import scales
from pipeline.report.rows import machines
from pipeline.stages import common
from pipeline.store.files import write_atomically
from pipeline.tables.read import Tables

FILE = ROOT / "ro-crate-metadata.json"
VERSION = "1.1"  # of RO-Crate: the profiles are built on it
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
SOURCES = {
    "python": "https://www.python.org",
    "torch": "https://pytorch.org",
    "accelerate": "https://huggingface.co/docs/accelerate",
    "numpy": "https://numpy.org",
    "tokenizers": "https://huggingface.co/docs/tokenizers",
}
YAML = "application/yaml"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}


def _entity(crate: ROCrate, id: str, kind: str, **properties: Any) -> ContextEntity:
    return crate.add(ContextEntity(crate, id, properties={"@type": kind, **properties}))


def _results(crate: ROCrate, results: Path, tables: Tables) -> list[Any]:
    """What a run of the workflow made at a scale."""
    at = f"results/{results.name}"
    entries = "what a table of facts answers" if tables.on_facts else "every claim with its verdict"
    found = [
        crate.add_dataset(dest_path=f"{at}/tables/{name}", properties={"name": f"tables of {name}"})
        for name in tables.names
    ]
    for name, told, kind in (
        ("claims.json", entries, "application/json"),
        ("report/index.html", "the page", "text/html"),
    ):
        properties = {"name": told, "encodingFormat": kind}
        found.append(crate.add_file(dest_path=f"{at}/{name}", properties=properties))
    if (results / "figures").exists():  # on a table of facts there are none
        found.append(crate.add_dataset(dest_path=f"{at}/figures", properties={"name": "figures"}))
    return found


def _run(crate: ROCrate, scale: str, workflow: Any, params: Any, agent: ContextEntity) -> ContextEntity:
    results = ROOT / "results" / scale
    tables = Tables.read(results / "tables")
    runs = tables.every_run
    given = [params]
    if scale != scales.DEFAULT:
        told = {"name": f"scale {scale}", "encodingFormat": YAML}
        given.append(crate.add_file(dest_path=f"scales/{scale}.yaml", properties=told))
    used = [
        _entity(
            crate,
            f"{url}#{scale}",
            "SoftwareApplication",
            name=name,
            url=url,
            softwareVersion=", ".join(dict.fromkeys(runs[name].astype(str))),
        )
        for name, url in SOURCES.items()
    ]
    days = runs.date.dropna() if "date" in runs else []  # older manifests have none
    ended = {"endTime": max(days)} if len(days) else {}
    return _entity(
        crate,
        f"#run-{scale}",
        "CreateAction",
        name=f"snakemake at the scale {scale}",
        description=". ".join(machines(tables)) + ".",
        instrument=workflow,
        agent=agent,
        object=given if len(given) > 1 else params,
        result=_results(crate, results, tables),
        softwareRequirements=used,
        actionStatus="http://schema.org/CompletedActionStatus",
        **ended,
    )


def _date() -> str:
    """Of the file that is there, or today: what is written twice is the same."""
    if FILE.exists():
        (root,) = [e for e in json.loads(FILE.read_text())["@graph"] if e["@id"] == "./"]
        return root["datePublished"]
    return datetime.now(UTC).date().isoformat()


def metadata() -> str:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    crate = ROCrate(version=VERSION)
    license = _entity(
        crate, f"https://spdx.org/licenses/{cited['license']}", "CreativeWork", name=cited["license"]
    )
    (author,) = (_entity(crate, "#maintainers", "Organization", name=who["name"]) for who in cited["authors"])
    told = {
        "name": cited["title"],
        "encodingFormat": "text/plain",
        "version": str(cited["version"]),
        "license": license,
        "conformsTo": _entity(crate, BIOSCHEMAS, "CreativeWork", name="ComputationalWorkflow", version="1.0"),
    }
    workflow = crate.add_workflow(dest_path="Snakefile", main=True, lang="snakemake", properties=told)
    told = {"name": "parameters of the default scale", "encodingFormat": YAML}
    params = crate.add_file(dest_path="params.yaml", properties=told)
    told = {"name": "README", "encodingFormat": "text/markdown", "about": crate.root_dataset}
    crate.add_file(dest_path="README.md", properties=told)
    crate.name, crate.license, crate.publisher = cited["title"], license, author
    crate.root_dataset["author"] = author
    crate.description = (
        "A reproduction of arXiv 2503.21676 on small transformers: when language models come to know facts, "
        "how the training distribution changes that, and what fine-tuning on new facts does to old ones."
    )
    crate.datePublished = _date()
    crate.root_dataset["conformsTo"] = [
        _entity(crate, url, "CreativeWork", name=name, version=version)
        for url, (name, version) in PROFILES.items()
    ]
    described = [name for name in scales.names() if name not in OMITTED]
    made = [name for name in described if (ROOT / "results" / name / "claims.json").exists()]
    crate.root_dataset["mentions"] = [_run(crate, name, workflow, params, author) for name in made]
    return json.dumps(crate.metadata.generate(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    write_atomically(FILE, metadata())


if __name__ == "__main__":
    common.run_stage(main)
