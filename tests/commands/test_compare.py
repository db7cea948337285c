"""Two runs side by side: what made them, and how far apart they are."""

import copy
import json
import sys

import pytest
import torch

from pipeline.commands import compare
from pipeline.config import run as cfg
from pipeline.stages.train import write
from pipeline.store.artefacts import seal
from pipeline.training.loop import Trainer

INPUTS = {"population": "p" * 64, "code": "c" * 64}


@pytest.fixture(scope="module")
def folders(run, population, tmp_path_factory):
    """A run, the same again, one of another learning rate, one whose last bits moved."""
    folder = tmp_path_factory.mktemp("runs")
    faster = cfg.RunConfig.model_validate(
        run.model_dump() | {"training": run.training.model_dump() | {"learning_rate": 0.02}}
    )
    for name, config in {"one": run, "again": run, "faster": faster}.items():
        write(folder / name, config, INPUTS, Trainer(config, population).train())
    moved = Trainer(run, population).train()
    with torch.no_grad():
        moved.model.norm.weight[0] += 2**-20
    write(folder / "moved", run, {**INPUTS, "code": "d" * 64}, moved)
    return folder


def printed(monkeypatch, capsys, *paths) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["compare", *map(str, paths)])
    with pytest.raises(SystemExit) as stop:
        compare.main()
    return int(stop.value.code), capsys.readouterr().out


def test_the_same_run_twice(folders, monkeypatch, capsys):
    code, out = printed(monkeypatch, capsys, folders / "one", folders / "again")
    assert code == 0
    for part in ("config", "inputs", "environment", "curve.csv", "weights.safetensors"):
        assert f"{part:20} the same" in out


def test_another_parameter(folders, monkeypatch, capsys):
    code, out = printed(monkeypatch, capsys, folders / "one", folders / "faster")
    assert code == 1
    assert "config               training.learning_rate: 0.01 -> 0.02" in out
    assert "curve.csv            largest difference" in out and "inputs               the same" in out


def test_a_moved_bit_is_measured(folders, monkeypatch, capsys):
    code, out = printed(monkeypatch, capsys, folders / "one", folders / "moved")
    assert code == 1
    assert "weights.safetensors  largest difference 9.54e-07, in norm.weight" in out
    assert f"code: {'c' * 64} -> {'d' * 64}" in out and "curve.csv            the same" in out


CLAIMS = [
    {"id": "C1", "verdict": "reproduced", "seeds": 3, "runs": 3, "checks": [
        {"quantity": "slope", "estimate": 0.7, "interval": [0.6, 0.8], "low": 0.5, "high": None}]},
    {"id": "C2", "verdict": "not measured", "seeds": 0, "runs": 0, "checks": []},
]  # fmt: skip


def claims(folder, content):
    folder.mkdir()
    (folder / "claims.json").write_text(json.dumps(content))
    seal(folder, ["claims.json"], manifest="claims.manifest.json")
    return folder / "claims.json"


def test_the_same_verdicts(tmp_path, monkeypatch, capsys):
    paths = (claims(tmp_path / name, CLAIMS) for name in "ab")
    assert printed(monkeypatch, capsys, *paths) == (0, "0 claims differ\n")


def test_other_verdicts_and_intervals_are_named_by_claim(tmp_path, monkeypatch, capsys):
    other = copy.deepcopy(CLAIMS)
    other[0]["verdict"] = "undecided"
    other[0]["checks"][0] |= {"interval": [0.6, 0.9], "high": 1}
    del other[1]
    paths = [claims(tmp_path / name, content) for name, content in (("a", CLAIMS), ("b", other))]
    code, out = printed(monkeypatch, capsys, *paths)
    assert code == 1
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "2 claims differ",
        "C1 verdict: reproduced -> undecided",
        "checks.slope.interval: [0.6, 0.8] -> [0.6, 0.9]",
        "checks.slope.high: None -> 1",
        "C2 verdict: not measured -> None",
        "seeds: 0 -> None",
        "runs: 0 -> None",
    ]
