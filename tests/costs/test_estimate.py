"""Costs by formula, beside what runs report of themselves."""

import pandas as pd
import pytest

from pipeline.config.experiments import distinct_runs, expand
from pipeline.costs import estimate as costs
from pipeline.data import source, tokenizer
from pipeline.data.drawing import draw
from pipeline.store.current import OTHER_CODE, Survey
from pipeline.store.plan import digests, only
from pipeline.tables.gather import write
from pipeline.training.cost import evaluation_flops_of, flops_of, flops_per_token, tokens_of
from tests.findings.synthetic_tables import build, part_of
from tests.params import load


@pytest.fixture(scope="module")
def params():
    return load()


def test_a_run_costs_its_tokens_times_the_formula(run):
    tokens = 8 * 12 * 70.0
    assert tokens_of(run, 70.0) == tokens
    assert flops_of(run, 500, 70.0) == tokens * flops_per_token(run.model, 500, 70.0)
    measured = 2 * (len(run.slots) * 16 + 32) * 70.0
    assert evaluation_flops_of(run, 500, 70.0) == pytest.approx(
        measured * flops_per_token(run.model, 500, 70.0) / 3
    )


def test_a_patched_run_costs_its_steps_and_its_twin(params):
    patched = next(p.config for p in expand(params) if p.case == "frozen-60")
    steps = patched.training.steps - 60
    plain = patched.training.batch * steps * 70 * flops_per_token(patched.model, 500, 70)
    assert flops_of(patched, 500, 70) == pytest.approx(4 / 3 * plain)


def test_the_estimate_is_near_the_population_that_is_drawn(params):
    run = expand(params)[0].config
    spelled = tokenizer.train(source.schema(run.population), run.population.vocabulary)
    people = draw(run.population, run.seed, spelled)
    drawn = tokens_of(run, people.meta["tokens_per_biography"])
    assert costs.of_run(run).tokens == pytest.approx(drawn, rel=0.02)


def test_what_experiments_share_is_counted_once(params):
    every = costs.of_experiments(params)
    distinct = distinct_runs(expand(params))
    assert sum(cost.runs for cost in every.values()) == len(distinct)
    assert every["finetune_sizes"].runs == 2, "its base is that of phases"
    alone = costs.of_experiments(only(params, {"finetune_sizes"}))["finetune_sizes"]
    assert alone.runs == 3 and alone.flops > every["finetune_sizes"].flops


def test_what_is_there_is_not_to_do(params, tmp_path):
    phases = only(params, {"phases", "celebrities"})
    run = expand(only(params, {"phases"}))[0].config
    found = Survey(tmp_path)
    found.current[found.path("runs", run.id)] = {}
    assert set(costs.to_do(phases, found)) == {"celebrities"}
    assert costs.table(only(params, {"phases"}), found) == ""
    del found.current[found.path("runs", run.id)]
    found.stale[found.path("runs", run.id)] = OTHER_CODE
    assert set(costs.to_do(phases, found)) == {"phases", "celebrities"}


def test_the_table_has_a_line_an_experiment_and_says_when_no_rate_is_known(params, tmp_path):
    lines = costs.table(only(params, {"phases", "celebrities", "toy"}), Survey(tmp_path)).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["phases", "celebrities", "total"]
    assert all(line.endswith("unknown") for line in lines[1:4])
    assert "no run of this scale has told a rate" in lines[4] and "2 seeds of the toy" in lines[5]


def test_the_rate_is_that_of_the_measured_runs(params, tmp_path):
    runs = pd.DataFrame(
        {"flops": [2e12, 2e12, 9e15], "seconds": [30.0, 30.0, 1.0], "seconds_evaluating": [10.0, None, 0.0],
         "processes": [1, 2, 1], "device": ["a CPU", "a CPU", "a GPU"]}
    )  # fmt: skip
    rate = costs.rate(runs)
    assert rate == costs.Rate(4e12 / (20 + 60), "a CPU", 2)
    assert rate.hours(costs.Cost(flops=3600 * 4e10, evaluation_flops=3600 * 1e10)) == pytest.approx(1.0)
    assert costs.rate(runs[:0]) is None
    write(part_of(build(seeds=2), "phases"), tmp_path / "tables", digests(params))
    assert "process-hours" in costs.table(only(params, {"phases"}), Survey(tmp_path)).splitlines()[0]
    assert "at 148 GFLOP/s a process (a CPU" in costs.table(only(params, {"phases"}), Survey(tmp_path))
