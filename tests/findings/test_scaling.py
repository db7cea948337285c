"""The law of the plateau's end."""

import numpy as np
import pandas as pd
import pytest

from pipeline.findings.phases.scaling import ScalingLaw, escaped, paper_law, plateau_law

SIZES = np.array([256, 512, 1024, 2048])


def runs(sizes=SIZES, seeds=3) -> pd.DataFrame:
    ends = [0.43 * n**0.81 * (1 + 0.01 * seed) for seed in range(seeds) for n in sizes]
    return pd.DataFrame(
        {
            "seed": np.repeat(range(seeds), len(sizes)),
            "individuals": np.tile(sizes, seeds),
            "plateau_end": ends,
        }
    )


def test_a_known_law_is_recovered():
    law = plateau_law(runs())
    assert law.exponents == pytest.approx([0.81] * 3) and law.r_squared == pytest.approx([1] * 3)
    assert law.prefactor == pytest.approx(0.43 * (1.01 * 1.02) ** (1 / 3))
    assert law([1000]) == pytest.approx([law.prefactor * 1000**0.81])


def test_the_papers_points_follow_the_papers_law():
    law = paper_law()
    assert law.exponent == pytest.approx(0.81, abs=0.005) and str(law) == "0.81"
    assert law.prefactor == pytest.approx(0.43, abs=0.01) and law.r_squared[0] == pytest.approx(
        0.998, abs=1e-3
    )


def test_several_seeds_have_an_interval():
    n = np.array([1.0, 2.0, 4.0])
    assert str(ScalingLaw.fit([(n, n**0.7), (n, n**0.8), (n, n**0.9)])) == "0.80 [0.55, 1.05]"


def test_sizes_with_a_seed_on_the_plateau_leave_the_fit():
    rows = runs()
    rows.loc[(rows.individuals == 2048) & (rows.seed == 0), "plateau_end"] = np.nan
    assert set(escaped(rows).individuals) == {256, 512, 1024}
    assert plateau_law(rows).exponent == pytest.approx(0.81)


def test_two_sizes_make_no_law():
    assert plateau_law(runs(SIZES[:2])) is None
