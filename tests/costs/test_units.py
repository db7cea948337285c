"""The numbers without a unit: known ones of the scales here, those that tables tell, and what is required."""

import subprocess
import sys

import pandas as pd
import pytest

from pipeline import ROOT
from pipeline.commands import scales as document
from pipeline.config import scales
from pipeline.config.experiments import expand
from pipeline.costs import estimate, measured, units
from pipeline.paper import units as paper
from pipeline.store.artefacts import ArtefactError
from pipeline.store.plan import digests, only
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests import params
from tests.findings.synthetic_tables import BASELINE, build, part_of


@pytest.fixture(scope="module")
def tables() -> Tables:
    return build()


def row(key: str, scale: str = "laptop", *values: float) -> units.Row:
    found = {key: units.Found(values)} if values else {}
    return next(row for row in units.rows(scale, found) if row.key == key)


@pytest.mark.committed
def test_the_papers_own_sizes_give_the_papers_numbers():
    found = {key: number.values for key, number in units.planned(scales.load("paper")).items()}
    assert found["people_a_batch"] == (500,) and found["biographies"] == (32,)
    assert found["new_a_batch"] == (31.25, 125) and found["new_of_old"] == (1 / 16, 1 / 4)
    assert found["tuning_rate"] == pytest.approx((0.075,)) and found["tuning_batch"] == (1,)
    assert found["subset"] == (1 / 8,) and found["warm_up"] == (0.1875,)
    for key, values in found.items():
        assert all(any(v == pytest.approx(known) for known in paper.values()[key]) for v in values), key


def test_the_default_scales_numbers_are_those_of_its_parameters():
    given = scales.load()
    found = {key: number.values for key, number in units.planned(given).items()}
    people, training = given.defaults["population"]["individuals"], given.defaults["training"]
    assert found["people_a_batch"] == (people / training["batch"],)
    assert found["biographies"] == (training["steps"] * training["batch"] / people,)
    assert found["layers"] == (given.defaults["model"]["layers"],)
    assert found["rate"] == (training["learning_rate"],)


def test_the_papers_curves_give_what_its_figures_show():
    found = {key: values[0] for key, values in paper.values().items() if len(values) == 1}
    shown = {
        "exposures": 6.2, "length": 5.2, "families_length": 2.7, "at_1_10": 0.12, "at_1_06": 0.15,
        "accuracy": 0.9995, "attribute_to_name": 0.89, "attribute_to_text": 0.10, "name_to_name": 0.92,
        "spread": 0.023, "tokens_a_value": 3.9,
    }  # fmt: skip
    assert {key: found[key] for key in shown} == pytest.approx(shown, rel=0.04)
    assert set(paper.values()) == set(units.load())


def test_the_paper_is_as_the_scales_must_be():
    for key, number in units.load().items():
        assert all(need.met(paper.values()[key]) for need in number.needs.values()), key


def test_of_a_scale_without_an_experiment_its_numbers_are_left_out():
    whole, part = params.load(), only(params.load(), {"phases", "warm_up"})
    assert set(units.planned(whole)) - set(units.planned(part)) >= {"new_a_batch", "celebrities"}
    default = expand(part)[0].config
    kept = {key: number.values for key, number in units.planned(part).items()}
    assert kept["people_a_batch"] == (default.population.individuals / default.training.batch,)
    assert kept["layers"] == (default.model.layers,) and "warm_up" in kept


