"""Effects over numbers of people, and their extrapolation to the paper's."""

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from pipeline.findings.trend import trend
from pipeline.paper.units import PEOPLE

SIZES = [1024, 2048, 4096]


def ratios(slope: float, at_paper: float, noise: float, seeds: int = 5) -> pd.DataFrame:
    """(sizes, seeds) of a line in log N that each seed has a version of."""
    rng = np.random.default_rng(0)
    x = np.log(np.array(SIZES) / PEOPLE)
    logs = math.log(at_paper) + slope * x[:, None] + noise * rng.normal(size=(3, seeds))
    logs += 2 * noise * rng.normal(size=seeds)  # what a seed does at every size
    return pd.DataFrame(np.exp(logs), index=SIZES)


def test_a_line_is_found_and_extrapolated():
    found = trend(ratios(-0.1, 0.6, 0), 0.62)
    assert found is not None and found.sizes == tuple(SIZES)
    assert found.slope.centre == pytest.approx(-0.1) and found.at_paper.centre == pytest.approx(0.6)
    assert found.holds_the_papers is False
    assert [ratio.centre for ratio in found.ratios] == pytest.approx(
        [0.6 * (n / PEOPLE) ** -0.1 for n in SIZES]
    )


def test_an_interval_that_holds_the_papers_value_says_so():
    found = trend(ratios(-0.1, 0.6, 0.05), 0.6)
    assert found is not None and found.at_paper.low < 0.6 < found.at_paper.high and found.holds_the_papers
    assert found.as_json()["holds"] is True


def test_the_estimate_is_that_of_a_mixed_model():
    table = ratios(-0.1, 0.6, 0.05)
    long = np.log(table).stack().rename_axis(["n", "seed"]).rename("effect").reset_index()
    long["x"] = np.log(long.n / PEOPLE)
    fitted = MixedLM.from_formula("effect ~ x", long, groups="seed").fit()
    found = trend(table, 0.6)
    assert found is not None and found.slope.centre == pytest.approx(fitted.params["x"], abs=1e-6)
    assert math.log(found.at_paper.centre) == pytest.approx(fitted.params["Intercept"], abs=1e-6)


def test_nothing_is_extrapolated_from_two_sizes_or_one_seed():
    table = ratios(-0.1, 0.6, 0.05)
    assert trend(table.iloc[:2], 0.6) is None and trend(table[[0]], 0.6) is None


def test_a_seed_without_a_size_is_left_out():
    table = ratios(-0.1, 0.6, 0.05)
    table.loc[4096, 0] = np.nan
    found = trend(table, 0.6)
    assert found is not None and found.slope.seeds == 4
