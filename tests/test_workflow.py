"""The whole DAG at the smoke scale, in a copy of the tree: what it leaves, and what an edit re-runs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import config as cfg

ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
IGNORED = shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "logs", "__pycache__", ".*_cache")


def snakemake(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["snakemake", "--cores", "2", *arguments, "--config", "scale=smoke"],
        cwd=folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=check,
    )


def planned_jobs(folder: Path) -> dict[str, int]:
    """Jobs that a dry run lists, by rule."""
    output = snakemake(folder, "--dry-run").stdout
    if "Nothing to be done" in output:
        return {}
    table = output.split("Job stats:")[1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.M) if rule != "all"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("smoke") / "a clone"
    shutil.copytree(cfg.ROOT, folder, ignore=IGNORED)
    (folder / "results").mkdir()
    done = snakemake(folder, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture
def edited(finished):
    """Edit a file of the finished copy; the edit is taken back at the end."""
    before = {}

    def edit(name: str, old: str, new: str) -> None:
        path = finished / name
        before.setdefault(path, path.read_text())
        text = path.read_text()
        assert old in text, f"{name} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1))

    yield edit
    for path, text in before.items():
        path.write_text(text)


def test_the_page_the_claims_and_the_figures_are_there(finished):
    results = finished / "results" / "smoke"
    claims = json.loads((results / "claims.json").read_text())
    assert [c["id"] for c in claims] == [f"C{k}" for k in range(1, 54)]
    assert not {c["verdict"] for c in claims} & {"reproduced", "not reproduced"}, "one seed decides nothing"
    page = (results / "report" / "index.html").read_text()
    assert "C53" in page and len(list((results / "figures").glob("*.svg"))) >= 5


def test_done_is_done(finished):
    assert planned_jobs(finished) == {}


def test_a_tolerance_retrains_nothing(finished, edited):
    edited("pipeline/claims/claims.yaml", "tolerances:", "tolerances: ")
    assert set(planned_jobs(finished)) == {"claims", "page"}


def test_a_colour_retrains_nothing(finished, edited):
    edited("pipeline/figures/style.py", '"""', '""" ')
    assert set(planned_jobs(finished)) == {"figure", "page"}


def test_the_steps_of_one_experiment_retrain_only_its_runs(finished, edited):
    edited("scales/smoke.yaml", "  celebrities:\n", "  celebrities:\n    set: {training.steps: 90}\n")
    jobs = planned_jobs(finished)
    assert (
        jobs["pretrain"] == 1 and jobs["evaluate"] == 1 and "finetune" not in jobs and "dataset" not in jobs
    )


def test_the_model_retrains_everything(finished, edited):
    edited("pipeline/model/transformer.py", '"""', '""" ')
    jobs = planned_jobs(finished)
    runs = cfg.distinct_runs(cfg.expand(cfg.load("smoke")))
    assert jobs["pretrain"] + jobs["finetune"] == len(runs)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("steps: 100", "steps: 0"), "training.steps"),
        (("seeds: [0]", "sedes: [0]"), "sedes: unknown key"),
        (("individuals: 64", "individuals: 640000"), "individuals + unseen"),
    ],
)
def test_a_mistake_ends_in_one_line_before_any_job(finished, edited, change, expected):
    edited("scales/smoke.yaml", *change)
    failed = snakemake(finished, check=False)
    assert failed.returncode in (1, 2)
    assert expected in failed.stderr and "Traceback" not in failed.stderr
    errors = [line for line in failed.stderr.splitlines() if not line.startswith("Using workflow specific")]
    assert len(errors) == 1, failed.stderr


def test_an_unknown_scale_is_named(finished):
    failed = subprocess.run(
        ["snakemake", "--cores", "1", "--config", "scale=desktop"],
        cwd=finished,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode in (1, 2) and "allowed: laptop, paper, smoke" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_biographies_can_be_read(finished):
    shown = subprocess.run(
        [sys.executable, "-m", "pipeline.stages.dataset", "--scale", "smoke", "--show", "3"],
        cwd=finished,
        env=ENV,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.count("\n\n") == 3 and "tokens a biography" not in shown and "a biography (longest" in shown
