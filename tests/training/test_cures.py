"""What fine-tuning may do to spare old facts: weights that stay, and a rate that rises."""

import pytest
import torch
from pydantic import ValidationError

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.training import interrupts, loop
from pipeline.training.loop import Trainer
from tests.training.test_state import finish, same, store


@pytest.fixture(scope="module")
def base(run, population):
    weights = Trainer(run, population).train().model.state_dict()
    return {name: weight.clone() for name, weight in weights.items()}


def tuned(run: cfg.RunConfig, **training: object) -> cfg.RunConfig:
    given = run.training.model_dump() | {"steps": 6, "schedule": "constant", **training}
    other = {"base": run, "distribution": distributions.Replay(kind="replay", new=8), "training": given}
    return cfg.RunConfig.model_validate(dict(run) | other)


@pytest.mark.parametrize("frozen", ["attention", "embedding"])
def test_frozen_weights_stay_and_the_others_do_not(run, population, base, frozen):
    result = Trainer(tuned(run, frozen=frozen), population, base).train()
    stays = {name for name, weight in result.model.state_dict().items() if torch.equal(weight, base[name])}
    assert stays == {name for name in base if frozen in name} and len(stays) < len(base)


def test_an_interrupted_run_with_frozen_weights_ends_with_the_same_bits(run, population, base, tmp_path):
    part = tuned(run, frozen="attention", rate_warm_up=4)
    whole = Trainer(part, population, base).train()
    with pytest.raises(interrupts.InterruptedRunError):
        finish(Trainer(part, population, base), store(tmp_path), ("step", 3))
    same(whole, finish(Trainer(part, population, base), store(tmp_path)))


def test_the_rate_rises_to_its_schedule(run):
    plain, rising = (tuned(run, rate_warm_up=rise).training for rise in (None, 4))
    rates = [loop.learning_rate(rising, step) / loop.learning_rate(plain, step) for step in range(6)]
    assert rates == [0.25, 0.5, 0.75, 1, 1, 1]
    cosine = rising.model_copy(update={"schedule": "cosine"})
    later = cosine.model_copy(update={"rate_warm_up": None})
    assert loop.learning_rate(cosine, 1) == 0.5 * loop.learning_rate(later, 1)


@pytest.mark.parametrize(("name", "value"), [("frozen", "embedding"), ("rate_warm_up", 5)])
def test_pre_training_has_none_of_it(run, name, value):
    training = run.training.model_dump() | {name: value}
    with pytest.raises(ValidationError, match=f"{name} is {value}, allowed: null but in a fine-tuning run"):
        cfg.RunConfig.model_validate(dict(run) | {"training": training})


def test_a_run_without_them_keeps_its_name(run):
    assert tuned(run, frozen=None, rate_warm_up=None).id == tuned(run).id != tuned(run, frozen="attention").id
