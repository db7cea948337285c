"""Which results are up to date: those that the parameters, code and inputs of now would make.

Their manifests alone tell. Each names the digest of the code that made the result, and the checksums of what
it was made from. Times of files, and what a workflow engine remembers, have no say.
"""

import contextlib
import csv
import dataclasses
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.config.experiments import TOY, Params, PlannedRun, distinct_runs, expand, toys
from pipeline.config.frozen import digest
from pipeline.config.run import RunConfig
from pipeline.store import code
from pipeline.store.artefacts import MANIFEST, ArtefactError, manifest_of, read_manifest
from pipeline.store.files import json_checksum, sha256

OTHER_CODE, OTHER_INPUTS = "made-by-other-code", "made-from-other-inputs"
DAMAGED, MISSING = "damaged", "with-a-file-missing"
REASONS = (OTHER_CODE, OTHER_INPUTS, DAMAGED, MISSING)


def cases(planned: Iterable[PlannedRun], experiment: str) -> str:
    """What an experiment's tables say of its plan: which run serves which case."""
    return digest([(run.case, run.config.id) for run in planned if run.experiment == experiment])


def measured(results: Path, params: Params, planned: Iterable[PlannedRun], experiment: str) -> list[Path]:
    """Manifests of what an experiment's tables are gathered from."""
    if experiment == TOY:
        return [results / "toy" / run / MANIFEST for run in toys(params)]
    mine = distinct_runs(run for run in planned if run.experiment == experiment)
    folders = [*(results / "runs" / run for run in mine), results / "evaluations" / experiment]
    return [folder / MANIFEST for folder in folders]


def checksum_of(manifests: Iterable[Path]) -> str:
    """One checksum of several manifests, and so of all that they vouch for."""
    return json_checksum([sha256(path) for path in manifests])


@dataclass
class Survey:
    """The results in a folder. `current`: the manifests of those that are up to date, by path; `stale`: why
    others are not. What is in neither is missing."""

    results: Path
    current: dict[Path, dict[str, Any]] = field(default_factory=dict)
    stale: dict[Path, str] = field(default_factory=dict)
    sources: dict[Path, list[Path]] = field(default_factory=dict)  # manifests of what each was made from

    def path(self, kind: str, name: str) -> Path:
        return self.results / kind / name / MANIFEST

    def file(self, kind: str, name: str, file: str) -> str | None:
        """Checksum of a file of an up-to-date result."""
        return self.current.get(self.path(kind, name), {}).get("files", {}).get(file)

    def is_current(self, kind: str, name: str) -> bool:
        return self.path(kind, name) in self.current

    def whole(self, manifests: Iterable[Path]) -> bool:
        """Whether all of these are up to date."""
        return all(path in self.current for path in manifests)

    def add(self, manifest: Path, stage: str, inputs: Mapping[str, Any], sources: Iterable[Path]) -> None:
        """Judge one result. inputs: what an up-to-date one is made from, None for what is not there; sources:
        the manifests that vouch for them."""
        try:
            found = read_manifest(manifest)
        except FileNotFoundError:
            return
        except ArtefactError:
            self.stale[manifest] = DAMAGED
            return
        made_from = dict(found.get("inputs", {}))
        if not code.is_current(stage, made_from.pop("code", None)):
            self.stale[manifest] = OTHER_CODE
        elif made_from != dict(inputs):
            self.stale[manifest] = OTHER_INPUTS
        elif not all((manifest.parent / name).exists() for name in found["files"]):
            self.stale[manifest] = MISSING
        else:
            self.current[manifest] = found
            self.sources[manifest] = list(sources)

    def order_times(self, benchmarks: Path) -> None:
        """Have no up-to-date file older than what it was made from, or from the future: Snakemake would make
        the former again, and fail jobs that read the latter. benchmarks: a folder of Snakemake's, which it
        takes for outputs of their jobs."""
        now, newest = time.time_ns(), dict[Path, int]()
        for manifest, found in self.current.items():
            files = [manifest.parent / name for name in found["files"]]
            times = [file.stat().st_mtime_ns for file in (manifest, *files) if file.exists()]
            least = max([newest[source] for source in self.sources[manifest] if source in newest], default=0)
            if min(times) < least or max(times) > now:
                for file in (manifest, *files):
                    with contextlib.suppress(FileNotFoundError):
                        os.utime(file, ns=(max(least, min(now, max(times))),) * 2)
            newest[manifest] = max(least, min(now, max(times)))
        last = max(newest.values(), default=0)
        for file in benchmarks.rglob("*.tsv"):
            if file.stat().st_mtime_ns < last:
                os.utime(file, ns=(last, last))


