"""People who are rows of a table: from the parameters to batches, and what a model of them is measured on."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import distributions, scales
from pipeline.config import population as asked
from pipeline.config import run as cfg
from pipeline.config.errors import ConfigError
from pipeline.config.experiments import expand
from pipeline.config.facts import table
from pipeline.data import entropies, source, tabled
from pipeline.data import tokenizer as tok
from pipeline.data.drawing import draw
from pipeline.data.population import Population
from pipeline.data.sampler import VALUE, Sampler, probabilities
from pipeline.data.schema import MISSING
from pipeline.model.transformer import Transformer
from pipeline.probes.recall import measure
from pipeline.stages.dataset import text
from pipeline.store.artefacts import seal
from pipeline.training.trained import HELD_OUT, MADE_UP, SEEN, Trained
from tests.facts.tables import HEADER, folder, rows, separated

ROWS = 60


def given_rows():
    return rows(ROWS)


@pytest.fixture(scope="module")
def who(tmp_path_factory) -> asked.Population:
    path = folder(tmp_path_factory.mktemp("facts"), separated([HEADER, *given_rows()]))
    found = table.read(path)
    facts = asked.Facts(folder=str(path), digest=found.digest, rows=ROWS, marked=8, frequencies=True)
    return asked.Population(individuals=52, unseen=8, facts=facts, vocabulary=300)


@pytest.fixture(scope="module")
def tokenizer(who):
    return tok.train(source.schema(who), who.vocabulary)


@pytest.fixture(scope="module")
def population(who, tokenizer) -> Population:
    return draw(who, 3, tokenizer)


def sampler(population, seed=1):
    return Sampler(population, distributions.Uniform(), seed)


def test_everybody_is_a_row_and_has_its_values(population):
    cells = {row[0]: row for row in given_rows()}
    names = [population.name_text(person) for person in range(population.people)]
    assert sorted(names) == sorted(cells)
    for person, name in enumerate(names):
        assert (cells[name][4] == "1") == (person >= 52), "marked rows are never pre-trained on"
        for a, attribute in enumerate(population.schema.attributes):
            value, cell = population.values[person, a], cells[name][1 + a]
            assert cell == ("" if value == MISSING else attribute.values[value])


def test_seeds_choose_rows_and_fewer_may_be_asked_for(who, tokenizer):
    few = who.model_copy(update={"individuals": 20, "unseen": 4})
    one, other = draw(few, 1, tokenizer), draw(few, 2, tokenizer)
    assert one.people == 24 and not np.array_equal(one.names, other.names)


@pytest.mark.parametrize("train", [True, False])
def test_biographies_state_what_the_row_has_and_nothing_else(population, tokenizer, train):
    drawn = sampler(population)
    batch = drawn.batch(0, 300) if train else drawn.evaluation_batch(0, 52, 300, 300)
    drawn.assert_no_leak()
    cells = {row[0]: row for row in given_rows()}
    for row, biography in enumerate(text(batch, population, tokenizer)):
        person = int(batch.individuals[row])
        values = [cell for cell in cells[population.name_text(person)][1:3] if cell]
        sentences = [sentence.strip() for sentence in biography.split(".") if sentence]
        assert len(sentences) == len(values)
        assert all(any(value in sentence for sentence in sentences) for value in values)
        assert all(population.name_text(person) in sentence for sentence in sentences)
    assert int(drawn.count(batch)) == sum(len(t.split(".")) - 1 for t in text(batch, population, tokenizer))
    said = batch.kind == VALUE
    assert set(batch.attribute[said].tolist()) == {0, 1}


def test_templates_are_split_for_everybody(population):
    """Three of four, and four of five, are trained on: each person has others."""
    order = population.template_order
    assert order.shape == (60, 2, 5)
    assert (np.sort(order[:, 0, :4], -1) == np.arange(4)).all() and (order[:, 0, 4] == 4).all()
    assert (np.sort(order[:, 1], -1) == np.arange(5)).all()
    assert [(a.train, a.held_out) for a in population.schema.attributes] == [(3, 1), (4, 1)]
    drawn = sampler(population)
    train = [drawn.batch(step, 200) for step in range(20)]
    held_out = drawn.evaluation_batch(0, 52, 2000, 2000)

    def pairs(batch, a):
        return {(int(i), int(t)) for i, t in zip(batch.individuals, batch.templates[:, a], strict=True)}

    for a, lines in enumerate((4, 5)):
        trained = set.union(*(pairs(batch, a) for batch in train))
        assert len(trained) == 52 * (lines - 1) and len(pairs(held_out, a)) == 52
        assert not trained & pairs(held_out, a)


def test_the_longest_biography_is_as_long_as_any(population):
    batch = sampler(population).batch(0, 5000)
    longest = int((batch.kind != 0).sum(1).max())
    assert longest <= population.longest_biography() <= longest + 4
    mean = (batch.kind != 0).sum(1).float().mean().item()
    assert population.meta["tokens_per_biography"] == pytest.approx(mean, rel=0.03)


def test_recall_is_of_the_values_that_are_there(population):
    """A row without a river is no right answer about rivers, and no wrong one."""

    class Knows:
        def __init__(self, of: Sampler):
            self.of = of

        def hidden(self, tokens, packing, rows):
            return tokens[:, None]

        def logits(self, _selected):
            batch = self.of.evaluation_batch(0, 52, 104, 104)
            answer = batch.tokens[:, 1:][batch.kind[:, 1:] == VALUE]
            return 50.0 * torch.nn.functional.one_hot(answer, population.vocabulary)

    drawn = sampler(population)
    found = measure(Knows(drawn), drawn, 0, 52, 104)
    stated = population.stated[:52].sum(0) * 2
    assert found.values.tolist() == stated.tolist() and found.accuracy.tolist() == [1, 1]
    torch.manual_seed(0)
    model = Transformer(
        cfg.Model(layers=1, width=16, heads=2), population.vocabulary, population.longest_biography()
    )
    plain = measure(model, drawn, 0, 52, 104)
    batch = drawn.evaluation_batch(0, 52, 104, 104)
    with torch.no_grad():
        log = model.logits(model.hidden(batch.tokens)).log_softmax(-1)
    losses = -log[:, :-1].gather(2, batch.tokens[:, 1:, None])[..., 0]
    for a in range(2):
        mine = (batch.kind[:, 1:] == VALUE) & (batch.attribute[:, 1:] == a)
        assert plain.loss[a].item() == pytest.approx(losses[mine].sum().item() / int(stated[a]), rel=1e-4)


def test_nobody_with_a_value_is_no_measure(who, tokenizer, population):
    """As where the few rows that are held out all lack one."""
    silent = population.values.copy()
    silent[52:, 1] = MISSING
    drawn = sampler(Population(**{**population.__dict__, "values": silent}))
    model = Transformer(
        cfg.Model(layers=1, width=16, heads=2), population.vocabulary, population.longest_biography()
    )
    found = measure(model, drawn, 52, 8, 32)
    assert found.values.tolist() == [32, 0] and found.loss.isnan().tolist() == [False, True]
    assert found.summary()["loss"] == found.loss[0].item()
    assert np.isfinite(list(found.summary().values())).all()


@pytest.mark.parametrize("power", [0.5, 1, 3])
def test_frequencies_are_drawn_from(population, power):
    kind = distributions.Frequencies(kind="frequencies", power=power)
    ((_, p),) = probabilities(kind, 52, population.people, 10, population.frequencies)
    cells = {row[0]: float(row[3]) for row in given_rows()}
    expected = np.array([cells[population.name_text(k)] ** power for k in range(52)])
    np.testing.assert_allclose(p[:52], expected / expected.sum())
    assert not p[52:].any()


def test_frequencies_need_a_table_that_has_them(run, who):
    kind = {"kind": "frequencies"}
    known = cfg.RunConfig.model_validate(
        run.model_dump() | {"population": who.model_dump(), "distribution": kind}
    )
    assert known.id.startswith("frequencies1-n52-")
    unknown = who.model_dump()
    unknown["facts"]["frequencies"] = False
    for population in (run.population.model_dump(), unknown):
        with pytest.raises(ValueError, match="that has a column of them"):
            cfg.RunConfig.model_validate(run.model_dump() | {"population": population, "distribution": kind})


def test_saved_and_loaded_without_its_table(population, tmp_path):
    population.save(tmp_path)
    seal(tmp_path, ["people.safetensors", "population.json"])
    loaded = Population.load(tmp_path)
    assert loaded.schema == population.schema and loaded.meta == population.meta
    assert loaded.config == population.config and (loaded.values == population.values).all()
    assert (loaded.frequencies == population.frequencies).all()


def test_the_content_is_the_identity(who, run, tmp_path):
    """A table that lies elsewhere is the same; one row changed is another, and is not taken for it."""
    elsewhere = who.model_copy(update={"facts": who.facts.model_copy(update={"folder": str(tmp_path)})})
    ours, theirs = (run.model_copy(update={"population": each}) for each in (who, elsewhere))
    assert ours.id == theirs.id and ours.population_id == theirs.population_id
    changed = given_rows()
    changed[5][1] = "Land 4"
    folder(tmp_path, separated([HEADER, *changed]))
    with pytest.raises(ConfigError, match="the table is another by now"):
        tabled.facts(elsewhere)
    reread = cfg.RunConfig.model_validate_json(ours.model_dump_json())
    assert reread == ours and reread.id == ours.id


def test_the_baseline_is_of_the_columns(population):
    cells = given_rows()
    plain = [entropies.entropy([row[1 + a] for row in cells]) for a in range(2)]
    assert plain[0] == pytest.approx(np.log(5))
    assert population.baseline == pytest.approx(np.mean(plain)), "no column tells of another here"


def test_a_column_that_determines_another_leaves_less_to_know(tmp_path):
    """City district -> country: what is read first tells the other in half of the biographies."""
    columns = {
        "country": [f"Land {k % 4}" for k in range(ROWS)],
        "district": [f"District {k % 12}" for k in range(ROWS)],
        "key": [f"Key {k}" for k in range(ROWS)],
    }
    found = entropies.determined(columns)
    assert found == {"country": ["district"], "district": [], "key": []}, "a key tells nothing in general"
    alone = {name: entropies.entropy(cells) for name, cells in columns.items()}
    told = entropies.told(alone, found)
    assert told["country"] == pytest.approx(np.log(4) / 2) and told["district"] == pytest.approx(np.log(12))


CELLS = st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=4, max_size=30)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*[st.sampled_from(["", "a", "b", "c"])] * 2), min_size=4, max_size=30))
def test_determination_is_as_defined(cells):
    one, two = zip(*cells, strict=True)
    both = [(a, b) for a, b in cells if a and b]
    kinds = {b for _, b in both}
    expected = bool(both) and len({*both}) == len(kinds) and len(both) >= 2 * len(kinds)
    assert entropies.determined({"one": one, "two": two})["one"] == (["two"] if expected else [])


def overlay(tmp_path, monkeypatch, lines: str) -> None:
    """A scale `mine` in a copy of the project's parameters."""
    (tmp_path / "scales").mkdir()
    (tmp_path / "params.yaml").write_text((scales.ROOT / "params.yaml").read_text())
    (tmp_path / "scales" / "mine.yaml").write_text(lines)
    monkeypatch.setattr(scales, "ROOT", tmp_path)


