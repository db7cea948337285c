"""Parameters: expansion into runs, and one clear line for every mistake."""

import copy
import csv
import itertools
import re

import pytest
import yaml

from pipeline import ROOT
from pipeline.config import run as cfg
from pipeline.config import scales
from pipeline.config.distributions import PowerLaw
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import TAKEN, TOY, distinct_runs, expand
from pipeline.store.plan import EVERYTHING

PARAMS = yaml.safe_load((ROOT / "params.yaml").read_text())
STEPS = PARAMS["defaults"]["training"]["steps"]
PEOPLE = PARAMS["defaults"]["population"]["individuals"]
SNAPSHOTS = PARAMS["experiments"]["phases"]["set"]["observe"]["snapshots"]


def load(tmp_path, change, scale="laptop"):
    """Runs of params.yaml after `change(params)`."""
    params = copy.deepcopy(PARAMS)
    change(params)
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(params))
    return expand(scales.load(scale, path))


def put(*keys):
    """A change that sets one nested value: put("defaults", "training", "steps", 5)."""

    def change(params):
        node = params
        for key in keys[:-2]:
            node = node[key]
        node[keys[-2]] = keys[-1]

    return change


MISTAKES = {
    "unknown top-level key": (put("sedes", [1]), "sedes: unknown key"),
    "unknown default": (put("defaults", "training", "stpes", 5), "training.stpes: unknown key"),
    "zero steps": (put("defaults", "training", "steps", 0), "training.steps: Input should be greater"),
    "text for a number": (put("defaults", "training", "batch", "many"), "given: many"),
    "negative rate": (put("defaults", "training", "learning_rate", -1), "training.learning_rate"),
    "nan": (put("defaults", "training", "learning_rate", float("nan")), "given: nan"),
    "pool beyond the list": (put("defaults", "population", "pools", "cities", 801), "given: 801"),
    "too few names": (
        put("defaults", "population", "pools", "surnames", 2),
        "allowed: at most 1024, half of the 2048 names",
    ),
    "templates that overlap": (
        put("defaults", "population", "templates", "train", 21),
        "train + evaluation is 26, allowed: at most 25",
    ),
    "unknown distribution": (
        put("defaults", "distribution", {"kind": "zipf"}),
        "'uniform', 'power_law', 'frequencies', 'celebrities', 'warm_up', 'wrong_warm_up'",
    ),
    "more celebrities than people": (
        put("defaults", "distribution", {"kind": "celebrities", "count": 9999, "weight": 2}),
        "distribution.count is 9999, allowed: at most",
    ),
    "warm-up longer than the run": (
        put("defaults", "distribution", {"kind": "warm_up", "subset": 8, "steps": STEPS}),
        f"distribution.steps is {STEPS}, allowed: less than training.steps = {STEPS}",
    ),
    "people who leave after the run": (
        put("defaults", "distribution", {"kind": "leaving", "count": 8, "until": STEPS}),
        f"distribution.until is {STEPS}, allowed: less than training.steps = {STEPS}",
    ),
    "groups that do not divide the people": (
        put("defaults", "distribution", {"kind": "sequential", "groups": 3}),
        "distribution.groups is 3, allowed: a divisor of the population's",
    ),
    "more visits than steps": (
        put("defaults", "distribution", {"kind": "sequential", "groups": 4, "repeats": 1000}),
        "distribution.groups x repeats is 4000, allowed: at most training.steps = ",
    ),
    "a population that never is whole": (
        put("defaults", "distribution", {"kind": "growing", "subset": 8, "until": STEPS, "stages": 2}),
        f"distribution.until is {STEPS}, allowed: less than training.steps = {STEPS}",
    ),
    "a population that does not grow": (
        put("defaults", "distribution", {"kind": "growing", "subset": 1024, "until": 9, "stages": 2}),
        "distribution.subset is 1024, allowed: at most ",
    ),
    "more stages than steps": (
        put("defaults", "distribution", {"kind": "growing", "subset": 8, "until": 9, "stages": 10}),
        "distribution.stages is 10, allowed: at most 9, the steps and the people to add",
    ),
    "groups apart where there are none": (
        put("defaults", "evaluation", "apart", 8),
        "evaluation.apart is 8, allowed: null where distribution.kind is adaptive",
    ),
    "replay without a base": (
        put("defaults", "distribution", {"kind": "replay", "new": 8}),
        "distribution.kind is replay",
    ),
    "seen people without a base": (
        put("defaults", "distribution", {"kind": "seen", "skip": 0, "count": 8}),
        "distribution.kind is seen",
    ),
    "seen people beyond the last": (
        put(
            "experiments",
            "finetune_seen",
            "cases",
            {"all": {"distribution": {"kind": "seen", "skip": 64, "count": PEOPLE - 63}}},
        ),
        f"distribution.skip + count is {PEOPLE + 1}, allowed: at most {PEOPLE}",
    ),
    "parts of people that are all alike": (
        put("experiments", "phases", "set", {"evaluation.apart": 8}),
        "evaluation.apart is 8, allowed: null where distribution.kind is uniform",
    ),
    "heads that do not divide": (put("defaults", "model", "heads", 5), "a multiple of 2 x heads = 10"),
    "no experiments": (put("experiments", {}), "experiments: given none, allowed: at least one"),
    "no seeds": (put("seeds", []), "seeds: List should have at least 1 item"),
    "negative seed": (put("seeds", [-1]), "seed: Input should be greater than or equal to 0"),
    "unknown key in a grid": (
        put("experiments", "population_size", "grid", {"population.people": [3]}),
        "experiments.population_size.grid.population.people: unknown key, allowed: individuals,",
    ),
    "unknown block in a case": (
        put("experiments", "power_law", "cases", "alpha-0", {"trainer.steps": 3}),
        "unknown key 'trainer'",
    ),
    "unknown key of an experiment": (put("experiments", "phases", "repeats", 3), "repeats: unknown key"),
    "a list for a mapping": (put("defaults", [1]), "defaults: "),
    "joining nothing": (
        put("experiments", "freezing", "joins", "patch"),
        "experiments.freezing.joins is patch, allowed: ",
    ),
    "a rule's name": (
        put("experiments", "figures", {}),
        "experiments: given figures, allowed: a name of lower-case letters, digits and _, other than all,",
    ),
    "no name of a case": (
        put("experiments", "power_law", "cases", {"": {}}),
        "experiments.power_law: cases: given '' as a name, allowed: one that is not empty",
    ),
    "finetune and patch": (
        put("experiments", "patching", "finetune", True),
        "experiments.patching: finetune and patch are both true",
    ),
    "a reference that is not kept": (
        put("experiments", "patching", "grid", "patching.reference", [7]),
        f"patching.reference is 7, allowed: one of the base's observe.snapshots {SNAPSHOTS}",
    ),
    "patched from the end on": (
        put(
            *("experiments", "patching", "cases"),
            {"late": {"patching.start": SNAPSHOTS[-2], "training.steps": SNAPSHOTS[-2]}},
        ),
        f"patching.start is {SNAPSHOTS[-2]}, allowed: one of the base's observe.snapshots {SNAPSHOTS}",
    ),
    "a base that is not observed": (
        put("experiments", "patching", "set", {}),
        "patching.reference is 0, allowed: one of the base's observe.snapshots []",
    ),
    "patching without a base": (
        put("experiments", "celebrities", "cases", "128-x8", {"patching": {"reference": 0, "start": 0}}),
        "patching.reference is 0, allowed: one of the base's observe.snapshots []",
    ),
    "another model than the reference's": (
        put("experiments", "freezing", "cases", "late", "model.layers", 3),
        "model differs from that of the base",
    ),
    "patching in a grid of others": (
        put("experiments", "population_size", "grid", {"patching.start": [0]}),
        "experiments.population_size.grid.patching.start: unknown key 'patching'",
    ),
    "a snapshot beyond the end": (
        put("experiments", "attention", "set", {"observe": {"sequences": 8, "snapshots": [0, 9999]}}),
        f"observe.snapshots is [0, 9999], allowed: ascending steps from 0 to {STEPS}",
    ),
    "unknown key of the toy": (put("toy", "depth", 2), "toy.depth: unknown key"),
    "unknown read-out": (put("toy", "read_outs", ["cosine"]), "toy.read_outs.0: Input should be"),
    "negative size": (put("toy", "sizes", [-1]), "toy.sizes.0: Input should be greater"),
    "missing block": (lambda p: p["defaults"].pop("model"), "model: missing key"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_that_says_how_to_mend_it(tmp_path, name):
    change, expected = MISTAKES[name]
    with pytest.raises(ConfigError) as error:
        load(tmp_path, change)
    message = str(error.value)
    assert expected in message and "\n" not in message and len(message) < 400


def test_names_that_experiments_cannot_have_are_those_of_the_rules():
    rules = [ROOT / "Snakefile", *(ROOT / "pipeline" / "rules").glob("*.smk")]
    found = {
        name
        for path in rules
        for name in re.findall(r"^(?:use rule \w+ as|rule|checkpoint) (\w+)", path.read_text(), re.M)
    }
    assert len(found) > 8 and found | {EVERYTHING, TOY} == TAKEN


def test_a_missing_scale_names_those_there_are():
    allowed = "laptop, cities, countries, half-rate, laptop-2026, paper, paper-grid, smoke, twice-rate, "
    allowed += "workstation"
    with pytest.raises(ConfigError, match=f"scale: given 'desktop', allowed: {allowed}"):
        scales.load("desktop")


def test_a_scale_over_another():
    paper, grid = scales.load("paper"), scales.load("paper-grid")
    assert grid.defaults == paper.defaults and grid.seeds == paper.seeds
    runs = [distinct_runs(expand(params)) for params in (paper, grid)]
    assert len(runs[0]) == 16 and set(runs[0]) < set(runs[1])


@pytest.mark.parametrize("under", ["desktop", "b", "a"])
def test_a_scale_over_none_that_there_is(tmp_path, monkeypatch, under):
    monkeypatch.setattr(scales, "ROOT", tmp_path)
    (tmp_path / "scales").mkdir()
    (tmp_path / "scales" / "a.yaml").write_text(f"over: {under}\n")
    (tmp_path / "scales" / "b.yaml").write_text("over: a\n")
    with pytest.raises(ConfigError, match=r"^[ab]\.yaml: over: given \w+, allowed: laptop"):
        scales.load("a")


@pytest.mark.parametrize("text", ["seeds: [1", "- a\n- b\n", "seeds: !!python/object/apply:os.getcwd []"])
def test_what_is_no_mapping_of_plain_values_is_refused(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"params.yaml"):
        scales.load("laptop", path)


@pytest.mark.parametrize("scale", scales.names())
def test_every_scale_expands(scale):
    planned = expand(scales.load(scale))
    runs = distinct_runs(planned)
    assert len(runs) == len({r.digest for r in runs.values()}), "ids are unique"
    for run in runs.values():
        assert run.base is None or run.base.id in runs, "each base is in the plan"
    needed = {"phases", "population_size", "power_law", "warm_up"}
    on_a_table = {"uniform", "schedules", "wordings", "fine_tuning", "replay"}
    drawn = scale in scales.of_drawn_people()
    assert {p.experiment for p in planned} >= (needed if drawn else on_a_table)
    assert drawn != scales.load(scale).on_facts


@pytest.mark.parametrize("individuals", [10, 64, 2048])
def test_tenths_of_a_power_law_are_everyone(individuals):
    parts = PowerLaw(kind="power_law", alpha=0.6).parts(individuals)
    assert list(parts) == [f"tenth-{k}" for k in range(1, 11)]
    people = [person for first, count in parts.values() for person in range(first, first + count)]
    assert people == list(range(individuals))
    sizes = {count for _, count in parts.values()}
    assert max(sizes) - min(sizes) <= 1


def test_experiments_share_runs():
    planned = expand(scales.load())

    def ids(experiment):
        return {p.config.id for p in planned if p.experiment == experiment}

    assert {p.experiment for p in planned} == {
        n for n, e in scales.load().experiments.items() if e.joins is None
    }
    assert ids("phases") == ids("attention") == ids("credit"), "default runs are observed"
    bases = {
        "finetune_seen": ids("celebrities"),
        "finetune": ids("phases") | ids("phases_again"),
        "patch": ids("phases") | ids("sequential"),
    }
    for plan in planned:
        if plan.config.base:
            assert plan.config.base.id in (bases.get(plan.experiment) or bases[plan.config.kind])
    assert len(ids("finetune_attention") & ids("finetune_sizes")) == 5
    assert len(ids("warm_up_grid") & ids("warm_up")) == 3


def test_ids_of_the_runs_with_results_have_not_changed():
    """Fields that came later are not written where they are not set."""
    measured = set()
    for path in (ROOT / "results/laptop-2026/tables").glob("*/runs.csv"):
        with path.open() as table:
            measured |= {row["run"] for row in csv.DictReader(table)}
    assert measured and measured <= set(distinct_runs(expand(scales.load("laptop-2026"))))
    plain = next(p.config for p in expand(scales.load("laptop-2026")) if p.experiment == "phases")
    assert not {"observe", "patching"} & set(plain.model_dump())
    assert "apart" not in plain.model_dump()["evaluation"]


def test_patched_runs_share_an_observed_base_with_the_default_parameters():
    planned = expand(scales.load())
    patched = [p.config for p in planned if p.experiment == "patching"]
    assert {run.kind for run in patched} == {"patch"}
    default = {p.config.seed: p.config for p in planned if p.experiment == "phases"}
    for run in patched:
        assert run.observe is None and run.base == default[run.seed]
        assert cfg.RunConfig.model_validate(run.model_dump(mode="json")).id == run.id
    assert len({run.id for run in patched}) == len(patched)


def test_groups_as_a_reference_for_everyone():
    """The base of these patched runs is the run that Figures S and X show; what is learned is uniform."""
    planned = expand(scales.load())
    shown = {p.config.id for p in planned if p.experiment == "sequential" and p.case == "groups-8"}
    patched = [p.config for p in planned if p.experiment == "sequential_patching"]
    assert {run.base.id for run in patched} <= shown
    assert {run.distribution.kind for run in patched} == {"uniform"}
    assert {run.evaluation.apart for run in patched} == {None}


@pytest.mark.parametrize("scale", ["laptop", "paper-grid"])
def test_each_switch_to_another_group_is_measured(scale):
    """And a step between two switches, four times at least: most is forgotten soon after one."""
    runs = distinct_runs(expand(scales.load(scale))).values()
    in_turn = [run for run in runs if run.distribution.kind == "sequential"]
    assert in_turn
    for run in in_turn:
        switches = [step for step, _ in run.distribution.visits(run.training.steps)]
        assert set(switches) <= set(run.slots)
        for begin, end in itertools.pairwise([*switches, run.training.steps]):
            assert sum(begin < slot <= end for slot in run.slots) >= 4


def test_a_patched_run_is_evaluated_from_its_start_on():
    late = next(p.config for p in expand(scales.load()) if p.case == "late")
    assert late.first_step == late.slots[0] == SNAPSHOTS[-2] and late.slots[-1] == STEPS
    assert set(late.slots[1:]) < set(late.evaluation.steps(STEPS))


def test_an_edit_of_one_experiment_touches_only_its_runs(tmp_path):
    def steps(params):
        params["experiments"]["celebrities"]["set"] = {"training.steps": 700}

    before, after = load(tmp_path, lambda p: None), load(tmp_path, steps)
    changed = {p.experiment for p, q in zip(before, after, strict=True) if p.config.id != q.config.id}
    assert changed == {"celebrities"}


def test_a_new_value_is_a_new_run_and_the_old_one_comes_back(tmp_path):
    before = [p.config.id for p in load(tmp_path, lambda p: None)]
    edited = [p.config.id for p in load(tmp_path, put("defaults", "training", "beta2", 0.96))]
    assert not set(before) & set(edited)
    assert [p.config.id for p in load(tmp_path, lambda p: None)] == before


def test_key_order_and_number_spelling_do_not_matter(tmp_path):
    def respelled(params):
        training = params["defaults"]["training"]
        params["defaults"]["training"] = dict(reversed(training.items()))
        params["defaults"]["training"]["learning_rate"] = "4e-3"

    a, b = load(tmp_path, put("defaults", "training", "learning_rate", 0.004)), load(tmp_path, respelled)
    assert [p.config.id for p in a] == [p.config.id for p in b]


@pytest.mark.committed
def test_the_runs_of_the_default_scale_keep_their_ids():
    """Their folders, tables and manifests are found by these names."""
    known = (ROOT / "tests" / "run_ids.txt").read_text().split()
    assert sorted(distinct_runs(expand(scales.load()))) == known and len(known) == 665
