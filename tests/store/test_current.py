"""What is up to date: told by manifests, whatever files' times say."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.experiments import TOY, Params, distinct_runs, expand, toys
from pipeline.store import code, current
from pipeline.store.artefacts import MANIFEST, manifest_of, seal
from pipeline.store.current import DAMAGED, OTHER_CODE, OTHER_INPUTS, Survey, survey, survey_products
from pipeline.store.files import sha256
from pipeline.store.plan import only
from tests.params import load

FIGURES = ("phases/one", "memory/two")
EXPERIMENTS = ("phases", "finetune_sizes", TOY)


@pytest.fixture
def params() -> Params:
    return only(load(), EXPERIMENTS)


def put(folder: Path, name: str, content: str = "x") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"{folder.name} {content}")


def made(stage: str, **inputs: object) -> dict:
    return {"inputs": {"code": code.digest(stage), **inputs}}


@pytest.fixture
def results(params, tmp_path) -> Path:
    """A scale's folder with everything made, as the stages do it, but empty of content."""
    planned = expand(params)
    runs = distinct_runs(planned)
    for name in {run.population_id for run in runs.values()}:
        folder = tmp_path / "populations" / name
        put(folder, "people.safetensors")
        seal(folder, ["people.safetensors"], **made("dataset"))
    for name, run in runs.items():
        folder = tmp_path / "runs" / name
        put(folder, "weights.safetensors")
        inputs = {"population": sha256(tmp_path / "populations" / run.population_id / "people.safetensors")}
        if run.base:
            inputs["base"] = sha256(tmp_path / "runs" / run.base.id / "weights.safetensors")
        seal(folder, ["weights.safetensors"], **made("train", **inputs))
    for experiment in EXPERIMENTS[:-1]:
        mine = distinct_runs(run for run in planned if run.experiment == experiment)
        folder = tmp_path / "evaluations" / experiment
        put(folder, "final.csv")
        inputs = {run: sha256(tmp_path / "runs" / run / "weights.safetensors") for run in mine}
        for run in mine.values():
            people = tmp_path / "populations" / run.population_id / "people.safetensors"
            inputs[run.population_id] = sha256(people)
        seal(folder, ["final.csv"], **made("evaluate", **inputs))
    for name in toys(params):
        folder = tmp_path / "toy" / name
        put(folder, "toy.csv")
        seal(folder, ["toy.csv"], **made("toy"))
    tables(params, tmp_path)
    products(tmp_path)
    return tmp_path


def tables(params: Params, results: Path) -> None:
    planned = expand(params)
    for experiment in EXPERIMENTS:
        folder = results / "tables" / experiment
        put(folder, "runs.csv")
        sources = current.measured(results, params, planned, experiment)
        inputs = {"cases": current.cases(planned, experiment), "measured": current.checksum_of(sources)}
        seal(folder, ["runs.csv"], **made("tables", **inputs))


def products(results: Path) -> None:
    inputs = {"tables": {name: sha256(results / "tables" / name / MANIFEST) for name in EXPERIMENTS}}
    put(results, "claims.json")
    seal(results, ["claims.json"], manifest_of("claims"), **made("claims", **inputs))
    for name in FIGURES:
        path = results / "figures" / f"{name}.svg"
        put(path.parent, path.name)
        seal(path.parent, [path.name], manifest_of(path.stem), **made("figures", **inputs))
    drawn = [results / "figures" / manifest_of(name) for name in FIGURES]
    shown = current.checksum_of([results / manifest_of("claims"), *drawn])
    put(results / "report", "index.html")
    page = made("report", **inputs, shown=shown, parameters="abc")
    seal(results / "report", ["index.html"], **page)


def look(results: Path, params: Params, parameters: str = "abc", made: Sequence[str] = EXPERIMENTS) -> Survey:
    found = survey(results, params)
    survey_products(found, EXPERIMENTS, made, parameters, FIGURES)
    return found


def stale(results: Path, params: Params, **more: Any) -> dict[str, str]:
    """Reasons by path, from the results' folder."""
    found = look(results, params, **more)
    return {str(path.relative_to(results).parent): why for path, why in found.stale.items()}


def tuned(params: Params) -> str:
    """A run that starts from another."""
    return next(name for name, config in distinct_runs(expand(params)).items() if config.base)


PRODUCTS = {".", "figures/phases", "figures/memory", "report"}  # claims, figures and page, by their folders


def reseal(folder: Path, **inputs: str) -> None:
    """Change what a manifest says it was made from."""
    content = json.loads((folder / MANIFEST).read_text())
    seal(folder, content["files"], inputs=content["inputs"] | inputs)


def test_what_is_made_is_up_to_date(results, params):
    found = look(results, params)
    assert not found.stale
    assert len(found.current) == len(list(results.rglob("*manifest.json")))


def test_nothing_is_stale_where_nothing_is(params, tmp_path):
    found = look(tmp_path, params)
    assert not found.stale and not found.current


def test_times_have_no_say(results, params):
    for k, path in enumerate(sorted(results.rglob("*"))):
        os.utime(path, (k, k) if k % 2 else (2e9, 2e9))
    assert not stale(results, params)


