"""The whole DAG at the smoke scale, in a copy of the tree: what it leaves, and what an edit re-runs."""

import inspect
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from snakemake.scheduling.job_scheduler import JobScheduler

from pipeline.config import scales
from pipeline.config.experiments import distinct_runs, expand, toys
from pipeline.findings import figures, ledger
from pipeline.store.code import STAGES
from pipeline.store.locks import lock
from pipeline.store.plan import CALL, plan
from tests import forked_snakemake
from tests.tree import ENV, copy_tree


def snakemake(
    folder: Path, *arguments: str, check: bool = True, config: tuple[str, ...] = ()
) -> subprocess.CompletedProcess:
    given = ["--cores", "2", *arguments, "--config", "scale=smoke", *config]
    if {"-n", "--dry-run"} & set(arguments):
        done = forked_snakemake.call(folder, given, ENV)
    else:
        command = ["snakemake", *given]
        done = subprocess.run(command, cwd=folder, env=ENV, capture_output=True, text=True, check=False)
    if check:
        done.check_returncode()
    return done


def planned_jobs(folder: Path, *targets: str) -> dict[str, int]:
    """Jobs that a dry run lists, by rule."""
    output = snakemake(folder, "--dry-run", *targets).stdout
    if "Nothing to be done" in output:
        return {}
    table = output.split("Job stats:")[1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.M) if rule != "all"}


