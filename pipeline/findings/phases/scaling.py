"""How the end of the plateau grows with the number of individuals (Figure 2 right)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from pipeline.findings.statistics import Interval
from pipeline.paper import published

LEAST_SIZES = 3  # any two points lie on a power law


@dataclass(frozen=True)
class ScalingLaw:
    """y = prefactor x^exponent, by least squares in logarithms: one fit a seed.

    exponents, r_squared (seeds,); prefactor is the geometric mean over seeds.
    """

    exponents: NDArray[np.float64]
    r_squared: NDArray[np.float64]
    prefactor: float

    @classmethod
    def fit(cls, seeds: Iterable[tuple[ArrayLike, ArrayLike]]) -> "ScalingLaw":
        """From the points (x, y) of each seed."""
        fits = [stats.linregress(np.log(x), np.log(y)) for x, y in seeds]
        return cls(
            np.array([f.slope for f in fits]),
            np.array([f.rvalue**2 for f in fits]),
            float(np.exp(np.mean([f.intercept for f in fits]))),
        )

    @property
    def exponent(self) -> float:
        return float(self.exponents.mean())

    def __str__(self) -> str:
        """The exponent, with its 95 % interval where there are several seeds."""
        return f"{Interval.mean(self.exponents):.2f}"

    def __call__(self, x: ArrayLike) -> NDArray[np.float64]:
        return self.prefactor * np.asarray(x, float) ** self.exponent


def escaped(rows: pd.DataFrame) -> pd.DataFrame:
    """Runs with a population size at which every seed left its plateau."""
    return rows.groupby("individuals").filter(lambda runs: runs.plateau_end.notna().all())


def plateau_law(rows: pd.DataFrame) -> ScalingLaw | None:
    """Fit of t(0.99) on N over the sizes that every seed escapes; None if they are too few."""
    left = escaped(rows)
    if left.individuals.nunique() < LEAST_SIZES:
        return None
    return ScalingLaw.fit((runs.individuals, runs.plateau_end) for _, runs in left.groupby("seed"))


def paper_law() -> ScalingLaw:
    """The paper's, from its points (means of five seeds)."""
    points = published.points("2_right")
    return ScalingLaw.fit([(points["individuals"], points["plateau_end"])])
