"""The probability of every value, beside the plain way: each value read by itself."""

import pytest
import torch

from pipeline.config import run as cfg
from pipeline.data.pools import ATTRIBUTES
from pipeline.model.transformer import Transformer
from pipeline.training import answers


@pytest.fixture
def model(population):
    torch.manual_seed(1)
    return Transformer(cfg.Model(layers=2, width=16, heads=2), population.vocabulary, 200)


def segment(population, k):
    start = population.segment_start[k]
    return population.bank[start : start + population.segment_length[k]].tolist()


def plainly(model, population, name, attribute, template):
    """One sequence a value, each token's probability after all that comes before it."""
    part = 1 + (attribute * 25 + template) * 3
    prompt = segment(population, 0) + segment(population, part) + list(name) + segment(population, part + 1)
    out = []
    for v in range(len(population.schema.attributes[attribute].values)):
        value, p = segment(population, population.first_value_segment[attribute] + v), 1.0
        for n, token in enumerate(value):
            with torch.no_grad():
                logits = model.logits(model.hidden(torch.tensor([prompt + value[:n]])))[0, -1]
            p *= torch.softmax(logits.double(), -1)[token].item()
        out.append(p)
    return torch.tensor(out, dtype=torch.float64)


@pytest.mark.parametrize("attribute", [0, 1, 5], ids=lambda a: ATTRIBUTES[a])
@pytest.mark.parametrize("chunk", [3, 512])
def test_probabilities_are_those_of_each_value_read_by_itself(
    model, population, attribute, chunk, monkeypatch
):
    monkeypatch.setattr(answers, "_CHUNK", chunk)
    name = tuple(segment(population, population.first_name_segment + 7))
    found = answers.probabilities(model, population, name, attribute, [0, 24])
    plain = sum(plainly(model, population, name, attribute, t) for t in (0, 24)) / 2
    torch.testing.assert_close(found, plain, rtol=1e-4, atol=0)
    assert 0 < found.sum() < 1


def test_names_and_templates_matter(model, population):
    names = [tuple(segment(population, population.first_name_segment + i)) for i in (7, 8)]
    one, other = (answers.probabilities(model, population, name, 2, [0]) for name in names)
    assert not torch.allclose(one, other)
    assert not torch.allclose(one, answers.probabilities(model, population, names[0], 2, [1]))