def test_what_needs_no_measurement_takes_no_torch_and_no_pandas():
    text = (
        "import sys; from pipeline.config import scales; from pipeline.costs import units\n"
        "print(units.summary('laptop', scales.load()))\n"
        "assert not {'torch', 'pandas', 'tokenizers', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "people / batch" in done.stdout and len(done.stdout.splitlines()) < 10


@pytest.mark.parametrize(
    ("key", "values", "met"),
    [
        ("at_1_06", (0.3,), True),
        ("at_1_06", (0.31,), False),
        ("accuracy", (0.99,), True),
        ("accuracy", (0.98,), False),
        ("length", (4.4,), False),
        ("length", (6.1,), False),
        ("length", (float("nan"),), False),
        ("families_length", (2.7,), True),
        ("new_a_batch", (8, 16, 64, 128), True),
        ("new_a_batch", (16, 64), False),
        ("new_of_old", (1 / 16, 1 / 4), False),
        ("layers", (2,), None),
    ],
)
def test_what_is_required_is_met_or_not(key, values, met):
    assert row(key, "laptop", *values).met is met


def test_a_range_that_is_not_met_is_said():
    assert row("at_1_06", "laptop", 0.44).verdict == "needs at most 0.3: not met"
    assert row("at_1_06", "workstation", 0.25).verdict == "needs at most 0.2: not met"
    assert row("at_1_06", "paper", 0.44).verdict == ""
    assert row("at_1_06").verdict == "needs at most 0.3: not measured" and row("at_1_06").ours == units.DASH
    assert row("length", "laptop", 5).verdict == "needs 4.5 to 6: met"
    few = row("new_of_old", "laptop", 1 / 16, 1 / 3)
    assert few.ours == "1/16, 1/3" and few.verdict == "needs from 1/32 or less to 1/4 or more: not met"


def test_dry_runs_say_what_is_not_met():
    given = params.load()
    told = " ".join(units.summary("laptop", given).split())
    assert "new people / batch 0.5, 2 (7.81 to 125), needs from 16 or less to 125 or more: not met;" in told
    assert "needs" not in units.summary("paper", given), "nothing is required of it"


@pytest.mark.parametrize("entry", [{}, {"low": 1, "reach": True}])
def test_what_requires_nothing_is_refused(entry):
    with pytest.raises(ValueError, match="allowed: low, high or both"):
        units.Need.model_validate(entry)


def test_tables_tell_the_measured_numbers(tables):
    found = {key: number.values[0] for key, number in measured.measured(tables).items()}
    rows = tables.of("phases")
    assert found["length"] == pytest.approx((rows.steps / rows.plateau_end).mean(), rel=0.01)
    assert found["exposures"] == pytest.approx(rows.plateau_end.mean() * 32 / 512, rel=0.01)
    assert found["spread"] == pytest.approx(rows.plateau_end.std() / rows.plateau_end.mean())
    assert found["accuracy"] == pytest.approx(rows.known_accuracy.mean())
    assert 0 < found["at_1_10"] < found["at_1_06"] < 1
    # Attention of the experiment that is observed, at its end: layer 3 is the last.
    assert found["attribute_to_name"] == pytest.approx(0.87 - 0.06)
    assert found["attribute_to_text"] == pytest.approx(0.10 + 0.06)
    assert found["name_to_name"] == pytest.approx(0.90 - 0.02)
    families = tables.of("power_law").query("individuals == 512 and case == 'alpha-0'")
    assert found["families_length"] == pytest.approx((families.steps / families.plateau_end).mean(), rel=0.01)


def test_a_curve_with_known_steps_gives_them():
    """Loss 1.2 b at step 0, down by 0.1 b every 100 steps; t(0.99) at step 210."""
    made = build(seeds=1)
    (run,) = made.of("phases").run
    mine = (made.curves.run == run) & (made.curves.group == "known")
    made.curves.loc[mine, "loss"] = BASELINE * (1.2 - made.curves.step[mine] / 1000)
    made.summary.loc[made.summary.run == run, "plateau_end"] = 210.0
    found = {key: number.values[0] for key, number in measured.measured(made).items()}
    assert found["at_1_10"] == pytest.approx(100 / 210) and found["at_1_06"] == pytest.approx(140 / 210)
    assert "spread" not in found, "one seed has none"


def test_default_runs_that_are_observed_tell_their_attention(tables):
    run = tables.of("phases").run.iloc[0]
    layers = {"run": run, "step": 900, "layer": [1, 2], "name_to_name": [0.9, 0.1]}
    rows = pd.DataFrame(layers | {"attribute_to_name": [0.1, 0.8], "attribute_to_text": [0.2, 0.1]})
    seen = Tables(tables.experiments, tables.runs, tables.curves, tables.summary, {"attention": rows})
    found = {key: number.values for key, number in measured.measured(seen).items()}
    assert found["attribute_to_name"] == (0.8,) and found["name_to_name"] == (0.9,)


def test_a_run_that_stays_on_its_plateau_meets_nothing(tables):
    summary = tables.summary.copy()
    summary.loc[summary.run == tables.of("phases").run.iloc[0], "plateau_end"] = None
    stuck = Tables(tables.experiments, tables.runs, tables.curves, summary)
    found = measured.measured(stuck)
    rows = {row.key: row for row in units.rows("laptop", found)}
    assert rows["length"].ours == rows["spread"].ours == "undefined in a seed"
    assert rows["length"].met is False and rows["accuracy"].ours != units.DASH


def test_tables_without_default_runs_tell_nothing(tables):
    assert measured.measured(part_of(tables, "celebrities")) == {}


def test_tokens_are_those_of_the_tokenizer(run):
    found = estimate.tokens(run)
    assert found["tokens_a_name"].values[0] >= 3 and found["tokens_a_value"].values[0] > 1


def test_tables_of_other_parameters_are_not_taken(tmp_path, monkeypatch, tables):
    monkeypatch.setattr(document, "ROOT", tmp_path)
    given = params.load()
    assert document.tables_of("tests", given) is None
    write(tables, tmp_path / "results" / "tests" / "tables", digests(given))
    assert "phases" in document.tables_of("tests", given)
    edited = given.model_copy(update={"seeds": [7]})
    assert document.tables_of("tests", edited) is None


@pytest.mark.committed
def test_the_document_is_what_plans_and_tables_say():
    assert (ROOT / document.PAGE).read_text() == document.page(), "run `make readme`"


@pytest.mark.committed
def test_the_readmes_table_of_scales_is_what_plans_and_measured_runs_say():
    assert document.table() in (ROOT / "README.md").read_text(), "run `make readme`"


def test_without_a_measured_run_no_hours_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(document, "ROOT", tmp_path)
    with pytest.raises(ArtefactError, match="no run tells"):
        document.table()
