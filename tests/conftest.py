"""Small but real objects: the same code as any scale, with smaller numbers."""

import os

os.environ.setdefault("PIPELINE_COMPILE", "0")  # tests are too short to repay compiling

import pytest
import torch

from pipeline.config import distributions
from pipeline.config import population as people
from pipeline.config import run as cfg
from pipeline.data import source
from pipeline.data import tokenizer as tok
from pipeline.data.drawing import draw
from pipeline.data.population import Population
from tests import tree

torch.set_num_threads(1)

POOLS = {
    "given_names": 12,
    "surnames": 20,
    "cities": 16,
    "universities": 8,
    "majors": 6,
    "companies": 10,
    "years": 3,
    "months": 4,
    "days": 5,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever edits parameters, or makes results, has no use for what is said of the committed ones."""
    about_committed = [item for item in items if item.get_closest_marker("committed")]
    if about_committed and (why := tree.edited()):
        for item in about_committed:
            item.add_marker(pytest.mark.skip(reason=f"about files as they were committed: {why}"))


@pytest.fixture(scope="session")
def population_config() -> cfg.Population:
    return cfg.Population(
        individuals=40,
        unseen=24,
        vocabulary=1200,
        pools=people.Pools(**POOLS),
        templates=people.Templates(train=20, evaluation=5),
    )


@pytest.fixture(scope="session")
def tokenizer(population_config):
    return tok.train(source.schema(population_config), population_config.vocabulary)


@pytest.fixture(scope="session")
def population(population_config, tokenizer) -> Population:
    return draw(population_config, seed=3, tokenizer=tokenizer)


@pytest.fixture(scope="session")
def run(population_config) -> cfg.RunConfig:
    return cfg.RunConfig(
        seed=3,
        population=population_config,
        distribution=distributions.Uniform(),
        model=cfg.Model(layers=2, width=32, heads=2),
        training=cfg.Training(batch=8, steps=12, learning_rate=1e-2),
        evaluation=cfg.Evaluation(
            sequences=16, final_sequences=32, dense_every=0.25, dense_until=0.5, slots=3
        ),
    )
