"""Which experiments a call makes: those that it names, else the core ones; others are reported once they are
there, as long as their parameters are still those."""

import pytest

from pipeline.config.errors import ConfigError
from pipeline.config.experiments import Params, distinct_runs, expand
from pipeline.store import code
from pipeline.store.artefacts import ArtefactError, seal
from pipeline.store.plan import Plan, digests, names, only, plan, shares, targets
from tests.params import content, load

CORE = ["phases", "population_size", "power_law", "celebrities", "warm_up", "finetune_sizes"]
CORE += ["finetune_replay", "toy"]


@pytest.fixture
def params():
    return load()


_BASED = {name for name, run in distinct_runs(expand(load())).items() if run.base}


def runs(params: Params) -> set[str]:
    return set(distinct_runs(expand(params)))


def make(results, kind, folders, code_digest=None) -> None:
    """Results without anything in them, whose people are not there either."""
    for name in folders:
        stage = {"runs": "train", "toy": "toy"}[kind]
        inputs = {"code": code_digest or code.digest(stage)}
        if kind == "runs":
            inputs |= {"population": None} | ({"base": None} if name in _BASED else {})
        seal(results / kind / name, [], inputs=inputs)


def tables(results, name, digest, code_digest="") -> None:
    folder = results / "tables" / name
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_text(f"run,code\na,{code_digest or code.digest('train')}\n")
    seal(folder, ["runs.csv"], plan=digest)


def test_only_the_core_is_made_unasked(params, tmp_path):
    made = plan(params, tmp_path)
    assert made.made == made.shown == CORE and not made.reported and not made.outdated
    assert runs(made.making) < runs(params)
    assert plan(params, tmp_path, ["all"]) == plan(params, tmp_path, ["results/smoke/claims.json"]) == made


def test_everything_is_everything(params, tmp_path):
    assert plan(params, tmp_path, ["everything"]).made == names(params)
    assert plan(params, tmp_path, ["everything"]).making == params


def test_what_is_named_is_made_and_nothing_else(params, tmp_path):
    assert plan(params, tmp_path, ["patching"]).made == ["patching"]
    assert plan(params, tmp_path, ["freezing"]).made == ["patching"], "it is counted to the other"
    assert plan(params, tmp_path, ["toy", "attention"]).made == ["attention", "toy"]
    assert plan(params, tmp_path, ["all", "patching"]).made == [
        name for name in names(params) if name in {*CORE, "patching"}
    ]
    making = plan(params, tmp_path, ["patching"]).making
    assert making.toy is None and set(making.experiments) == {"patching", "freezing"}


def test_an_unknown_name_is_refused_with_those_that_there_are(params, tmp_path):
    with pytest.raises(ConfigError, match=r"given 'patchin', allowed: .*\bpatching, .*everything$"):
        plan(params, tmp_path, ["patchin"])


def test_what_is_complete_is_made_and_what_is_begun_is_not(params, tmp_path):
    observed = [r for r, c in distinct_runs(expand(params)).items() if c.observe and not c.base]
    make(tmp_path, "runs", observed)
    made = plan(params, tmp_path).made
    assert "attention" in made and "patching" not in made


def test_what_earlier_code_made_is_not_made_unasked_but_shown_and_said(params, tmp_path):
    observed = [r for r, c in distinct_runs(expand(params)).items() if c.observe and not c.base]
    make(tmp_path, "runs", observed, code_digest="0" * 64)
    tables(tmp_path, "attention", digests(params)["attention"], code_digest="0" * 10)
    tables(tmp_path, "credit", digests(params)["credit"], code_digest=code.digest("train")[:10])
    call = plan(params, tmp_path)
    assert "attention" not in call.made and call.earlier == ["attention"]
    assert {"attention", "credit"} <= set(call.shown)
    assert call.note == "shown as made by earlier code, and made anew when they are named: attention\n"
    assert "attention" in plan(params, tmp_path, ["attention"]).made
    assert "attention" in plan(params, tmp_path, ["everything"]).made
    assert not plan(params, tmp_path, ["everything"]).earlier


def test_a_call_is_written_for_its_jobs(params, tmp_path):
    call = plan(params, tmp_path, ["patching", "toy"])
    path = call.write(tmp_path / "calls", "smoke")
    assert Plan.read(path) == call and path == call.write(tmp_path / "calls", "smoke")
    other = plan(params, tmp_path, ["patching"]).write(tmp_path / "calls", "smoke")
    assert other != path, "a call that goes on has its own"
    assert runs(Plan.read(path).making) == runs(call.making)


