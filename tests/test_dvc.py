"""`dvc.yaml` beside the Snakefile: the same graph, and no edit, checkout or clone that mixes old and new."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from pipeline import ROOT
from pipeline.commands.dvc import CODE
from pipeline.store import code
from pipeline.store.code import STAGES
from tests.faults import params
from tests.tree import ENV, copy_tree

DVC = {**ENV, "DVC_NO_ANALYTICS": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c"}
DVC |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c"}
RESULTS = Path("results") / "laptop"


# --- both engines describe one graph --------------------------------------------------------------


def snakemake_jobs() -> dict[str, tuple[str, set[str], set[str]]]:
    """Rule -> (stage module, inputs, outputs) of all jobs of the default scale. What tells Snakemake of stale
    results is no input."""
    command = ["snakemake", "everything", "--cores", "1", "--dry-run", "--forceall", "--printshellcmds"]
    listed = subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=True).stdout
    jobs: dict[str, tuple[str, set[str], set[str]]] = {}
    for block in re.split(r"\n(?=\[?(?:local)?rule \w+:\n)", listed):
        rule, module = (
            re.match(r"(?:local)?rule (\w+):", block),
            re.search(r" pipeline\.stages\.(\w+) ", block),
        )
        if not rule or not module:
            continue
        _, inputs, outputs = jobs.setdefault(rule[1], (module[1], set(), set()))
        listed_inputs = re.search(r"^    input: (.*)$", block, re.M)
        read = set(listed_inputs[1].split(", ")) if listed_inputs else set()
        inputs |= {path for path in read if not path.startswith(".snakemake/")}
        outputs |= set(re.search(r"^    output: (.*)$", block, re.M)[1].split(", "))
    return jobs


def below(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def uncovered(paths: set[str], folders: set[str]) -> set[str]:
    return {path for path in paths if not below(path, folders)}


def needless(folders: set[str], paths: set[str]) -> set[str]:
    return {folder for folder in folders if not any(below(path, {folder}) for path in paths)}


def names(entries: list) -> set[str]:
    return {name for entry in entries for name in ([entry] if isinstance(entry, str) else entry)}


def test_both_engines_describe_one_graph():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    code_of_stages = stages.pop("code")
    jobs, ran = snakemake_jobs(), set()
    for name, stage in stages.items():
        assert re.fullmatch(r"python -m pipeline\.commands\.dvc \w+", stage["cmd"]), f"{name}: {stage['cmd']}"
        outs = names(stage["outs"]) | names(stage.get("metrics", []))
        mine = {rule: job for rule, job in jobs.items() if not uncovered(job[2], outs)}
        assert mine and not ran & set(mine), f"{name}: a rule of two stages"
        ran |= set(mine)
        inputs = set().union(*(job[1] for job in mine.values()))
        outputs = set().union(*(job[2] for job in mine.values()))
        deps = names(stage["deps"])
        inner = {path for path in inputs if not below(path, outs)}  # fine-tuning reads what the stage makes
        inner |= {f"{RESULTS}/{CODE}/{module}" for module, *_ in mine.values()}
        assert not uncovered(inner, deps), f"{name}: inputs that are no deps"
        assert not needless(deps, inner), f"{name}: deps that are no inputs"
        assert not needless(outs, outputs), f"{name}: outs that are no outputs"
        assert set(stage.get("params", [])) == PARAMETERS.get(name, set()), f"{name}: params"
    assert ran == set(jobs), "every rule belongs to one stage"
    assert set(STAGES) == {module for module, *_ in jobs.values()}, "digests of all stages"
    assert code_of_stages["outs"] == [f"{RESULTS}/{CODE}"]
    counted = {path.relative_to(ROOT).as_posix() for stage in STAGES for path in code.closure(stage)}
    assert not uncovered(counted | {"constraints.txt"}, names(code_of_stages["deps"]))


# Which keys of params.yaml a stage reads; the others read tables only.
TRAINING = {"seeds", "defaults", "finetuning", "experiments"}
PARAMETERS = {"dataset": TRAINING, "train": TRAINING, "evaluate": TRAINING, "toy": {"toy"}}
PARAMETERS |= {"tables": TRAINING | {"toy"}, "report": TRAINING | {"toy"}}


# --- flows ----------------------------------------------------------------------------------------


def call(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, env=DVC, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]} {done.stderr[-3000:]}"
    return done.stdout


def commit(folder: Path, message: str) -> None:
    call(folder, "git", "add", "-A")
    call(folder, "git", "commit", "-qm", message)


def edit(folder: Path, path: str, value: object) -> None:
    content = yaml.safe_load((folder / "params.yaml").read_text())
    *parents, last = path.split(".")
    node = content
    for key in parents:
        node = node[key]
    node[last] = value
    (folder / "params.yaml").write_text(yaml.safe_dump(content))


def weights(folder: Path) -> dict[str, tuple[str, int]]:
    """Run -> (checksum of its weights, inode of the file: another one when it was written again)."""
    found = {}
    for path in (folder / RESULTS / "runs").glob("*/manifest.json"):
        made = json.loads(path.read_text())
        inode = (path.parent / "weights.safetensors").stat().st_ino
        found[path.parent.name] = (made["files"]["weights.safetensors"], inode)
    return found


def content(folder: Path) -> dict[str, str]:
    return {name: checksum for name, (checksum, _) in weights(folder).items()}


def base(folder: Path) -> str:
    """The run that the fine-tuned one starts from."""
    configs = {
        path.parent.name: json.loads(path.read_text())
        for path in folder.glob(f"{RESULTS}/runs/*/config.json")
    }
    (found,) = (name for name, config in configs.items() if config["base"] is None)
    return found


def nothing_to_do(folder: Path) -> None:
    assert "up to date" in call(folder, "dvc", "status")
    assert "Nothing to be done" in call(folder, "snakemake", "--dry-run", "--cores", "1", *TARGETS)


def back_to_the_commit(folder: Path) -> None:
    call(folder, "git", "checkout", ".")
    call(folder, "dvc", "checkout", "-q")
    assert "up to date" in call(folder, "dvc", "status")


# Flows end at the claims: figures and page only take time, and the graph test covers them.
TARGETS = [f"{RESULTS}/claims.json"]
REPRO = ("dvc", "repro", "claims")


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A repository with two small runs, reproduced and committed, and a remote with its data."""
    folder = tmp_path_factory.mktemp("dvc")
    clone = copy_tree(folder / "a clone")
    params(clone)
    # Stages that no flow runs would be missing, and `dvc status` would say so.
    described = yaml.safe_load((clone / "dvc.yaml").read_text())
    for unused in ("figures", "report"):
        del described["stages"][unused]
    (clone / "dvc.yaml").write_text(yaml.safe_dump(described))
    call(clone, "git", "init", "-q")
    call(clone, "dvc", "remote", "add", "-d", "store", str(folder / "store"))
    commit(clone, "begin")
    call(clone, *REPRO)
    commit(clone, "reproduced")
    call(clone, "dvc", "push", "-q")
    return clone


