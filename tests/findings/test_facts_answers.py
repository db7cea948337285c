"""What runs on a user's table answer: each number as it is defined, and words that follow from them."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.findings.facts import answers, comparing, confidence, learning, tuning
from pipeline.tables.read import Tables
from tests.findings.synthetic_tables import Builder


def on_a_table(seeds=3, speed=1.3, learned=1.2, attributes=False) -> Tables:
    """Runs as those of `facts --init`, and one as often as rows are met."""
    builder = Builder(seeds)
    builder.pretrain("uniform", steps=450)
    law = {"distribution": "power_law", "alpha": 0.6}
    builder.pretrain("schedules", "power-law", steps=450, speed=speed, learning=learned, **law)
    builder.pretrain("schedules", "warm-up", steps=450, distribution="warm_up", subset=64, warm_up_steps=90)
    for new in (64, 256):
        builder.finetune("fine_tuning", f"new-{new}", new, 0.0)
    for weight in (0.125, 2.0):
        builder.finetune("replay", f"weight-{weight:g}", 64, weight)
    builder._observe("none", np.zeros(1), np.zeros(1))
    builder.toy.append(pd.DataFrame())
    tables = builder.tables()
    tables.runs["templates"] = np.nan
    tables.confidences = pd.concat([histogram(run) for run in tables.of("uniform").run])
    if attributes:
        known = tables.curves[tables.curves.group == "known"][["run", "step", "loss", "accuracy"]]
        slower = known.assign(attribute="river", accuracy=known.accuracy**2)
        tables.observed["by_attribute"] = pd.concat([known.assign(attribute="country"), slower])
    return tables


def histogram(run: str) -> pd.DataFrame:
    """Half of 100 seen answers are surer than any of 100 never-seen ones, 4 of which are surer than some."""
    bins = {"known": {-2.0: 10, 3.0: 40, 9.0: 50}, "new": {-2.0: 96, 6.0: 4}}
    rows = [(run, group, odds, n, n) for group, of in bins.items() for odds, n in of.items()]
    return pd.DataFrame(rows, columns=["run", "group", "log_odds", "values", "right"])


@pytest.fixture(scope="module")
def tables():
    return on_a_table(attributes=True)


@pytest.fixture(scope="module")
def found(tables):
    return {entry["id"]: entry for entry in answers.entries(tables)}


def values(entry):
    return {value["quantity"]: value["estimate"] for value in entry["values"]}


def test_all_questions_are_answered_from_runs_on_a_table(tables, found):
    assert tables.on_facts and list(found) == ["U1", "U2", "U4", "U5", "U6", "U7"]
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
    assert learning.plateau(twins) == learning.plateau(tables)
    assert learning.exposures(twins) == learning.exposures(tables)


def test_a_plateau_that_does_not_end(tables):
    stuck = on_a_table()
    stuck.summary.loc[stuck.summary.run == stuck.of("uniform").run.iloc[0], "plateau_end"] = np.nan
    answer = learning.plateau(stuck)
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
    answer = learning.exposures(low)
    assert [value.estimate is None for value in answer.values] == [False, True, True]
    assert "90%: not in every seed" in answer.statement


def test_the_best_schedule_is_told_with_its_gain(tables, found):
    plain, law = (
        tables.of(name)[tables.of(name).case == case].set_index("seed").known_accuracy
        for name, case in (("uniform", "default"), ("schedules", "power-law"))
    )
    gain = values(found["U4"])["power-law: gain over uniform, by seed"]
    assert gain == pytest.approx((law - plain).mean()) and gain > 0
    assert found["U4"]["statement"].startswith("power-law (the best of 2 on these seeds): after 450 steps ")


@pytest.mark.parametrize(
    ("seeds", "learned", "said"),
    [(1, 1.2, "These seeds cannot tell: "), (3, 1.0, "These seeds cannot tell: ")],
)
def test_seeds_that_cannot_tell_do_not(seeds, learned, said):
    assert comparing.schedules(on_a_table(seeds, speed=1.0, learned=learned)).statement.startswith(said)


def test_schedules_that_are_worse(tables):
    worse = on_a_table(learned=0.5)
    laws = worse.of("schedules").run
    worse.summary.loc[worse.summary.run.isin(laws), "known_accuracy"] -= 0.3
    assert comparing.schedules(worse).statement.startswith("Uniform sampling: ")


def test_what_fine_tuning_costs(tables, found):
    got, runs = values(found["U5"]), tables.of("fine_tuning")
    mine = runs[runs.new == 256]
    lowest = [tables.curve(run).accuracy.min() for run in mine.run]
    assert got["256 new rows: old facts known at the lowest"] == pytest.approx(np.mean(lowest))
    assert got["256 new rows: old facts known in the end"] == pytest.approx(mine.known_accuracy.mean())
    assert got["64 new rows: new facts known in the end"] == pytest.approx(
        runs[runs.new == 64].new_accuracy.mean()
    )
    assert "With 256 new rows and no replay" in found["U5"]["statement"]


def test_the_least_replay_that_keeps_what_was_known():
    """Weights 1/8 and 2 of 512 old rows beside 64 new ones: half, and 16/17 of what is drawn."""
    tables = on_a_table()
    runs = tables.of("replay")
    before = {run: tables.curve(run).accuracy.iloc[0] for run in runs.run}
    kept = {run: (0.7 if weight < 1 else 0.98) + 0.01 * seed for run, weight, seed in zip(
        runs.run, runs.weight, runs.seed, strict=True)}  # fmt: skip
    final = pd.Series({run: kept[run] * before[run] for run in kept})
    tables.summary["known_accuracy"] = tables.summary.run.map(final).fillna(tables.summary.known_accuracy)
    answer = tuning.replay(tables)
    got = {value.quantity: value.estimate for value in answer.values}
    assert got["0.5 of the batches old: old facts kept"] == pytest.approx(0.71)
    assert got["0.94 of the batches old: old facts kept"] == pytest.approx(0.99)
    # Between the two shares that were tried, linear in their logarithms, a seed at a time.
    pairs = [(0.7 + 0.01 * seed, 0.98 + 0.01 * seed) for seed in range(3)]
    least = np.exp(np.mean([np.interp(0.9, pair, np.log([0.5, 16 / 17])) for pair in pairs]))
    assert got["share of the batches to keep 90%"] == pytest.approx(least)
    assert answer.statement.startswith(f"{least:.3g} [")
    assert got["share of the batches to keep 50%, at most"] == pytest.approx(0.5), "the least that was tried"


def test_no_replay_that_was_tried_is_enough():
    bad = on_a_table()
    bad.summary.loc[bad.summary.run.isin(bad.of("replay").run), "known_accuracy"] *= 0.4
    answer = tuning.replay(bad)
    assert answer.statement.startswith("No share that was tried")
    assert answer.values[-1].estimate is None


@pytest.mark.parametrize(
    ("fewer", "said"), [({1: 0.2, 3: 0.001}, "In 3: after 450 steps"), ({1: 0.2}, "In all")]
)
def test_the_wordings_that_are_needed(fewer, said):
    tables = on_a_table()
    plain = tables.of("uniform")
    for number, lost in fewer.items():
        for name, table in (("runs", tables.runs), ("summary", tables.summary)):
            more = table[table.run.isin(plain.run)].assign(run=lambda t, n=number: f"of-{n}-" + t.run)
            changed = {"wordings": float(number)} if name == "runs" else {}
            if name == "summary":
                changed["known_accuracy"] = more.known_accuracy - lost
            setattr(tables, name, pd.concat([getattr(tables, name), more.assign(**changed)]))
    answer = comparing.wordings(tables)
    got = {value.quantity: value.estimate for value in answer.values}
    assert answer.statement.startswith(said)
    assert got["in 1: fewer known than in all, by seed"] == pytest.approx(0.2)
    assert learning.plateau(tables) == learning.plateau(on_a_table()), "default runs are those with all"


def test_exposures_by_frequency_count_each_part_by_its_share():
    """Rows of the first quarter are met twice as often as a mean one, and are known at the same step."""
    tables = on_a_table()
    plain = tables.of("uniform")
    for name, table in (("runs", tables.runs), ("summary", tables.summary)):
        more = table[table.run.isin(plain.run)].assign(run=lambda t: "given-" + t.run)
        more = more.assign(distribution="frequencies") if name == "runs" else more
        setattr(tables, name, pd.concat([table, more]))
    curves, shares = [], []
    for run in plain.run:
        for part, share in (("quarter-1", 0.5), ("quarter-2", 0.25)):
            curves.append(tables.curve(run).assign(run=f"given-{run}", group=part))
            shares.append({"run": f"given-{run}", "part": part, "people": 128, "share": share})
    tables.curves, tables.parts = pd.concat([tables.curves, *curves]), pd.DataFrame(shares)
    got = {value.quantity: value.estimate for value in learning.exposures(tables).values}
    mean = got["exposures until 90% of the facts are known"]
    assert got["frequencies as given, quarter-1: exposures until 90% are known"] == pytest.approx(2 * mean)
    assert got["frequencies as given, quarter-2: exposures until 90% are known"] == pytest.approx(mean)
    assert got["frequencies as given, quarter-1: share of the biographies"] == 0.5


def test_the_confidence_that_tells_seen_from_others(found):
    got = values(found["U7"])
    # All pairs of an answer of each kind, ties a half.
    assert got["area under the ROC curve"] == pytest.approx(0.5 + 0.4 * 0.96 + 0.1 * 0.96 / 2)
    assert got[confidence.ROC.format(0.02)] == pytest.approx(0.5)
    assert got[confidence.ROC.format(0.5)] == pytest.approx(0.9 + 0.1 * 0.46 / 0.96)
    doubt = got["1 - confidence up to which at most 5% of never-seen pass"]
    assert doubt == pytest.approx(1 / (1 + np.exp(3)))
    assert got["share of seen that pass with it"] == pytest.approx(0.9)


def test_what_is_expected_of_drawn_people_is_beside(tables):
    entry = answers.entries(tables, 12.5)[0]
    assert values(entry)["t(0.99) of as many drawn people, exposures"] == 12.5
    assert "12.5 were expected" in entry["statement"]
    assert "expected" not in answers.entries(tables)[0]["statement"]


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
