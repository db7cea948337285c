import pytest
from pydantic import ValidationError

from pipeline.config.memory import Measuring, Toy


def changed(toy: Toy, **values) -> Toy:
    return Toy.model_validate(toy.model_dump() | values)


def test_conditions_are_sizes_then_weights(toy):
    assert toy.conditions == [(8, 0.0), (16, 0.0), (16, 2.0), (16, 0.125)]


@pytest.mark.parametrize(
    ("measuring", "total", "steps"),
    [
        ((10, 30, 20), 70, [0, 10, 20, 40, 60, 70]),
        ((10, 0, 30), 60, [0, 30, 60]),
        ((10, 100, 30), 25, [0, 10, 20, 25]),
    ],
)
def test_measured_steps(measuring, total, steps):
    early, until, late = measuring
    assert Measuring(early=early, until=until, late=late).steps(total) == steps


def test_the_id_follows_what_decides_a_seeds_results(toy):
    assert toy.id(0) != toy.id(1)
    assert changed(toy, seeds=[0, 7]).id(0) == toy.id(0), "more seeds keep the results of the others"
    for field, value in (("hidden", 33), ("sizes", [8]), ("weight_decay", 0.1), ("read_outs", ["linear"])):
        assert changed(toy, **{field: value}).id(0) != toy.id(0), field


@pytest.mark.parametrize(
    ("field", "value"),
    [("read_outs", ["cosine"]), ("sizes", []), ("sizes", [0]), ("seeds", [-1]), ("depth", 2), ("values", 1)],
)
def test_what_makes_no_sense_is_refused(toy, field, value):
    with pytest.raises(ValidationError, match=field):
        changed(toy, **{field: value})