@pytest.mark.slow
def test_done_is_done(clone):
    nothing_to_do(clone)
    assert "didn't change" in call(clone, *REPRO)


@pytest.mark.slow
def test_an_edit_retrains_what_depends_on_it_and_taking_it_back_trains_nothing(clone):
    before = weights(clone)
    edit(clone, "finetuning.training.steps", 5)
    assert "finetuning.training.steps" in call(clone, "dvc", "params", "diff")
    call(clone, *REPRO)
    after = weights(clone)
    kept = base(clone)
    assert after[kept] == before[kept] and set(after) != set(before) and len(after) == 2
    assert "final_loss" in call(clone, "dvc", "metrics", "diff")
    call(clone, "dvc", "plots", "diff", "-o", "plots")
    assert "known_loss" in (clone / "plots" / "index.html").read_text()
    shutil.rmtree(clone / "plots")
    nothing_to_do(clone)
    call(clone, "git", "checkout", "params.yaml")
    call(clone, *REPRO)
    assert weights(clone) == before, "the very files, not trained again"
    back_to_the_commit(clone)


@pytest.mark.slow
def test_snakemake_first_and_dvc_afterwards(clone):
    edit(clone, "finetuning.training.steps", 6)
    call(clone, "snakemake", "--cores", "2", *TARGETS)
    call(clone, "dvc", "commit", "-q", "-f")
    nothing_to_do(clone)
    back_to_the_commit(clone)


