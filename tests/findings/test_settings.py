"""Which runs are the settings of Figures A and C."""

import pytest

from pipeline.findings.cells import uniform_like
from pipeline.findings.robustness.settings import VARIED, best_rate, by_templates, settings
from pipeline.tables.read import Tables
from tests.findings.synthetic_tables import build, without


@pytest.fixture(scope="module")
def tables():
    return build()


@pytest.mark.parametrize("experiment", [name for name in VARIED if name != "population_size"])
def test_the_default_run_is_one_of_the_settings(experiment, tables):
    found, default = settings(tables, experiment), set(tables.of("phases").run)
    assert list(found) == sorted(found)
    assert any(set(runs.run) == default for runs in found.values())
    assert len(found) == 1 + tables.of(experiment).case.nunique()
    assert all(runs.seed.is_unique for runs in found.values())


def test_sizes_of_the_population_are_their_own(tables):
    assert list(settings(tables, "population_size")) == [256, 512, 1024, 2048]


def test_without_the_experiment_there_are_none(tables):
    assert settings(without(tables, "mixer"), "mixer") == {}


def test_the_best_rate_is_that_of_the_lowest_final_training_loss(tables):
    rows = tables.of("model_size").query("width == 192")
    slow = rows[rows.learning_rate == 0.002].run
    for add, expected in ((1.0, 0.004), (-1.0, 0.002)):
        log = tables.training.copy()
        log.loc[log.run.isin(slow), "loss_per_token"] += add
        other = Tables(tables.experiments, tables.runs, tables.curves, tables.summary, training=log)
        assert set(best_rate(other, rows).learning_rate) == {expected}


def test_templates_in_both_orders(tables):
    random, fixed = by_templates(tables)
    assert list(random) == [1, 2, 4, 8, 16] and list(fixed) == [16]
    assert random[16].shuffled.all() and not fixed[16].shuffled.any()


def test_no_other_setting_is_a_uniform_counterpart(tables):
    """Of the runs that these experiments add, all of which are uniform and of the default length."""
    found = uniform_like(tables, tables.of("phases"))
    assert set(found.run) == set(tables.of("phases").run)
