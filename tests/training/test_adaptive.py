"""A distribution that adapts: its phases follow the training log, and a resumed run has the same bits."""

import pytest
from pydantic import ValidationError

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.population import Population
from pipeline.training.interrupts import InterruptedRunError
from pipeline.training.loop import Trainer
from tests.training.test_state import finish, same, store

START = 5


@pytest.fixture(scope="module", autouse=True)
def baseline():
    """A higher one: a run of a few steps falls below shares of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Population, "baseline", property(lambda self: 6 * self.schema.baseline))
        yield


@pytest.fixture(scope="module")
def adaptive(run) -> cfg.RunConfig:
    training = run.training.model_copy(update={"steps": 60})
    kind = distributions.Adaptive(kind="adaptive", subset=START, known=0.55)
    return run.model_copy(update={"training": training, "distribution": kind})


@pytest.fixture(scope="module")
def whole(adaptive, population):
    return Trainer(adaptive, population).train()


def grown(result) -> list[tuple[int, int]]:
    pairs = (pair.split(":") for pair in result.cost["drawn_from"].split())
    return [(int(step), int(people)) for step, people in pairs]


def test_it_grows_when_those_so_far_are_known(whole, population):
    """By the plain definition, from the log that the run leaves."""
    expected, size = [(0, START)], START
    for row in whole.training_log:
        if size < 40 and row["attribute_loss"] < 0.55 * population.baseline:
            size = min(2 * size, 40)
            expected.append((row["step"], size))
    assert grown(whole) == expected
    assert len(expected) > 2 and expected[1][0] > 1, "it grew, and not at once"


def test_it_is_drawn_from_those_and_no_others(adaptive, population, whole):
    trainer = Trainer(adaptive, population)
    drawn: dict[int, set[int]] = {}
    of_a_step = trainer._batch

    def noted(step):
        batch = of_a_step(step)
        drawn[step] = set(batch[0].individuals.tolist())
        return batch

    trainer._batch = noted
    same(whole, trainer.train())
    sizes = grown(whole)
    for step, people in drawn.items():
        assert max(people) < max(size for first, size in sizes if first <= step)
    last = sizes[-1][0]
    assert any(max(people) >= START for step, people in drawn.items() if step >= last)


@pytest.mark.parametrize("after", [0, 1, 4])
def test_interrupted_it_ends_with_the_same_bits(adaptive, population, whole, tmp_path, after):
    """In the middle of a phase, and right after the first growth."""
    step = grown(whole)[1][0] + after
    with pytest.raises(InterruptedRunError):
        finish(Trainer(adaptive, population), store(tmp_path), ("step", step))
    again = finish(Trainer(adaptive, population), store(tmp_path))
    same(whole, again)
    assert grown(again) == grown(whole)


@pytest.mark.parametrize(("key", "value"), [("subset", 40), ("subset", 0), ("known", 1.0), ("known", 0.0)])
def test_what_cannot_grow_or_be_known_is_refused(adaptive, key, value):
    given = adaptive.model_dump()
    given["distribution"][key] = value
    with pytest.raises(ValidationError, match=key):
        cfg.RunConfig.model_validate(given)
