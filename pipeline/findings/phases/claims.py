"""Judges of the three phases of learning (paper, section 3; Figure 2).

b is the no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b.
"""

import math

import numpy as np
import pandas as pd

from pipeline.findings.cells import CELL, default_runs, numbers_of_people
from pipeline.findings.curves import first_phase_end, over_chance
from pipeline.findings.estimates import Spread
from pipeline.findings.hard_cells import large_enough
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.phases.scaling import LEAST_SIZES, ScalingLaw, escaped, plateau_law
from pipeline.findings.statistics import Interval
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import PLATEAU_RATIO
from pipeline.tables.read import Tables


@judge("phases")
def first_phase_is_short(tables: Tables, *, loss: float, share_of_run: float) -> Result:
    """Step at which the loss on known people reaches `loss` x b, as a share of the run (Figure 2 left).

    A run that never gets there counts as its whole length.
    """
    rows = default_runs(tables)
    shares = []
    for row in rows.itertuples():
        step = first_phase_end(tables, row, loss)
        shares.append(1.0 if math.isnan(step) else step / row.steps)
    return [Check.share("short", f"share of the run to {loss:g} b", shares, high=share_of_run)], rows


@judge("phases")
def plateau_is_flat(
    tables: Tables, *, start: float, highest_loss: float, accuracy_over_chance: float
) -> Result:
    """Largest loss on known people and largest accuracy on the plateau (Figure 2 left and middle).

    The plateau is from `start` x t(0.99) to t(0.99): the paper's 500 of 3,085 steps. By definition its
    loss is above 0.99 b. Chance is the accuracy on never-seen people over the same checkpoints (paper: 1 %
    allowed, 0.33 % is chance).
    """
    rows = default_runs(tables)
    highest, accuracies = [], []
    for row in rows.itertuples():
        begin = start * row.plateau_end
        curve = tables.curve(row.run)
        on = curve.step.between(begin, row.plateau_end)
        inside = [np.interp(begin, curve.step, curve.loss), PLATEAU_RATIO * row.baseline, *curve.loss[on]]
        highest.append(max(inside) / row.baseline)
        accuracies.append(over_chance(tables, row, start, curve.accuracy[on].max()))
    return [
        Check.ratio("loss", "highest loss on the plateau / b", highest, high=highest_loss),
        Check.of(
            "accuracy", "highest accuracy on the plateau / chance", accuracies, high=accuracy_over_chance
        ),
    ], rows


@judge("phases")
def knowledge_emerges(
    tables: Tables, *, final_loss: float, final_accuracy: float, largest_rise: float
) -> Result:
    """Loss and accuracy on known people at the end, and the largest rise of the loss between two
    checkpoints after t(0.99); losses as shares of b (Figure 2 left and middle).
    """
    rows = default_runs(tables)
    rises = []
    for row in rows.itertuples():
        curve = tables.curve(row.run)
        after = curve.loss[curve.step >= row.plateau_end]
        rises.append(max(0.0, after.diff().max()) / row.baseline if len(after) > 1 else math.nan)
    half = (rows.half_accuracy / rows.plateau_end).dropna()
    return (
        [
            Check.ratio("loss", "final loss / b", rows.loss_over_b, high=final_loss),
            Check.share("accuracy", "final accuracy", rows.known_accuracy, low=final_accuracy),
            Check.of("rise", "largest rise of the loss after t(0.99) / b", rises, high=largest_rise),
        ],
        rows,
        f"accuracy 0.5 at {Interval.geometric(half).centre:.3g} t(0.99)" if len(half) else "",
    )


def _sizes(tables: Tables) -> pd.DataFrame:
    """The default run and the sweep over sizes, each run once."""
    rows = pd.concat([default_runs(tables), numbers_of_people(tables)])
    return rows.drop_duplicates("run")


@judge("phases", "population_size")
def plateau_end_varies_little(tables: Tables, *, relative_deviation: float) -> Result:
    """Standard deviation over seeds of t(0.99), relative to its mean (Figure 2 right).

    Pooled over cells of a quarter of the default N and more, with the interval that the chi-square
    distribution gives a standard deviation: a handful of seeds of one cell says little about a spread.
    """
    rows = large_enough(tables, _sizes(tables))
    ends = rows.groupby(CELL).plateau_end
    if rows.plateau_end.isna().any():
        raise OutOfRegimeError("a run is still on its plateau at its end")
    residual = rows.plateau_end / ends.transform("mean") - 1
    freedom = len(rows) - ends.ngroups
    deviation = math.sqrt((residual**2).sum() / freedom) if freedom else math.nan
    spread = Spread(deviation, freedom, ends.ngroups, int(ends.size().min()))
    what = "standard deviation of t(0.99) / mean"
    return [Check("deviation", what, spread.interval, spread, high=relative_deviation)], rows


def _sizes_that_escape(tables: Tables) -> tuple[pd.DataFrame, ScalingLaw, str]:
    """Runs of the sizes at which every seed leaves its plateau, the law they follow, a note on the others."""
    rows = numbers_of_people(tables)
    if rows.individuals.nunique() < LEAST_SIZES:
        raise NotMeasuredError(f"fewer than {LEAST_SIZES} population sizes in the plan")
    law, left = plateau_law(rows), escaped(rows)
    if law is None:
        raise OutOfRegimeError(f"fewer than {LEAST_SIZES} population sizes leave their plateau in every seed")
    out = sorted(set(rows.individuals) - set(left.individuals))
    return left, law, f"without N = {', '.join(map(str, out))}, still on the plateau" if out else ""


@judge("population_size")
def plateau_end_scales_with_population(tables: Tables, *, lowest_exponent: float, r_squared: float) -> Result:
    """Fit of log t(0.99) on log N, one a seed (Figure 2 right). The prefactor depends on the batch, the
    rate and the model: it is reported, not judged.
    """
    rows, law, note = _sizes_that_escape(tables)
    return (
        [
            Check.of("exponent", "exponent", law.exponents, low=lowest_exponent),
            Check.share("r_squared", "R² of the log-log fit", law.r_squared, low=r_squared),
        ],
        rows,
        "; ".join(filter(None, [f"prefactor {law.prefactor:.3g}", note])),
    )


@judge("population_size")
def exposures_decline_with_population(tables: Tables, *, highest_slope: float) -> Result:
    """Slope of log(biographies per individual seen by t(0.99)) on log N, one a seed (Figure 2 right).

    Exposures are t(0.99) x batch / N: their slope is the exponent of the plateau's law less one.
    """
    rows, law, note = _sizes_that_escape(tables)
    ends = (rows.plateau_end * rows.batch / rows.individuals).groupby(rows.individuals).mean()
    trend = "exposures " + ", ".join(f"{seen:.3g} at N={n}" for n, seen in ends.items())
    return (
        [Check.of("slope", "slope of log exposures", law.exponents - 1, high=highest_slope)],
        rows,
        "; ".join(filter(None, [trend, note])),
    )
