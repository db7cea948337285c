"""A limit on the hours of a call keeps whole experiments, in order, and no more than fit."""

from pathlib import Path

import pytest

from pipeline.config import scales
from pipeline.config.errors import ConfigError
from pipeline.costs import estimate
from pipeline.costs.cap import Cap, hours_of
from pipeline.store import plan as plans
from pipeline.store.current import survey

RATE = estimate.Rate(1e9, "a CPU", 3)


@pytest.fixture
def cap(tmp_path, monkeypatch):
    """Makes a limit on the smoke scale, none of whose runs is there."""
    monkeypatch.setattr(estimate, "measured_rate", lambda folder: RATE)
    params = scales.load("smoke")
    return lambda hours, cores=1: Cap(params, survey(tmp_path, params), hours, cores, tmp_path)


def hours(names):
    """By the definition: the runs of these, each once, at the rate."""
    params = scales.load("smoke")
    runs = plans.shares(plans.only(params, names))
    flops = sum(estimate.of_run(run).all_flops for own in runs.values() for run in own.values())
    return flops / RATE.flops / 3600


def test_those_that_fit_are_kept_in_order(cap):
    names = plans.names(scales.load("smoke"))[:6]
    for most in (1, 2, 4, 6):
        limit = hours(names[:most]) * 1.001
        kept = cap(limit)(names)
        assert kept[:most] == names[:most] and hours(kept) <= limit
        assert kept == [name for name in names if name in kept]
    # One that does not fit does not hold back a smaller one after it.
    first, large, small = "phases", "power_law", "attention"
    assert hours([first, small]) < hours([first, large])
    assert cap(hours([first, small]) * 1.001)([first, large, small]) == [first, small]


def test_cores_share_the_work(cap):
    names = plans.names(scales.load("smoke"))[:4]
    assert cap(hours(names) / 4 * 1.001, cores=4)(names) == names
    assert cap(hours(names) / 4 * 1.001, cores=1)(names) != names


def test_less_than_the_first_takes_is_refused(cap):
    with pytest.raises(
        ConfigError, match=r"hours: given 1e-09, allowed: .* or more on 1 cores, which phases"
    ):
        cap(1e-9)(["phases", "attention"])


def test_without_a_rate_no_limit_can_be_kept(tmp_path):
    params = scales.load("smoke")
    with pytest.raises(ConfigError, match="hours: no run has told a rate yet"):
        Cap(params, survey(tmp_path, params), 1, 2, Path(tmp_path))


@pytest.mark.parametrize("given", ["x", 0, -1, None, "inf", "nan"])
def test_what_is_no_number_of_hours_is_refused(given):
    with pytest.raises(ConfigError, match="allowed: a number above 0"):
        hours_of(given)


def test_a_plan_names_what_it_leaves_out(tmp_path):
    params = scales.load("smoke")
    plan = plans.plan(params, tmp_path, limit=lambda names: names[:2])
    assert plan.made == plans.names(params)[:2] and plan.left_out
    assert f"not made, as they take longer than the hours that are given: {plan.left_out[0]}" in plan.note
    assert plans.Plan.read(plan.write(tmp_path, "smoke")) == plan
