"""The tables of the profiles know every rule of the workflow."""

import re
import subprocess
from typing import get_args, get_type_hints

import pytest
import yaml

from pipeline import ROOT
from pipeline.config.run import RunConfig
from tests.test_workflow import ENV

RULE = re.compile(r"^(?:use rule \w+ as|rule) (\w+)", re.M)
LOCAL = re.compile(r"^localrules:\n((?:    \w+,\n)+)", re.M)


def profile(name: str) -> dict:
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


def snakemake(*arguments: str) -> str:
    command = ["snakemake", *arguments, "--config", "scale=smoke"]
    return subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def rules() -> dict[str, str]:
    """Rule -> command of one of its jobs, of all rules that a cluster is asked to run."""
    listed = snakemake("everything", "--cores", "1", "--dry-run", "--forceall", "--printshellcmds")
    jobs = dict(re.findall(r"^rule (\w+):\n(.*?)\n\n", listed, re.M | re.S))
    written = "".join(path.read_text() for path in (ROOT / "pipeline" / "rules").glob("*.smk"))
    every = set(RULE.findall(written))
    assert every <= set(snakemake("--list-rules").split())
    # Besides them there are targets, which have no command.
    assert every == {rule for rule, block in jobs.items() if "log: " in block}, "smoke has a job of each rule"
    local = {word.strip(" ,") for block in LOCAL.findall(written) for word in block.split()}
    assert {"tables", "claims"} <= local <= every
    return {rule: block for rule, block in jobs.items() if rule in every - local}


@pytest.mark.parametrize("name", ["slurm", "slurm-gpu"])
def test_every_rule_has_its_row(rules, name):
    assert set(profile(name)["set-resources"]) == set(rules)


KINDS = get_args(get_type_hints(RunConfig.kind.fget)["return"])


def test_short_jobs_share_a_slurm_job(rules):
    """Of training, runs of a kind do; no run is both patched and observed."""
    content = profile("slurm")
    groups = dict(entry.split("=") for entry in content["groups"])
    assert {*groups, "train"} == set(rules)
    kinds = {*KINDS, *(f"observed-{kind}" for kind in KINDS if kind != "patch")}
    assert {entry.split("=")[0] for entry in content["group-components"]} == {*groups.values(), *kinds}


@pytest.mark.parametrize("name", ["gpu", "slurm-gpu"])
def test_what_computes_with_torch_models_gets_a_gpu(rules, name):
    """Those are the rules that are started by the launcher, which chooses the device, and do not say that
    they have no use for one."""
    table = profile(name)["set-resources"]
    launched = {
        rule for rule, block in rules.items() if "pipeline.execution.launch" in block and "--cpu" not in block
    }
    assert any("--cpu" in block for block in rules.values())
    several = {rule for rule, block in rules.items() if "--processes" in block}
    assert several < launched
    assert {rule for rule, row in table.items() if row.get("gpu")} == launched
    assert {rule for rule, row in table.items() if row.get("processes")} == several


@pytest.mark.parametrize("name", ["slurm", "slurm-gpu"])
def test_cpus_of_training_are_in_the_table(rules, name):
    trained = {rule for rule, block in rules.items() if "pipeline.stages.train" in block}
    assert set(profile(name)["set-threads"]) == trained