SCALE = """
defaults:
  population: {{facts: cities{more}}}
experiments:
  phases: {{{set}}}
"""


@pytest.mark.parametrize("marks", [True, False])
def test_a_scale_takes_all_rows(tmp_path, monkeypatch, marks):
    content = separated([HEADER, *given_rows()])
    folder(tmp_path / "cities", content, held_out="apart" if marks else None)
    overlay(tmp_path, monkeypatch, SCALE.format(more="", set=""))
    who = scales.load("mine").defaults["population"]
    assert (who["individuals"], who["unseen"]) == ((52, 8) if marks else (48, 12))
    assert asked.Population.model_validate(who).shuffled


REFUSED = {
    "too many": (
        ", individuals: 60",
        "",
        "individuals + unseen is 72, allowed: at most 60, the table's rows",
    ),
    "too many of a run": ("", "set: {population.individuals: 49}", "individuals + unseen is 61, allowed"),
    "pools too": (", pools: {cities: 4}", "", "population.pools"),
    "a key that there is not": (", people: 4", "", "population.people: unknown key"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_scales_that_are_refused(tmp_path, monkeypatch, case):
    more, changes, said = REFUSED[case]
    folder(tmp_path / "cities", separated([HEADER, *given_rows()]), held_out=None)
    overlay(tmp_path, monkeypatch, SCALE.format(more=more, set=changes))
    with pytest.raises(ConfigError, match="population") as error:
        expand(scales.load("mine"))
    assert said in str(error.value), error.value


def test_a_damaged_table_is_one_line(tmp_path, monkeypatch):
    overlay(tmp_path, monkeypatch, SCALE.format(more="", set=""))
    with pytest.raises(ConfigError, match=r"facts\.yaml: not there; .*--init"):
        scales.load("mine")
    folder(tmp_path / "cities", separated([HEADER, *given_rows()[:5]]), held_out=None)
    with pytest.raises(ConfigError, match=r"5 rows, allowed: 16 or more"):
        scales.load("mine")


def test_a_model_of_a_table_can_be_asked(run, who, population, tokenizer):
    of_table = run.model_copy(update={"population": who})
    model = Transformer(of_table.model, population.vocabulary, population.longest_biography())
    trained = Trained(of_table, model, population, tokenizer)
    lacking = next(k for k in range(52) if not population.stated[k, 1])
    person = trained.person(population.name_text(lacking))
    country, river = trained.ask(person)
    assert (person.kind, country.attribute, river.truth) == (SEEN, "country", None)
    assert country.truth in dict(country.values) and len(country.values) == 5
    assert trained.person(population.name_text(52)).kind == HELD_OUT
    names = {population.name_text(k) for k in range(population.people)}
    made_up = trained.some(MADE_UP, 3)
    assert len({p.name for p in made_up} - names) == 3 and made_up == trained.some(MADE_UP, 3)
    assert trained.ask(made_up[0])[0].truth is None
    with pytest.raises(ConfigError, match="given 'Żółw', allowed: a word that somebody of the run is called"):
        trained.person("City Żółw")


def test_the_most_frequent_come_first(population):
    cells = {row[0]: float(row[3]) for row in given_rows()}
    known = [cells[population.name_text(k)] for k in range(52)]
    assert known == sorted(known, reverse=True)
    parts = distributions.Frequencies(kind="frequencies").parts(52)
    assert list(parts.values()) == [(0, 13), (13, 13), (26, 13), (39, 13)]
