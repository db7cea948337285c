"""Properties of drawn populations (hypothesis) and of the real pools (paper, section 2, appendix B.1)."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.config import population as asked
from pipeline.config.population import POOL_SIZES
from pipeline.data.drawing import draw
from pipeline.data.pools import pool
from pipeline.data.population import Population
from pipeline.data.synthetic import schema
from pipeline.store.artefacts import seal


@pytest.mark.parametrize("name", POOL_SIZES)
def test_pool_entries_are_distinct_text(name):
    entries = pool(name)
    assert len({e.casefold() for e in entries}) == len(entries) == POOL_SIZES[name]
    for entry in entries:
        assert entry == entry.strip() and entry.isascii() and "[" not in entry and "  " not in entry


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    individuals=st.integers(1, 300),
    unseen=st.integers(1, 100),
    seed=st.integers(0, 2**31 - 1),
    train=st.integers(1, 20),
)
def test_any_population_is_consistent(population_config, tokenizer, individuals, unseen, seed, train):
    who = population_config.model_copy(
        update={
            "individuals": individuals,
            "unseen": unseen,
            "templates": asked.Templates(train=train, evaluation=25 - train),
        }
    )
    people = draw(who, seed, tokenizer)
    assert people.people == individuals + unseen
    assert len(np.unique(people.names, axis=0)) == people.people, "names are unique"
    assert (np.sort(people.template_order, -1) == np.arange(25)).all(), "each order is a permutation"
    for a, attribute in enumerate(people.schema.attributes):
        assert people.values[:, a].min() >= 0 and people.values[:, a].max() < len(attribute.values)
    lengths = people.segment_length
    assert (people.segment_start[1:] == np.cumsum(lengths)[:-1]).all() and lengths.sum() == len(people.bank)
    assert people.bank.min() >= 1 and people.bank.max() < people.vocabulary, "padding spells nothing"


def test_the_bank_spells_names_and_values(population, tokenizer):
    def spelled(segment):
        start, length = population.segment_start[segment], population.segment_length[segment]
        return tokenizer.decode(population.token_ids[population.bank[start : start + length]].tolist())

    for person in range(population.people):
        assert spelled(population.first_name_segment + person) == " " + population.name_text(person)
    for a, attribute in enumerate(population.schema.attributes):
        for v, text in enumerate(attribute.values):
            assert spelled(population.first_value_segment[a] + v) == " " + text


def test_values_are_uniform_and_independent(population_config, tokenizer):
    people = draw(population_config.model_copy(update={"individuals": 1000}), 0, tokenizer)
    for a, attribute in enumerate(people.schema.attributes):
        counts = np.bincount(people.values[:, a], minlength=len(attribute.values))
        assert stats.chisquare(counts).pvalue > 1e-4
    table = np.histogram2d(people.values[:, 1], people.values[:, 2], bins=(4, 4))[0]
    assert stats.chi2_contingency(table).pvalue > 1e-4, "birth city and current city"


def test_a_population_is_a_function_of_its_seed(population, population_config, tokenizer):
    again, other = draw(population_config, 3, tokenizer), draw(population_config, 4, tokenizer)
    assert (again.names == population.names).all() and (again.values == population.values).all()
    assert not (other.values == population.values).all()


def test_saved_and_loaded_alike(population, tmp_path):
    population.save(tmp_path)
    seal(tmp_path, ["people.safetensors", "population.json"])
    loaded = Population.load(tmp_path)
    assert loaded.config == population.config and loaded.meta == population.meta
    for name in ("names", "values", "template_order", "bank", "segment_start", "segment_length", "token_ids"):
        assert (getattr(loaded, name) == getattr(population, name)).all()


def test_baseline_of_the_papers_pools(population_config):
    """Section 1.6 of the paper's task: (2 ln 800 + ln 200 + ln 100 + ln 500 + ln D) / 6."""
    pools = asked.Pools(
        given_names=900, surnames=1000, cities=800, universities=200, majors=100, companies=500,
        years=201, months=12, days=31,
    )  # fmt: skip
    said = schema(population_config.model_copy(update={"pools": pools}))
    assert said.baseline == pytest.approx(6.7849, abs=1e-4)
    assert said.baseline == pytest.approx(np.mean([math.log(len(a.values)) for a in said.attributes]))