@pytest.mark.slow
def test_a_clone_pulls_and_trains_only_what_an_edit_asks_for(clone, tmp_path):
    fresh = tmp_path / "fresh"
    call(tmp_path, "git", "clone", "-q", str(clone), str(fresh))
    call(fresh, "make", "pull", "PYTHON=true", "-o", ".venv/ok")
    nothing_to_do(fresh)
    before = weights(fresh)
    shutil.rmtree(fresh / ".snakemake")  # as after a clone that was not told of the results
    edit(fresh, "finetuning.training.steps", 5)
    call(fresh, *REPRO)
    after = weights(fresh)
    kept = base(fresh)
    assert after[kept] == before[kept] and set(after) != set(before)


@pytest.mark.slow
def test_experiments_leave_the_workspace_alone(clone):
    before = weights(clone)
    call(clone, "dvc", "exp", "run", "--temp", "-n", "faster", "-S", "finetuning.training.steps=7", "claims")
    assert weights(clone) == before and "up to date" in call(clone, "dvc", "status")
    shown = json.loads(call(clone, "dvc", "exp", "show", "--json"))
    assert "faster" in json.dumps(shown)
    changed = call(clone, "dvc", "params", "diff", "faster")
    assert "finetuning.training.steps" in changed


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["data/random.py", "memory/memory.py", "config/run.py", "stages/evaluate.py", "tables/read.py"],
)
def test_a_file_that_decides_something_makes_exactly_those_stages_stale(clone, name):
    """tests/test_workflow.py asks the same of Snakemake."""
    changed = {stage for stage in STAGES if ROOT / "pipeline" / name in code.closure(stage)}
    (clone / "pipeline" / name).write_text((clone / "pipeline" / name).read_text() + "\n_EDITED = 1\n")
    call(clone, "dvc", "repro", "code")
    found = json.loads(call(clone, "dvc", "status", "--json"))
    seen = {
        Path(dep).name
        for changes in found.values()
        for change in changes
        for dep in (change.get("changed deps", {}) if isinstance(change, dict) else {})
        if f"/{CODE}/" in dep
    }
    assert changed and seen == changed - {"figures", "report"}  # which the clone has no stages of
    back_to_the_commit(clone)


@pytest.mark.slow
def test_a_comment_makes_nothing_stale(clone):
    path = clone / "pipeline" / "training" / "loop.py"
    path.write_text(path.read_text() + "\n# a comment\n")
    before = weights(clone)
    call(clone, *REPRO)
    nothing_to_do(clone)
    assert weights(clone) == before
    back_to_the_commit(clone)


@pytest.mark.slow
def test_other_code_makes_everything_anew(clone):
    before = weights(clone)
    path = clone / "pipeline" / "training" / "loop.py"
    original = path.read_text()
    path.write_text(original + "\n_EDITED = 1\n")
    shutil.rmtree(clone / ".snakemake")
    call(clone, *REPRO)
    after = weights(clone)
    assert all(after[name][1] != before[name][1] for name in before), "a run of other code was kept"
    back_to_the_commit(clone)


@pytest.mark.slow
def test_data_travels_through_an_s3_api(clone, tmp_path):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        url = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="runs")
        fresh = tmp_path / "fresh"
        call(tmp_path, "git", "clone", "-q", str(clone), str(fresh))
        for at in (clone, fresh):
            call(at, "dvc", "remote", "add", "--local", "-f", "cloud", "s3://runs/data")
            for key, value in (("endpointurl", url), ("access_key_id", "a"), ("secret_access_key", "b")):
                call(at, "dvc", "remote", "modify", "--local", "cloud", key, value)
        call(clone, "dvc", "push", "-q", "-r", "cloud")
        call(fresh, "dvc", "pull", "-q", "-r", "cloud")
        assert "up to date" in call(fresh, "dvc", "status")
        assert content(fresh) == content(clone)
    finally:
        server.stop()
