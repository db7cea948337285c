"""Asking a trained run: who a name is, what is answered at which step, and what is refused in one line."""

import json
import sys

import pytest

from pipeline import ROOT
from pipeline.commands import ask
from pipeline.config import distributions
from pipeline.config import run as cfg
from pipeline.config.errors import ConfigError
from pipeline.data.pools import ATTRIBUTES, pool
from pipeline.stages.train import write
from pipeline.store.artefacts import ArtefactError, seal, verify
from pipeline.store.files import write_atomically
from pipeline.training.loop import Trainer
from pipeline.training.trained import HELD_OUT, MADE_UP, SEEN, TUNED, Trained, steps
from tests.conftest import POOLS

INPUTS = {"population": "p" * 64, "code": "c" * 64}


@pytest.fixture(scope="module")
def folder(run, population, tokenizer, tmp_path_factory):
    """A long observed run, one that is not observed and one that is fine-tuned, with their people."""
    results = tmp_path_factory.mktemp("results")
    training = run.training.model_copy(update={"steps": 150})
    evaluation = run.evaluation.model_copy(update={"slots": 3})
    given = dict(run) | {"training": training, "evaluation": evaluation}
    observed = cfg.RunConfig.model_validate(
        given | {"observe": cfg.Observation(sequences=8, snapshots=[0, 75, 150])}
    )
    plain = cfg.RunConfig.model_validate(dict(run))
    tuned = cfg.RunConfig.model_validate(
        dict(run) | {"base": plain, "distribution": distributions.Replay(kind="replay", new=4)}
    )
    write(results / "runs" / "observed", observed, INPUTS, Trainer(observed, population).train())
    first = Trainer(plain, population).train()
    write(results / "runs" / "plain", plain, INPUTS, first)
    weights = first.model.state_dict()
    write(results / "runs" / "tuned", tuned, INPUTS, Trainer(tuned, population, weights).train())
    people = results / "populations" / run.population_id
    population.save(people)
    write_atomically(people / "tokenizer.json", tokenizer.to_str())
    seal(people, ["people.safetensors", "population.json", "tokenizer.json"])
    return results / "runs"


def said(monkeypatch, capsys, *args) -> str:
    monkeypatch.setattr(sys, "argv", ["ask", *map(str, args)])
    ask.main()
    return capsys.readouterr().out


def test_a_trained_model_knows_its_people_and_nobody_else(folder, population):
    trained = Trained.load(folder / "observed")
    right = {SEEN: [], HELD_OUT: []}
    for kind, found in right.items():
        for person in trained.some(kind, 12):
            found += [answer.values[0][0] == answer.truth for answer in trained.ask(person)]
    assert sum(right[SEEN]) / 72 > 2 * sum(right[HELD_OUT]) / 72
    fresh = Trained.load(folder / "observed", 0)
    assert max(answer.values[0][1] for answer in fresh.ask(fresh.some(SEEN, 1)[0])) < 0.2


def test_who_a_name_is(folder, population):
    trained, tuned = (Trained.load(folder / name) for name in ("observed", "tuned"))
    person = trained.person(f"  {population.name_text(3)} ".replace(" ", "  "))
    assert (person.index, person.kind, person.name) == (3, SEEN, population.name_text(3))
    assert trained.person(population.name_text(40)).kind == HELD_OUT
    assert tuned.person(population.name_text(40)).kind == TUNED
    assert tuned.person(population.name_text(44)).kind == HELD_OUT and len(tuned.some(TUNED, 99)) == 4
    made_up = trained.some(MADE_UP, 5)
    names = {population.name_text(i) for i in range(population.people)}
    assert len({p.name for p in made_up} - names) == 5 and made_up == trained.some(MADE_UP, 5)
    assert {p.kind for p in made_up} == {MADE_UP}
    answers = trained.ask(made_up[0])
    assert [a.attribute for a in answers] == list(ATTRIBUTES)
    assert {(a.truth, a.of_truth) for a in answers} == {(None, None)}
    for answer in answers:
        ps = [p for _, p in answer.values]
        assert ps == sorted(ps, reverse=True)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("James Smith", "name: given 'James Smith', allowed: two given names and a surname"),
        ("James Xy Smith", "name: given 'Xy', allowed: one of the run's 12 given names: "),
        ("James James James", "name: given 'James', allowed: one of the run's 20 surnames: "),
    ],
)
def test_names_that_are_refused(folder, name, refused):
    with pytest.raises(ConfigError, match=refused):
        Trained.load(folder / "plain").person(name)


