"""People that are drawn and people that are read go one way: a population that is written as a table says the
same, token by token."""

import numpy as np
import pytest

from pipeline.config import distributions
from pipeline.config import population as asked
from pipeline.config.facts import table
from pipeline.data.drawing import draw
from pipeline.data.population import Population
from pipeline.data.sampler import Sampler
from pipeline.stages.dataset import text
from tests.facts.tables import folder, separated


@pytest.fixture(scope="module")
def read(population: Population, tokenizer, tmp_path_factory) -> Population:
    """The drawn population, out of a table that has its names, values and sentences."""
    said = population.schema
    header = ["city", *said.names]
    rows = [
        [
            population.name_text(person),
            *(a.values[v] for a, v in zip(said.attributes, population.values[person], strict=True)),
        ]
        for person in range(population.people)
    ]
    sentences = {
        a.name: [f"{before}[X]{between}[Y]{after}".strip() for before, between, after in a.templates]
        for a in said.attributes
    }
    path = folder(
        tmp_path_factory.mktemp("people"), separated([header, *rows]), "people.csv",
        attributes=sentences, frequencies=None, held_out=None,
    )  # fmt: skip
    found = table.read(path)
    facts = asked.Facts(folder=str(path), digest=found.digest, rows=len(found))
    who = asked.Population(
        individuals=population.config.individuals,
        unseen=population.config.unseen,
        facts=facts,
        vocabulary=population.config.vocabulary,
    )
    return draw(who, 3, tokenizer)


def sentence(of: Population, person: int, attribute: int, template: int) -> list[int]:
    """Tokens of a sentence in the tokenizer's numbers, from the bank's segments as they are documented."""
    first = of.schema.first_part[attribute] + 3 * template
    value = of.first_value_segment[attribute] + of.values[person, attribute]
    segments = [first, of.first_name_segment + person, first + 1, value, first + 2]
    ends = of.segment_start + of.segment_length
    return [int(of.token_ids[t]) for s in segments for t in of.bank[of.segment_start[s] : ends[s]]]


def test_everybody_is_there_with_the_same_sentences_to_the_token(population, read):
    names = {population.name_text(person): person for person in range(population.people)}
    assert sorted(names) == sorted(read.name_text(person) for person in range(read.people))
    for row in range(read.people):
        person = names[read.name_text(row)]
        for a, attribute in enumerate(population.schema.attributes):
            assert read.schema.attributes[a].templates == attribute.templates
            for template in range(len(attribute.templates)):
                assert sentence(read, row, a, template) == sentence(population, person, a, template)


def test_templates_are_split_alike(population, read):
    for ours, theirs in zip(population.schema.attributes, read.schema.attributes, strict=True):
        assert (ours.train, ours.held_out) == (theirs.train, theirs.held_out)
    assert population.template_order.shape == read.template_order.shape


def test_biographies_are_the_same_where_the_same_is_drawn(population, read, tokenizer):
    """With people in one order and with one split of the templates, batches say the same to the letter."""
    names = {population.name_text(person): person for person in range(population.people)}
    order = [names[read.name_text(row)] for row in range(read.people)]
    assert sorted(order) == list(range(population.people)) and order != sorted(order)
    back = np.argsort(order)
    names_first = read.first_name_segment
    start, length = read.segment_start.copy(), read.segment_length.copy()
    rows = slice(names_first, names_first + read.people)
    start[rows], length[rows] = start[rows][back], length[rows][back]
    sorted_back = Population(
        **{
            **read.__dict__,
            "names": read.names[back], "values": read.values[back],
            "template_order": population.template_order,
            "segment_start": start, "segment_length": length,
        }
    )  # fmt: skip
    drawn = (Sampler(of, distributions.Uniform(), seed=1).batch(3, 64) for of in (population, sorted_back))
    ours, theirs = (
        text(batch, of, tokenizer) for batch, of in zip(drawn, (population, sorted_back), strict=True)
    )
    assert ours == theirs
