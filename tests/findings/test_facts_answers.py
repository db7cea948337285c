"""What runs on a user's table answer: each number as it is defined, and words that follow from them."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.findings.facts import answers
from pipeline.tables.read import Tables
from tests.findings.synthetic_tables import Builder


def on_a_table(seeds=3, speed=1.3, learning=1.2, attributes=False) -> Tables:
    """Runs as those of `facts --init`."""
    builder = Builder(seeds)
    builder.pretrain("uniform", steps=450)
    law = {"distribution": "power_law", "alpha": 0.6}
    builder.pretrain("schedules", "power-law", steps=450, speed=speed, learning=learning, **law)
    builder.pretrain("schedules", "warm-up", steps=450, distribution="warm_up", subset=64, warm_up_steps=90)
    for new in (64, 256):
        builder.finetune("fine_tuning", f"new-{new}", new, 0.0)
    for weight in (0.125, 2.0):
        builder.finetune("replay", f"weight-{weight:g}", 64, weight)
    builder._observe("none", np.zeros(1), np.zeros(1))
    builder.toy.append(pd.DataFrame())
    tables = builder.tables()
    tables.runs["templates"] = np.nan
    if attributes:
        known = tables.curves[tables.curves.group == "known"][["run", "step", "loss", "accuracy"]]
        slower = known.assign(attribute="river", accuracy=known.accuracy**2)
        tables.observed["by_attribute"] = pd.concat([known.assign(attribute="country"), slower])
    return tables


@pytest.fixture(scope="module")
def tables():
    return on_a_table(attributes=True)


@pytest.fixture(scope="module")
def found(tables):
    return {entry["id"]: entry for entry in answers.entries(tables)}


def values(entry):
    return {value["quantity"]: value["estimate"] for value in entry["values"]}


def test_all_questions_are_answered_from_runs_on_a_table(tables, found):
    assert tables.on_facts and list(found) == ["U1", "U2", "U3", "U4", "U5"]
    json.dumps(list(found.values()), allow_nan=False)
    for entry in found.values():
        assert entry["origin"] == "U" and entry["runs"] and entry["title"].endswith("?")
        assert set(entry["runs"]) <= set(tables.runs.run) and "nan" not in entry["statement"]


def test_the_plateau_in_steps_and_exposures(tables, found):
    ends = tables.of("uniform").plateau_end
    mean = np.exp(np.log(ends).mean())
    assert values(found["U1"])["t(0.99), steps"] == pytest.approx(mean)
    assert values(found["U1"])["t(0.99), exposures of a row"] == pytest.approx(mean * 32 / 512)
    assert found["U1"]["statement"].startswith("Wait: the loss leaves the baseline after ")


def test_a_run_and_its_twin_are_one_seed(tables):
    """The same run, observed in one experiment and not in another, is no second seed."""
    twins = on_a_table(attributes=True)
    rows = twins.runs[twins.runs.run.isin(twins.of("uniform").run)]
    for name, table in (("runs", rows), ("summary", twins.summary), ("curves", twins.curves)):
        more = table[table.run.isin(rows.run)].assign(run=lambda t: "twin-" + t.run)
        setattr(twins, name, pd.concat([more, getattr(twins, name)], ignore_index=True))
    assert answers.plateau(twins) == answers.plateau(tables)
    assert answers.exposures(twins) == answers.exposures(tables)


def test_a_plateau_that_does_not_end(tables):
    stuck = on_a_table()
    stuck.summary.loc[stuck.summary.run == stuck.of("uniform").run.iloc[0], "plateau_end"] = np.nan
    answer = answers.plateau(stuck)
    assert answer.values[0].estimate is None and answer.values[0].interval is None
    assert "train longer" in answer.statement


def test_exposures_by_attribute(tables, found):
    got = values(found["U2"])
    steps = [np.interp(0.5, (c := tables.curve(run)).accuracy, c.step) for run in tables.of("uniform").run]
    mean = np.exp(np.log(steps).mean()) * 32 / 512
    assert got["exposures until 50% of the facts are known"] == pytest.approx(mean, rel=1e-6)
    assert got["country: exposures until 50% are known"] == pytest.approx(mean, rel=1e-6)
    assert got["river: exposures until 50% are known"] > mean
    assert len(got) == 9


def test_what_is_never_reached_has_no_number():
    low = on_a_table()
    low.curves.loc[low.curves.group == "known", "accuracy"] *= 0.6
    answer = answers.exposures(low)
    assert [value.estimate is None for value in answer.values] == [False, True, True]
    assert "90%: not in every seed" in answer.statement


def test_the_best_schedule_is_told_with_its_gain(tables, found):
    plain, law = (
        tables.of(name)[tables.of(name).case == case].set_index("seed").known_accuracy
        for name, case in (("uniform", "default"), ("schedules", "power-law"))
    )
    gain = values(found["U3"])["power-law: gain over uniform, by seed"]
    assert gain == pytest.approx((law - plain).mean()) and gain > 0
    assert found["U3"]["statement"].startswith("power-law, the best of 2 on these seeds,")


@pytest.mark.parametrize(
    ("seeds", "learning", "said"),
    [(1, 1.2, "These seeds cannot tell: "), (3, 1.0, "These seeds cannot tell: ")],
)
def test_seeds_that_cannot_tell_do_not(seeds, learning, said):
    assert answers.schedules(on_a_table(seeds, speed=1.0, learning=learning)).statement.startswith(said)


def test_schedules_that_are_worse(tables):
    worse = on_a_table(learning=0.5)
    laws = worse.of("schedules").run
    worse.summary.loc[worse.summary.run.isin(laws), "known_accuracy"] -= 0.3
    assert answers.schedules(worse).statement.startswith("Uniform sampling: ")


def test_what_fine_tuning_costs(tables, found):
    got, runs = values(found["U4"]), tables.of("fine_tuning")
    mine = runs[runs.new == 256]
    lowest = [tables.curve(run).accuracy.min() for run in mine.run]
    assert got["256 new rows: old facts known at the lowest"] == pytest.approx(np.mean(lowest))
    assert got["256 new rows: old facts known in the end"] == pytest.approx(mine.known_accuracy.mean())
    assert got["64 new rows: new facts known in the end"] == pytest.approx(
        runs[runs.new == 64].new_accuracy.mean()
    )
    assert "With 256 new rows and no replay" in found["U4"]["statement"]


def test_the_least_replay_that_keeps_what_was_known(tables, found):
    """Weights 1/8 and 2 of 512 old rows beside 64 new ones: half, and .94 of what is drawn."""
    got = values(found["U5"])
    assert {name.split()[0] for name in got} == {"0.5", "0.94"}
    kept = {share: got[f"{share} of the batches old: old facts kept"] for share in ("0.5", "0.94")}
    assert kept["0.5"] < kept["0.94"]
    least = min(share for share, value in kept.items() if value > 0.95)
    assert found["U5"]["statement"].startswith(f"{least} of the batches")
    bad = on_a_table()
    bad.summary.loc[bad.summary.run.isin(bad.of("replay").run), "known_accuracy"] *= 0.5
    assert answers.replay(bad).statement.startswith("No share that was tried")


def test_questions_without_runs_are_left_out():
    builder = Builder(2)
    builder.pretrain("uniform")
    builder._observe("none", np.zeros(1), np.zeros(1))
    builder.toy.append(pd.DataFrame())
    assert [entry["id"] for entry in answers.entries(builder.tables())] == ["U1", "U2"]


def test_lines_for_a_person(found):
    lines = answers.told(found.values())
    assert lines[0].startswith("U1 How long is the loss flat? Wait: ")
    assert lines[1].startswith("    t(0.99), steps: ") and "[" in lines[1]