def test_a_word_that_nobody_is_called_has_no_tokens(folder):
    trained = Trained.load(folder / "plain")
    trained.population = trained.population.__class__(
        **{**trained.population.__dict__, "token_ids": trained.population.token_ids[:3]}
    )
    name = f"{pool('given_names')[0]} {pool('given_names')[1]} {pool('surnames')[POOLS['surnames'] - 1]}"
    trained._numbers.clear()
    with pytest.raises(ConfigError, match="a word that somebody of the run is called"):
        trained.person(name)


def test_checkpoints(folder):
    assert steps(folder / "observed") == [0, 75, 150] and steps(folder / "plain") == [12]
    with pytest.raises(ConfigError, match="at: given 7, allowed: one of 0, 75, 150"):
        Trained.load(folder / "observed", 7)
    with pytest.raises(ConfigError, match="at: given 7, allowed: 12, as it is not observed"):
        Trained.load(folder / "plain", 7)


def test_what_is_missing_is_named_with_the_command_that_helps(folder, tmp_path):
    with pytest.raises(ArtefactError, match="no run there; `snakemake --cores all phases`"):
        Trained.load(tmp_path)
    (tmp_path / "config.json").write_text((folder / "plain" / "config.json").read_text())
    with pytest.raises(ArtefactError, match=r"without weights; .*dvc pull"):
        Trained.load(tmp_path)


def test_the_command_tells_of_one_of_each_kind(folder, monkeypatch, capsys):
    out = said(monkeypatch, capsys, "--run", folder / "tuned")
    headers = [line for line in out.splitlines() if not line.startswith(" ")]
    assert [any(f"({kind}" in line for line in headers) for kind in (SEEN, TUNED, HELD_OUT, MADE_UP)] == [
        True
    ] * 4
    assert len(headers) == 4 and out.count("birth date") == 4 and "; truth: " in out


def test_the_command_tells_of_each_checkpoint(folder, population, monkeypatch, capsys):
    out = said(monkeypatch, capsys, "--run", folder / "observed", population.name_text(0), "--at", "all")
    assert [f"step {step}" in out for step in (0, 75, 150)] == [True] * 3
    last = out.partition("step 150")[2]
    assert last.count("*") >= 3, "most of the person is known by then"
    with pytest.raises(ConfigError, match="at: given 'x', allowed: a step, or all"):
        said(monkeypatch, capsys, "--run", folder / "plain", "--at", "x")


def test_answers_over_training_are_written_for_the_page(folder, tmp_path, monkeypatch, capsys):
    said(monkeypatch, capsys, "--run", folder / "observed", "--out", tmp_path / "answers.json")
    verify(tmp_path, "answers.json", manifest="answers.manifest.json")
    found = json.loads((tmp_path / "answers.json").read_text())
    assert found["steps"] == [0, 75, 150] and len(found["people"]) == 9
    for person in found["people"].values():
        assert set(person["answers"]) == set(ATTRIBUTES)
        for answers in person["answers"].values():
            assert len(answers) == 3
            assert all((a["truth"] is None) == (person["kind"] == MADE_UP) for a in answers)
            assert all(0 <= a["probability"] <= 1 for a in answers)


def test_the_card_loads_a_model_in_three_lines(folder, population, capsys):
    card = (ROOT / "docs" / "model-card.md").read_text()
    code = card.partition("```python\n")[2].partition("```")[0]
    for given, mine in (
        ("results/laptop/runs/RUN", folder / "plain"),
        ("James Lee Smith", population.name_text(0)),
    ):
        assert given in code
        code = code.replace(given, str(mine))
    exec(code, {})
    assert capsys.readouterr().out.startswith("[('")
