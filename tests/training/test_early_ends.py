"""Runs that end once enough is known: the first part of whole ones, never taken for them."""

import argparse
import json

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.population import Population
from pipeline.findings import averages
from pipeline.findings.cells import best_setting, uniform_like, with_uniform
from pipeline.stages import evaluate as stage
from pipeline.stages.train import write
from pipeline.store.artefacts import seal
from pipeline.tables.gather import run_row, summary_row
from pipeline.training import interrupts
from pipeline.training.loop import Trainer
from tests.findings.synthetic_tables import build
from tests.training.test_state import finish, same, store

SHARE = 0.9


@pytest.fixture(scope="module", autouse=True)
def baseline():
    """A higher one: a run of a few steps falls below it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Population, "baseline", property(lambda self: 6 * self.schema.baseline))
        yield


@pytest.fixture(scope="module")
def longer(run) -> cfg.RunConfig:
    training = run.training.model_copy(update={"steps": 60})
    return run.model_copy(update={"training": training})


@pytest.fixture(scope="module")
def whole(longer, population):
    return Trainer(longer, population).train()


@pytest.fixture(scope="module")
def short(longer) -> cfg.RunConfig:
    training = longer.training.model_dump() | {"ends_below": SHARE}
    return cfg.RunConfig.model_validate(longer.model_dump() | {"training": training})


@pytest.fixture(scope="module")
def ended(short, population):
    return Trainer(short, population).train()


def known(result, population) -> dict[int, float]:
    rows = [row for row in result.evaluations if row["group"] == "known"]
    return {row["step"]: row["loss"] / population.baseline for row in rows}


def test_it_is_the_first_part_of_the_whole_run(whole, ended, population):
    first = next(step for step, loss in known(whole, population).items() if loss < SHARE)
    assert 0 < first < max(known(whole, population))
    assert ended.evaluations == [row for row in whole.evaluations if row["step"] <= first]
    rows = len([row for row in whole.training_log if row["step"] <= first])
    assert ended.training_log[:rows] == whole.training_log[:rows]
    assert ended.training_log[-1]["step"] == first and len(ended.training_log) - rows in (0, 1)
    assert ended.cost["tokens"] < whole.cost["tokens"]


def test_one_that_never_knows_enough_is_a_whole_run(short, whole, population):
    training = short.training.model_copy(update={"ends_below": 1e-9})
    same(whole, Trainer(short.model_copy(update={"training": training}), population).train())


@pytest.mark.parametrize("method", ["step", "evaluate"])
def test_interrupted_it_ends_with_the_same_bits(short, ended, population, tmp_path, method):
    last = ended.evaluations[-1]["step"]
    stop = (method, last - 1 if method == "step" else last)
    with pytest.raises(interrupts.InterruptedRunError):
        finish(Trainer(short, population), store(tmp_path), stop)
    same(ended, finish(Trainer(short, population), store(tmp_path)))


def test_it_is_part_of_a_run_s_identity_where_it_is_set(run, longer, short):
    assert "ends_below" not in run.model_dump()["training"] and longer.id != short.id


@pytest.mark.parametrize("share", [0, 0.99, 2])
def test_a_plateau_is_left_before_it_ends(longer, share):
    training = longer.training.model_dump() | {"ends_below": share}
    with pytest.raises(ValidationError, match="ends_below"):
        cfg.RunConfig.model_validate(longer.model_dump() | {"training": training})


@pytest.mark.parametrize(("mine", "of_the_base"), [(SHARE, None), (None, SHARE)])
def test_neither_a_fine_tuning_run_nor_its_base_ends_early(longer, mine, of_the_base):
    def with_share(share):
        return longer.training.model_dump() | {"ends_below": share}

    base = longer.model_dump() | {"training": with_share(of_the_base)}
    tuned = {**base, "base": base, "training": with_share(mine)}
    tuned["distribution"] = distributions.Replay(kind="replay", new=8).model_dump()
    with pytest.raises(ValidationError, match="ends_below"):
        cfg.RunConfig.model_validate(tuned)


def test_it_has_no_final_values(short, ended, population, tmp_path, monkeypatch):
    people, folder, out = tmp_path / short.population_id, tmp_path / short.id, tmp_path / "out"
    population.save(people)
    seal(people, ["people.safetensors", "population.json"])
    write(folder, short, {"population": "p" * 64, "code": "c" * 64}, ended)
    arguments = argparse.Namespace(populations=[people], runs=[folder], out=out)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", lambda _: arguments)
    stage.main()
    final = pd.read_csv(out / "final.csv")
    assert final.empty and list(final) == list(stage.COLUMNS["final"])
    assert short.id in json.loads((out / "manifest.json").read_text())["inputs"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert run_row(short, manifest)["ends_below"] == SHARE
    summary = summary_row(short, pd.read_csv(folder / "curve.csv"), final)
    assert "plateau_end" in summary and not {"known_loss", "known_accuracy"} & set(summary)


def test_it_is_never_pooled_with_whole_runs():
    """An experiment of runs that end early, and the uniform runs of others in the same conditions."""
    tables = build()
    mine = set(tables.of("power_law").query("distribution == 'power_law'").run)
    uniform = set(uniform_like(tables, tables.of("power_law")).run)
    assert mine and uniform
    tables.runs["ends_below"] = np.where(tables.runs.run.isin(mine), SHARE, 0.0)
    rows = tables.of("power_law").query("run in @mine")
    assert set(with_uniform(tables, rows).run) == mine
    tables.runs["ends_below"] = np.where(tables.runs.run.isin(mine | uniform), SHARE, 0.0)
    rows = tables.of("power_law").query("run in @mine")
    assert set(with_uniform(tables, rows).run) & uniform
    whole = tables.of("celebrities")
    assert set(best_setting(pd.concat([rows.assign(known_loss=0.0), whole])).run) <= set(whole.run)


def test_curves_are_averaged_as_far_as_all_seeds_go():
    seeds = [pd.DataFrame({"step": range(n), "loss": np.arange(n) + n}) for n in (5, 3, 4)]
    steps, values = averages.stacked(seeds, "loss")
    assert steps.tolist() == [0, 1, 2] and values[:, 0].tolist() == [5, 3, 4]
    seeds[1]["step"] += 1
    with pytest.raises(AssertionError):
        averages.stacked(seeds, "loss")