def test_other_code_makes_its_results_stale_and_all_that_comes_of_them(results, params):
    run = tuned(params)
    reseal(results / "runs" / run, code="0" * 64)
    downstream = {"evaluations/finetune_sizes", "tables/finetune_sizes", *PRODUCTS}
    assert stale(results, params) == {f"runs/{run}": OTHER_CODE} | dict.fromkeys(downstream, OTHER_INPUTS)


def test_other_people_make_everything_stale_but_the_toy(results, params):
    (folder,) = (results / "populations").iterdir()
    put(folder, "people.safetensors", "others")
    content = json.loads((folder / MANIFEST).read_text())
    seal(folder, content["files"], inputs=content["inputs"])
    found = stale(results, params)
    assert set(found.values()) == {OTHER_INPUTS}
    assert {name for name in found if name.startswith("runs/")} == {
        f"runs/{name}" for name in distinct_runs(expand(params))
    }
    assert not any(name.startswith(("populations", "toy", "tables/toy")) for name in found)


def test_a_base_that_is_trained_anew_makes_what_starts_from_it_stale(results, params):
    runs = distinct_runs(expand(params))
    (base,) = {config.base.id for config in runs.values() if config.base}
    put(results / "runs" / base, "weights.safetensors", "other")
    content = json.loads((results / "runs" / base / MANIFEST).read_text())
    seal(results / "runs" / base, content["files"], inputs=content["inputs"])
    found = stale(results, params)
    assert f"runs/{base}" not in found
    assert all(f"runs/{name}" in found for name, config in runs.items() if config.base)


def test_tables_that_are_only_shown_count_as_they_are(results, params):
    reseal(results / "tables" / "phases", code="0" * 64)
    products(results)
    assert stale(results, params, made=[TOY]) == {"tables/phases": OTHER_CODE}
    assert set(stale(results, params)) == {"tables/phases", *PRODUCTS}
    (results / "tables" / "phases" / MANIFEST).unlink()
    assert set(stale(results, params, made=[TOY])) == PRODUCTS


def test_another_name_of_a_case_makes_only_its_tables_stale(results, params):
    content = params.model_dump(mode="json")
    content["experiments"]["phases"]["cases"] = {"renamed": {}}
    found = stale(results, Params.model_validate(content))
    assert set(found) == {"tables/phases", *PRODUCTS} and set(found.values()) == {OTHER_INPUTS}


def test_other_parameters_make_only_the_page_stale(results, params):
    assert stale(results, params, parameters="xyz") == {"report": OTHER_INPUTS}


def test_a_missing_run_makes_what_was_measured_on_it_stale(results, params):
    run = tuned(params)
    (results / "runs" / run / MANIFEST).unlink()
    assert set(stale(results, params)) == {"evaluations/finetune_sizes", "tables/finetune_sizes", *PRODUCTS}


@pytest.mark.parametrize("content", ["", "{}", "null", '{"files": [], "checksum": ""}'])
def test_a_damaged_manifest_is_no_answer(results, params, content):
    run = tuned(params)
    (results / "runs" / run / MANIFEST).write_text(content)
    assert stale(results, params)[f"runs/{run}"] == DAMAGED


def test_results_of_code_that_kept_the_bits_are_up_to_date(results, params, monkeypatch):
    run = tuned(params)
    reseal(results / "runs" / run, code="0123456789" + "0" * 54)
    tables(params, results)
    products(results)
    assert stale(results, params)[f"runs/{run}"] == OTHER_CODE
    same = code._same_bits
    monkeypatch.setattr(code, "_same_bits", lambda stage: [*same(stage), "0123456789"])
    assert not stale(results, params)


def test_times_are_put_in_the_order_in_which_results_were_made(results, params, tmp_path):
    (tmp_path / "old.tsv").touch()
    os.utime(tmp_path / "old.tsv", (1, 1))
    future = time.time() + 1e6
    for k, path in enumerate(sorted(results.rglob("*"), reverse=True)):
        os.utime(path, (future, future) if k % 3 == 0 else (k, k))
    found = look(results, params)
    found.order_times(tmp_path)

    def times(manifest: Path) -> list[int]:
        files = [manifest, *(manifest.parent / name for name in found.current[manifest]["files"])]
        return [file.stat().st_mtime_ns for file in files]

    for manifest, sources in found.sources.items():
        assert max(times(manifest)) <= time.time_ns()
        assert all(min(times(manifest)) >= max(times(source)) for source in sources)
    assert (tmp_path / "old.tsv").stat().st_mtime_ns == max(
        max(times(manifest)) for manifest in found.sources
    )
    settled = {path: path.stat().st_mtime_ns for path in results.rglob("*") if path.is_file()}
    look(results, params).order_times(tmp_path)
    assert settled == {path: path.stat().st_mtime_ns for path in settled}, "a second time nothing is to do"


def test_tables_say_what_trained_their_runs(tmp_path):
    (tmp_path / "runs.csv").write_text(
        f"run,code,precision,compiled,device\na,{code.digest('train')[:10]},bf16,True,a CPU\n"
        f"b,{code.digest('train')[:10]},fp32,True,a CPU\n"
    )
    assert current.origin(tmp_path).mixed == ["precision"] and not current.origin(tmp_path).earlier
    (tmp_path / "runs.csv").write_text("run,code,precision,compiled,device\na,0123456789,bf16,True,a CPU\n")
    assert current.origin(tmp_path).earlier and not current.origin(tmp_path).mixed
    assert not current.origin(tmp_path / "toy").earlier
