"""A small model and the people that it is measured on."""

import pytest
import torch

from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.data.sampler import Sampler
from pipeline.model.transformer import Transformer


@pytest.fixture
def sampler(population):
    return Sampler(population, distributions.Uniform(), seed=1)


@pytest.fixture
def model(population):
    torch.manual_seed(1)
    return Transformer(cfg.Model(layers=2, width=16, heads=2), population.vocabulary, 200)
