"""Extended experiments run when they are asked for, and stay once they are there."""

import pytest

from pipeline import config as cfg
from pipeline.plan import chosen


@pytest.fixture
def params():
    everything = cfg.load("smoke")
    extended = {
        name: e.model_copy(update={"extended": name in ("attention", "patching", "freezing")})
        for name, e in everything.experiments.items()
    }
    return everything.model_copy(update={"experiments": extended})


def runs(params: cfg.Params) -> set[str]:
    return set(cfg.distinct_runs(cfg.expand(params)))


def make(results, kind, names) -> None:
    for name in names:
        (results / kind / name).mkdir(parents=True)
        (results / kind / name / "manifest.json").write_text("{}")


def test_only_the_core_is_run_unasked(params, tmp_path):
    core = chosen(params, tmp_path)
    assert not {"attention", "patching", "freezing"} & set(core.experiments)
    assert "phases" in core.experiments and runs(core) < runs(params)


def test_everything_is_everything(params, tmp_path):
    assert chosen(params, tmp_path, everything=True) == params


def test_what_is_complete_stays_and_what_is_begun_does_not(params, tmp_path):
    observed = [r for r, c in cfg.distinct_runs(cfg.expand(params)).items() if c.observe and not c.base]
    make(tmp_path, "runs", observed)
    kept = set(chosen(params, tmp_path).experiments)
    assert "attention" in kept and not {"patching", "freezing"} & kept


def test_experiments_that_are_joined_stay_or_go_together(params, tmp_path):
    late = [r for r in runs(params) if not r.startswith("patched60from60")]
    make(tmp_path, "runs", late)
    assert not {"patching", "freezing"} & set(chosen(params, tmp_path).experiments)


def test_a_joined_experiment_is_as_extended_as_the_other():
    content = cfg.load("smoke").model_dump(mode="json", exclude_none=True)
    content["experiments"]["freezing"]["extended"] = True
    with pytest.raises(ValueError, match="as in patching, which it joins"):
        cfg.Params.model_validate(content)


def test_the_toy_is_there_as_a_whole_or_not_at_all(tmp_path):
    params = cfg.load()
    first, *others = (params.toy.id(seed) for seed in params.toy.seeds)
    make(tmp_path, "toy", [first])
    assert chosen(params, tmp_path).toy.seeds == []
    make(tmp_path, "toy", others)
    assert chosen(params, tmp_path).toy.seeds == params.toy.seeds
    assert chosen(params, tmp_path / "nothing", everything=True).toy.seeds == params.toy.seeds