def test_experiments_that_are_joined_stay_or_go_together(params, tmp_path):
    late = [r for r in runs(params) if not r.startswith("patched60from60")]
    make(tmp_path, "runs", late)
    assert "patching" not in plan(params, tmp_path).made


def test_the_toy_is_there_as_a_whole_or_not_at_all(tmp_path):
    given = content()
    given["toy"]["extended"] = True
    params = Params.model_validate(given)
    first, *others = (params.toy.id(seed) for seed in params.toy.seeds)
    make(tmp_path, "toy", [first])
    assert "toy" not in plan(params, tmp_path).made
    make(tmp_path, "toy", others)
    assert "toy" in plan(params, tmp_path).made


def test_what_a_plan_leaves_out_keeps_the_parameters_valid(params):
    for kept in (["patching"], ["toy"], []):
        making = only(params, kept)
        assert Params.model_validate(making.model_dump(mode="json")) == making


def test_a_scale_can_do_without_the_toy(params, tmp_path):
    without = Params.model_validate(params.model_dump(mode="json") | {"toy": None})
    assert "toy" not in {*names(without), *targets(without), *digests(without)}
    assert plan(without, tmp_path, ["everything"]).making == without
    with pytest.raises(ConfigError, match="given 'toy'"):
        plan(without, tmp_path, ["toy"])


def test_tables_that_are_there_are_reported_as_long_as_the_plan_is_theirs(params, tmp_path):
    tables(tmp_path, "patching", digests(params)["patching"])
    tables(tmp_path, "attention", "0123456789")
    tables(tmp_path, "phases", "0123456789")
    tables(tmp_path, "gone", "0123456789")
    made = plan(params, tmp_path)
    assert made.reported == ["patching"] and made.outdated == ["attention", "gone"]
    assert made.shown == [name for name in names(params) if name in {*CORE, "patching"}]
    assert made.note == "not shown, as their tables are of other parameters: attention, gone\n"
    only_toy = plan(params, tmp_path, ["toy"])
    assert only_toy.shown == ["patching", "toy"] and only_toy.outdated == ["phases", "attention", "gone"]


def test_damaged_tables_are_named(params, tmp_path):
    tables(tmp_path, "patching", digests(params)["patching"])
    (tmp_path / "tables" / "patching" / "runs.csv").write_text("nur\n")
    with pytest.raises(ArtefactError, match=r"patching/runs\.csv: damaged"):
        plan(params, tmp_path)


def test_the_digest_is_that_of_the_runs(params):
    before = digests(params)
    assert set(before) == set(names(params))
    given = content()
    given["experiments"]["celebrities"]["set"] = {"training.steps": 90}
    given["toy"]["pairs"] = 64
    after = digests(Params.model_validate(given))
    assert {name for name in before if before[name] != after[name]} == {"celebrities", "toy"}


def test_a_run_of_several_experiments_is_that_of_the_first_who_asks(params):
    mine = shares(params)
    assert sorted(run for share in mine.values() for run in share) == sorted(runs(params))
    default = expand(only(params, {"phases"}))[0].config.id
    assert default in mine["phases"]
    observed = next(p.config.id for p in expand(params) if p.experiment == "attention")
    assert observed in mine["attention"] and observed not in mine["patching"]
    assert observed in shares(only(params, {"patching"}))["patching"], "a base that no other one asks for"


def test_a_joined_experiment_is_as_extended_as_the_other():
    given = content()
    given["experiments"]["freezing"]["extended"] = False
    with pytest.raises(ValueError, match="as in patching, which it joins"):
        Params.model_validate(given)


def test_an_experiment_joins_one_that_joins_none():
    given = content()
    given["experiments"]["late"] = {"joins": "freezing"}
    with pytest.raises(ValueError, match=r"experiments\.late\.joins is freezing, allowed: phases, "):
        Params.model_validate(given)


@pytest.mark.parametrize("name", ["toy", "A", "a b", "../up", "a-b"])
def test_an_experiment_has_a_plain_name_of_its_own(name):
    given = content()
    given["experiments"][name] = {}
    with pytest.raises(ValueError, match="lower-case letters"):
        Params.model_validate(given)
