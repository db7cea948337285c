"""The few numbers that are compared between commits."""

import json

import numpy as np
import pytest

from pipeline.findings.metrics import learning_curve, metrics
from tests.findings.synthetic_tables import build

CLAIMS = [
    {"origin": "P", "verdict": "reproduced", "size": "same size", "calibrated": False},
    {"origin": "P", "verdict": "undecided", "size": None, "calibrated": True},
    {"origin": "O", "verdict": "not run", "size": None, "calibrated": False},
]


@pytest.fixture
def tables():
    return build()


def of_the_default(tables) -> dict:
    (found,) = metrics(tables, CLAIMS)["phases"].values()
    return found


def test_means_over_seeds_geometric_of_losses(tables):
    rows = tables.of("phases")
    assert len(rows) > 2 and rows.known_loss.nunique() > 1
    assert of_the_default(tables) == {
        "plateau_end": pytest.approx(rows.plateau_end.mean(), abs=0.05),
        "final_loss": pytest.approx(np.exp(np.log(rows.known_loss / rows.baseline).mean()), abs=5e-5),
        "final_accuracy": pytest.approx(rows.known_accuracy.mean(), abs=5e-5),
    }


def test_verdicts_on_the_papers_claims_are_counted(tables):
    """Those that calibration looked at also apart."""
    found = metrics(tables, CLAIMS)
    assert found["verdicts"] == {"reproduced": 1, "undecided": 1}
    assert found["calibrated"] == {"undecided": 1} and found["sizes"] == {"same size": 1}


def test_what_some_seed_lacks_has_no_number(tables):
    """A seed on its plateau; runs that ended early, without final values."""
    one = tables.of("phases").run.iloc[0]
    at = tables.summary.run == one
    tables.summary.loc[at, ["plateau_end", "known_loss", "known_accuracy"]] = np.nan
    found = of_the_default(tables)
    assert set(found.values()) == {None}
    json.dumps(metrics(tables, CLAIMS), allow_nan=False)


def test_the_learning_curve_is_the_mean_of_the_seeds(tables):
    curve = learning_curve(tables).set_index("step")
    runs = tables.of("phases").run
    seeds = [tables.curve(run, "new").set_index("step").loss for run in runs]
    assert np.allclose(curve.new_loss, sum(seeds) / len(seeds))
    assert {"known_loss", "known_accuracy", "new_accuracy"} <= set(curve)