def survey(results: Path, params: Params) -> Survey:
    """The trained and measured results that the parameters ask for, and their tables, in a scale's folder."""
    out, planned = Survey(results), expand(params)
    runs = distinct_runs(planned)
    experiments = list(dict.fromkeys(run.experiment for run in planned))

    def people(run: RunConfig) -> str | None:
        return out.file("populations", run.population_id, "people.safetensors")

    for name in dict.fromkeys(run.population_id for run in runs.values()):
        out.add(out.path("populations", name), "dataset", {}, ())
    for name, run in runs.items():
        inputs, sources = {"population": people(run)}, [out.path("populations", run.population_id)]
        if run.base:
            start = "snapshots" if run.patching else "weights"
            inputs["base"] = out.file("runs", run.base.id, f"{start}.safetensors")
            sources.append(out.path("runs", run.base.id))
        out.add(out.path("runs", name), "train", inputs, sources)
    for name in experiments:
        mine = distinct_runs(run for run in planned if run.experiment == name)
        inputs = {run: out.file("runs", run, "weights.safetensors") for run in mine}
        inputs |= {run.population_id: people(run) for run in mine.values()}
        out.add(out.path("evaluations", name), "evaluate", inputs, [out.path("runs", run) for run in mine])
    for name in toys(params):
        out.add(out.path("toy", name), "toy", {}, ())
    for name in [*experiments, *([TOY] if toys(params) else [])]:
        sources = measured(results, params, planned, name)
        made_from = checksum_of(sources) if out.whole(sources) else None
        out.add(
            out.path("tables", name),
            "tables",
            {"cases": cases(planned, name), "measured": made_from},
            sources,
        )
    return out


def survey_products(
    out: Survey, shown: Iterable[str], made: Iterable[str], parameters: str, figures: Iterable[str]
) -> None:
    """Add claims, figures and page about the experiments `shown`. Tables of those that are not `made` count
    as they are. parameters: digest of those that the page shows."""
    tables = {name: out.path("tables", name) for name in shown}
    whole = out.whole(tables[name] for name in made) and all(path.exists() for path in tables.values())
    made_from = {"tables": {name: sha256(path) for name, path in tables.items()} if whole else None}
    claims = out.results / manifest_of("claims")
    drawn = [out.results / "figures" / manifest_of(name) for name in figures]
    out.add(claims, "claims", made_from, tables.values())
    for path in drawn:
        out.add(path, "figures", made_from, tables.values())
    drawn_on = checksum_of([claims, *drawn]) if out.whole([claims, *drawn]) else None
    page = {**made_from, "shown": drawn_on, "parameters": parameters}
    out.add(out.path("report", "."), "report", page, [claims, *drawn])


@dataclass(frozen=True)
class Origin:
    """What made the runs of an experiment's tables: the values that they recorded, each once."""

    code: list[str]
    precision: list[str]
    compiled: list[str]
    device: list[str]

    @property
    def earlier(self) -> bool:
        """Whether code trained some whose bits the present code does not keep, as far as it is known."""
        return not all(code.is_current("train", found) for found in self.code)

    @property
    def mixed(self) -> list[str]:
        """What differs between them and decides bits: numbers of such runs differ by rounding too."""
        return [name for name in ("precision", "compiled", "device") if len(getattr(self, name)) > 1]


def origin(tables: Path) -> Origin:
    """As the runs of the tables in this folder say; nothing of the toy's, which have none."""
    try:
        with (tables / "runs.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        rows = []
    names = (field.name for field in dataclasses.fields(Origin))
    return Origin(*([*dict.fromkeys(row.get(name, "") for row in rows)] for name in names))