# A name and a folder that do harm wherever they are run, split or read as something else than a name.
AWKWARD = "a 'clone' of \"ü\"; $(touch pwned) & `touch pwned` {run} <b> \\ #1"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = copy_tree(tmp_path_factory.mktemp("smoke") / AWKWARD)
    scale = folder / "scales" / "smoke.yaml"
    scale.write_text(scale.read_text().replace("alpha-0.8:", f"{json.dumps(AWKWARD)}:"))
    done = snakemake(folder, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture
def edited(finished):
    """Edit a file of the finished copy, or add to its end; the edit is taken back at the end."""
    before = {}

    def edit(name: str, old: str, new: str) -> None:
        path = finished / name
        before.setdefault(path, path.read_text())
        text = path.read_text()
        assert old in text, f"{name} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1) if old else text + new)

    yield edit
    for path, text in before.items():
        path.write_text(text)


def test_the_page_the_claims_and_the_figures_are_there(finished):
    results = finished / "results" / "smoke"
    claims = json.loads((results / "claims.json").read_text())
    assert [c["id"] for c in claims] == [claim.id for claim in ledger.load()]
    assert not {c["verdict"] for c in claims} & {"reproduced", "not reproduced"}, "one seed decides nothing"
    page = (results / "report" / "index.html").read_text()
    alone = (results / "report" / "alone.html").read_text()
    assert alone.count('src="data:image/svg+xml') == page.count('src="../figures/') > 5
    drawn = {f"{path.parent.name}/{path.stem}" for path in (results / "figures").rglob("*.svg")}
    assert all(claim["id"] in page for claim in claims) and drawn == set(figures.load())


def test_names_and_folders_are_never_run(finished):
    assert AWKWARD in pd.read_csv(finished / "results/smoke/tables/power_law/experiments.csv").case.tolist()
    assert not list(finished.parent.rglob("pwned"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every job imports for itself")
def test_jobs_began_from_a_preloaded_process_that_is_gone(finished, monkeypatch):
    monkeypatch.chdir(finished)  # a socket's path is short
    job = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with job, pytest.raises(ConnectionRefusedError):
        job.connect(".snakemake/smoke.socket")


def test_the_rate_limiter_that_is_switched_off_is_still_snakemake_s():
    """The Snakefile sets a name of its scheduler to None; another version might not look there."""
    source = inspect.getsource(JobScheduler)
    assert "if self.job_rate_limiter is None" in source or "self.job_rate_limiter is not None" in source


def test_done_is_done(finished):
    assert planned_jobs(finished) == {}


def test_tables_that_are_only_shown_make_nothing_again(finished, edited):
    edited("pipeline/stages/evaluate.py", "", STATEMENT)  # other tables than the toy's are out of date
    assert planned_jobs(finished, "toy") == {}
    assert "tables" in planned_jobs(finished)


def test_an_experiment_is_a_target_and_the_others_are_reported(finished, edited):
    edited("scales/smoke.yaml", "  celebrities:\n", "  celebrities:\n    set: {training.steps: 90}\n")
    dry = snakemake(finished, "--dry-run", "warm_up")
    jobs = re.findall(r"^rule (\w+):|^localrule (\w+):", dry.stdout, re.M)
    assert {a or b for a, b in jobs} == {"claims", "figures", "page", "warm_up"}
    assert "not shown, as their tables are of other parameters: celebrities\n" in dry.stderr
    assert "--experiments phases" in snakemake(finished, "-n", "-p", "warm_up").stdout


def test_a_dry_run_says_what_it_will_cost(finished, edited):
    edited("scales/smoke.yaml", "  celebrities:\n", "  celebrities:\n    set: {training.steps: 90}\n")
    said = snakemake(finished, "--dry-run").stderr.splitlines()
    assert any(line.startswith("Beside the paper, in brackets: people / batch 4 (500);") for line in said)
    (row,) = (line.split() for line in said if line.startswith("celebrities"))
    assert row[1:3] == ["1", "90"] and float(row[-1]) > 0
    assert any(re.match("at .*FLOP/s a process .*measured in", line) for line in said)


def test_hours_leave_out_what_does_not_fit(finished, edited):
    edited("scales/smoke.yaml", "  attention:\n", "  attention:\n    seeds: [1]\n")
    edited("scales/smoke.yaml", "  celebrities:\n", "  celebrities:\n    set: {training.steps: 9000}\n")

    def made(*config: str) -> set[str]:
        dry = snakemake(finished, "--dry-run", config=config)
        (left,) = re.findall("^not made, as they .* that are given: (.*)$", dry.stderr, re.M) or [""]
        table = [line.split()[0] for line in dry.stderr.splitlines() if re.match(r"\w+ +\d+ +[\d,]+ ", line)]
        assert not {*table} & {*left.split(", ")}
        return {*table} - {"total"}

    assert {"attention", "celebrities"} <= made() == made("hours=100")
    assert "celebrities" not in (few := made("hours=0.005")) and "attention" in few
    refused = snakemake(finished, "--dry-run", config=("hours=soon",), check=False)
    assert "hours: given 'soon', allowed: a number above 0" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_unknown_experiment_is_named_in_one_line(finished):
    refused = snakemake(finished, "celebritys", check=False)
    assert refused.returncode in (1, 2) and "Traceback" not in refused.stderr
    assert "target: given 'celebritys', allowed: " in refused.stderr


def test_a_jobs_own_snakemake_has_the_plan_of_the_call(finished):
    """As a cluster's job calls it: without the targets, with the names of what the call makes."""
    job = ["snakemake", "--cores", "1", "--dry-run", "--mode", "remote", "--forcerun", "tables"]
    job += [
        "--allowed-rules",
        "tables",
        "--target-jobs",
        "tables:experiment=patching",
        "--config",
        "scale=smoke",
    ]
    params = scales.load("smoke")
    for made, status in ((["patching", "toy"], 0), (["toy"], 1)):
        call = plan(params, finished / "results" / "smoke", made)
        path = call.write(finished / ".snakemake" / "calls", "smoke")
        env = {**ENV, CALL: str(path.relative_to(finished))}
        done = subprocess.run(job, cwd=finished, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr


STATEMENT = "\n_EDITED = 1\n"
RULES = {
    "dataset": {"dataset"},
    "train": {"train"},
    "evaluate": {"evaluate"},
    "toy": {"toy_memory"},
    "tables": {"tables"},
    "claims": {"claims"},
    "figures": {"figures"},
    "report": {"page"},
}
AFTER = {
    "dataset": ("train", "evaluate", "tables", "claims", "figures", "report"),
    "train": ("evaluate", "tables", "claims", "figures", "report"),
    "evaluate": ("tables", "claims", "figures", "report"),
    "toy": ("tables", "claims", "figures", "report"),
    "tables": ("claims", "figures", "report"),
    "claims": ("report",),
    "figures": ("report",),
    "report": (),
}


@pytest.mark.parametrize("stage", STAGES)
def test_code_of_a_stage_makes_exactly_its_rules_stale_and_those_after(finished, edited, stage):
    """tests/store/test_code.py says which stages a file decides."""
    edited(f"pipeline/stages/{stage}.py", "", STATEMENT)
    expected = set().union(*(RULES[after] for after in (stage, *AFTER[stage])))
    assert set(planned_jobs(finished)) == expected


def test_what_was_made_again_once_is_made_again_twice(finished):
    """Snakemake remembers the input that told it the first time."""
    (toy,) = toys(scales.load("smoke"))
    table, module = f"results/smoke/toy/{toy}/toy.csv", finished / "pipeline" / "memory" / "memory.py"
    original = module.read_text()
    for text in (original + STATEMENT, original):
        module.write_text(text)
        assert set(planned_jobs(finished, table)) == {"toy_memory"}
        snakemake(finished, table)
        assert planned_jobs(finished, table) == {}
    assert planned_jobs(finished) == {}


def test_what_says_only_what_is_asked_for_makes_nothing_stale(finished, edited):
    for name in ("pipeline/store/plan.py", "pipeline/stages/common.py", "pipeline/store/current.py"):
        edited(name, "", STATEMENT)
    edited("pipeline/model/transformer.py", "", "# a comment\n")
    assert planned_jobs(finished) == {}


def test_times_and_what_snakemake_remembers_have_no_say(finished):
    for k, path in enumerate(sorted((finished / "results").rglob("*"))):
        os.utime(path, (k, k) if k % 2 else (2e9, 2e9))
    shutil.rmtree(finished / ".snakemake")
    assert planned_jobs(finished) == {}


def test_a_tolerance_retrains_nothing(finished, edited):
    edited("pipeline/findings/claims.yaml", "tolerances:", "tolerances: ")
    assert set(planned_jobs(finished)) == {"claims", "page"}


def test_a_colour_retrains_nothing(finished, edited):
    edited("pipeline/findings/style.py", "", STATEMENT)
    assert set(planned_jobs(finished)) == {"figures", "page"}


def test_the_steps_of_one_experiment_retrain_only_its_runs(finished, edited):
    edited("scales/smoke.yaml", "  celebrities:\n", "  celebrities:\n    set: {training.steps: 90}\n")
    jobs = planned_jobs(finished)
    assert jobs["train"] == jobs["evaluate"] == 1 and "dataset" not in jobs


def test_the_model_retrains_everything(finished, edited):
    edited("pipeline/model/transformer.py", "", STATEMENT)
    jobs = planned_jobs(finished)
    runs = distinct_runs(expand(scales.load("smoke")))
    assert jobs["train"] == len(runs) and "toy_memory" not in jobs


@pytest.mark.parametrize(
    "change",
    [
        ("pipeline/memory/memory.py", "", STATEMENT),
        ("scales/smoke.yaml", "  sizes: [8, 32]", "  sizes: [8, 16]"),
    ],
)
def test_the_toy_retrains_nothing_else(finished, edited, change):
    edited(*change)
    assert set(planned_jobs(finished)) == {"toy_memory", "tables", "claims", "figures", "page"}


def test_a_seed_that_the_toy_lacks_is_refused_in_one_line(finished, tmp_path):
    command = [sys.executable, "-m", "pipeline.stages.toy", "--scale", "smoke", "--seed", "9"]
    command += ["--out", tmp_path]
    refused = subprocess.run(command, cwd=finished, env=ENV, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and refused.stderr == "error: seed: given 9, allowed: 0\n"


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


def test_a_patch_retrains_only_patched_runs(finished, edited):
    edited("scales/smoke.yaml", "frozen-60: {patching: {reference: 60", "frozen-60: {patching: {reference: 0")
    jobs = planned_jobs(finished)
    assert jobs["train"] == jobs["evaluate"] == 1


@pytest.mark.parametrize("name", ["attention.csv", "snapshots.safetensors"])
def test_what_only_an_observed_run_leaves_is_missed(finished, name):
    """Snakemake does not know of these files: the run's manifest does."""
    observed = next(run for run in distinct_runs(expand(scales.load("smoke"))).values() if run.patching).base
    file = finished / "results" / "smoke" / "runs" / observed.id / name
    content, times = file.read_bytes(), file.stat()
    file.unlink()
    try:
        said = snakemake(finished, "--dry-run").stdout
        assert "with-a-file-missing" in said and observed.id in said
    finally:
        file.write_bytes(content)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_an_unknown_scale_is_named(finished):
    failed = subprocess.run(
        ["snakemake", "--cores", "1", "--config", "scale=desktop"],
        cwd=finished,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (
        failed.returncode in (1, 2)
        and "allowed: laptop, cities, countries, half-rate, laptop-2026, paper, paper-grid, smoke, "
        "twice-rate, workstation"
        in failed.stderr
    )
    assert "Traceback" not in failed.stderr


def test_a_run_told_to_stop_goes_on_to_the_same_bits(finished, tmp_path):
    name, run = next(iter(distinct_runs(expand(scales.load("smoke"))).items()))
    results, out = finished / "results" / "smoke", tmp_path / "out"
    command = [sys.executable, "-m", "pipeline.stages.train", "--scale", "smoke", "--run", name]
    command += ["--population", results / "populations" / run.population_id]
    command += ["--out", out, "--state", tmp_path / "state"]
    stopped = subprocess.Popen(
        command, cwd=finished, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not stopped.stdout.readline().startswith("first step"):
        assert stopped.poll() is None
    stopped.terminate()
    _, errors = stopped.communicate(timeout=60)
    assert stopped.returncode == 128 + signal.SIGTERM and not out.exists()
    assert "SIGTERM at step" in errors and errors.count("\n") == 1
    resumed = subprocess.run(command, cwd=finished, env=ENV, capture_output=True, text=True, check=True)
    assert "resumed at step" in resumed.stdout and not (tmp_path / "state").exists()
    for file in ("weights.safetensors", "curve.csv", "training.csv", "config.json"):
        assert (out / file).read_bytes() == (results / "runs" / name / file).read_bytes(), file


def test_a_queue_that_is_told_to_stop_goes_on(finished, edited):
    edited("scales/smoke.yaml", "  phases:\n", "  phases:\n    set: {training.steps: 100000}\n")
    logs = finished / "logs" / "smoke" / "train"
    others = set(logs.iterdir())
    command = [sys.executable, "-m", "pipeline.commands.queue", "--scale", "smoke", "--minutes", "10"]
    for told in ("first step", "resumed at step"):
        queue = subprocess.Popen(command, cwd=finished, env=ENV, stdout=subprocess.PIPE, text=True)
        while not any(told in log.read_text() for log in set(logs.iterdir()) - others):
            assert queue.poll() is None
            time.sleep(0.2)
        queue.terminate()
        output, _ = queue.communicate(timeout=60)
        assert queue.returncode == 0
        assert output.splitlines()[-1].startswith("to do: phases, population_size")


def test_a_second_snakemake_is_refused_in_one_line(finished, edited):
    edited("pipeline/findings/claims.yaml", "tolerances:", "tolerances: ")
    held = lock(finished / ".snakemake" / "smoke.lock")
    refused = snakemake(finished, check=False)
    held.close()
    assert refused.returncode == 1 and "another Snakemake works on results/smoke" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_a_killed_snakemake_leaves_behind_needs_no_hand(finished, edited):
    edited("scales/smoke.yaml", "  celebrities:\n", "  celebrities:\n    set: {training.steps: 80}\n")
    target = "results/smoke/tables/celebrities/manifest.json"
    killed = subprocess.Popen(
        ["snakemake", "--cores", "2", target, "--config", "scale=smoke"], cwd=finished, env=ENV,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    process = psutil.Process(killed.pid)
    while not (jobs := process.children(recursive=True)):
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    gone, alive = psutil.wait_procs(jobs, timeout=30)
    assert gone and not alive, "jobs outlive the Snakemake that started them"
    snakemake(finished, target)
    assert planned_jobs(finished, target) == {}


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
