"""Judges of fixed distributions over individuals (paper, section 4; Figures 4, G, H).

b is the no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b. A cell
is a number of individuals N and a number of steps; everything is compared within a cell and seed. Uniform
training is a power law of alpha = 0 and celebrities of weight 1.
"""

import itertools

import numpy as np
import pandas as pd

from pipeline.findings.cells import (
    CELL,
    best_setting,
    censored_plateau_end,
    families,
    in_cell,
    power_laws,
    uniform_like,
    whole_power_laws,
)
from pipeline.findings.hard_cells import at_default_budget, best_elsewhere, by_seed, papers_cell
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.statistics import Interval
from pipeline.findings.trend import effect
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


def _plateau_ends(cell: pd.DataFrame) -> pd.DataFrame:
    """(seeds, alphas): t(0.99), the whole run where it is not reached; NaN where no alpha reaches it."""
    ends = by_seed(cell.assign(end=censored_plateau_end(cell)), "alpha", "end").dropna()
    left = by_seed(cell, "alpha", "plateau_end").reindex_like(ends).notna().any(axis=1)
    return ends.where(left, axis=0)


@judge("phases", "power_law")
def plateau_shortest_at_moderate_alpha(
    tables: Tables, *, lowest_alpha: float, highest_alpha: float, zipf_penalty: float
) -> Result:
    """t(0.99) at the best alpha outside of the window over that inside of it, and at alpha = 1 over the
    best other, for each N of a quarter of the default or more (Figure 4 left).
    """
    rows = at_default_budget(tables, power_laws(tables))
    checks, used = [], []
    for (n, steps), cell in rows.groupby(CELL):
        ends = _plateau_ends(cell)
        inside = [a for a in ends if lowest_alpha <= a <= highest_alpha]
        outside = [a for a in ends if a not in inside]
        if not inside or 0 not in outside or 1 not in outside:
            continue
        best = best_elsewhere(ends.drop(columns=1.0))
        at = f"at N={n}, {steps} steps"
        checks += [
            Check.ratio(
                "moderate",
                f"best t(0.99) outside / inside alpha {lowest_alpha:g} to {highest_alpha:g} {at}",
                best_elsewhere(ends[outside]) / best_elsewhere(ends[inside]),
                low=1,
            ),
            Check.ratio(
                "zipf",
                f"t(0.99) of alpha 1 / best {at}",
                ends[1.0] / best,
                low=zipf_penalty,
                at_least=ends[1.0] >= steps,
            ),
        ]
        used.append(cell)
    if not checks:
        raise NotMeasuredError(f"no cell with alpha 0, 1 and one from {lowest_alpha:g} to {highest_alpha:g}")
    return checks, pd.concat(used)


def shortening(ends: pd.DataFrame) -> pd.Series:
    """t(0.99) at the best alpha over that of uniform sampling, one a seed; `ends` are (seeds, alphas)."""
    return best_elsewhere(ends.drop(columns=0.0)) / ends[0.0]


def _escaped_cells(tables: Tables) -> list[pd.DataFrame]:
    """Runs of power laws by cell, where they are of the default steps and every uniform run leaves its
    plateau."""
    rows = at_default_budget(tables, power_laws(tables))
    return [
        cell
        for _, cell in rows.groupby(CELL)
        if cell.alpha.max() > 0
        and (cell.alpha == 0).any()
        and cell.plateau_end[cell.alpha == 0].notna().all()
    ]


@effect
def shortening_by_size(tables: Tables) -> pd.DataFrame:
    """t(0.99) at the best alpha over that of uniform sampling (sizes, seeds), at the default budget."""
    ratios = {cell.individuals.iloc[0]: shortening(_plateau_ends(cell)) for cell in _escaped_cells(tables)}
    return pd.DataFrame(ratios).T


@judge("phases", "power_law")
def imbalance_shortens_the_plateau(tables: Tables, *, highest_ratio: float) -> Result:
    """t(0.99) at the best alpha over t(0.99) uniform, mean of logarithms over the N of a quarter of the
    default or more at which every uniform run of the default steps leaves its plateau (Figure 4 left).
    """
    cells = _escaped_cells(tables)
    if not cells:
        raise OutOfRegimeError("no cell in which every uniform run leaves its plateau")
    # Seeds that the plan has in every cell; an undefined value of one of them stays undefined.
    ratios = pd.concat([shortening(_plateau_ends(cell)) for cell in cells], axis=1, join="inner")
    mean = np.exp(np.log(ratios).mean(axis=1, skipna=False))
    check = Check.ratio("shortens", "t(0.99) at the best alpha / uniform", mean, high=highest_ratio)
    return [check], pd.concat(cells)


@judge("power_law")
def best_alpha_follows_data_per_individual(tables: Tables, *, slack: float) -> Result:
    """Alpha of the lowest final loss: its change from the fewest to the most individuals and from the
    most to the fewest steps, and how many neighbouring cells are ordered the other way (Figure 4 middle).

    Judged along the axes that the plan varies, and among the alphas that all of its cells have. `slack` cells
    may be out of order, as in the paper.
    """
    rows = whole_power_laws(tables).groupby(CELL).filter(lambda runs: runs.alpha.nunique() > 2)
    losses = {cell: by_seed(runs, "alpha", "known_loss").dropna() for cell, runs in rows.groupby(CELL)}
    shared = sorted(set.intersection(*(set(values) for values in losses.values()))) if losses else []
    if len(shared) < 3:
        raise NotMeasuredError("no three alphas that are in every cell")
    best = pd.DataFrame({cell: values[shared].idxmin(axis=1) for cell, values in losses.items()}).dropna()
    cells = list(best.columns)
    out_of_order = pd.Series(0.0, index=best.index)
    checks = []
    for key, axis, sign, change in (("people", 0, 1, "more individuals"), ("steps", 1, -1, "fewer steps")):
        rises = []
        for other in sorted({cell[1 - axis] for cell in cells}):
            line = sorted((cell for cell in cells if cell[1 - axis] == other), key=lambda c: sign * c[axis])
            if len(line) > 1:
                out_of_order += (best[line].diff(axis=1).iloc[:, 1:] < 0).sum(axis=1)
                rises.append(best[line[-1]] - best[line[0]])
        if rises:
            rise = pd.concat(rises, axis=1).mean(axis=1)
            checks.append(Check.of(key, f"rise of the best alpha with {change}", rise, low=0))
    if not checks:
        raise NotMeasuredError("the plan varies neither the individuals nor the steps under power laws")
    # Counts are whole: slack + 1/2 lies between "as many as allowed" and one more.
    checks.append(Check.of("out_of_order", "neighbouring cells out of order", out_of_order, high=slack + 0.5))
    values = "; ".join(f"N={n}, {steps} steps: {best[n, steps].mean():.2g}" for n, steps in cells)
    return checks, rows, f"best alpha {values}"


@judge("power_law")
def order_of_final_losses(
    tables: Tables, *, order: list[float], shortest_plateau: float, longest_plateau: float
) -> Result:
    """Ratio of the final losses of neighbours in the paper's `order` of alphas, lowest loss first
    (Figure G), in the cell where the uniform plateau takes a share of the run nearest to the paper's.
    """
    rows = whole_power_laws(tables)
    cell = papers_cell(tables, rows, shortest_plateau, longest_plateau)
    rows = in_cell(rows, cell)
    losses = by_seed(rows, "alpha", "known_loss").dropna()
    present = [a for a in order if a in losses]
    if len(present) < 3 or 0 not in present or 1 not in present:
        raise NotMeasuredError("needs alpha 0, 1 and one between them in one cell")
    checks = [
        Check.ratio("order", f"final loss of alpha {b:g} / {a:g}", losses[b] / losses[a], low=1)
        for a, b in itertools.pairwise(present)
    ]
    return checks, rows, f"N={cell[0]}, {cell[1]} steps"


def _interior_weight(celebrities: pd.DataFrame, uniform: pd.DataFrame) -> pd.Series:
    """Loss at the better end of the range of weights over the lowest loss between the ends, one a seed.

    At the count with the lowest loss among those with two weights or more; uniform is weight 1.
    """
    varied = celebrities.groupby("count").filter(lambda runs: runs.weight.nunique() > 1)
    if varied.empty:
        raise NotMeasuredError("the plan varies the weight of celebrities at no count")
    count = best_setting(varied)["count"].iloc[0]
    rows = pd.concat([uniform.assign(weight=1.0), varied[varied["count"] == count]])
    losses = by_seed(rows, "weight", "known_loss").dropna().sort_index(axis=1)
    return losses.iloc[:, [0, -1]].min(axis=1) / losses.iloc[:, 1:-1].min(axis=1)


@judge("celebrities", "power_law")
def celebrities_match_power_law(
    tables: Tables, *, loss_difference: float, shortest_plateau: float, longest_plateau: float
) -> Result:
    """In the cell where the uniform plateau takes a share of the run nearest to the paper's: difference
    of the best celebrities from the best power law in final loss, in b; and whether a weight between
    the ends of the range is best, one of which is uniform sampling (Figures 4 right, H).
    """
    every = families(tables)
    celebrities, power_law = (every[every.distribution == kind] for kind in ("celebrities", "power_law"))
    shared = celebrities.merge(power_law[CELL].drop_duplicates(), on=CELL)
    if shared.empty:
        raise NotMeasuredError("celebrities and power laws share no cell")
    cell = papers_cell(tables, shared, shortest_plateau, longest_plateau)
    celebrities, power_law = in_cell(celebrities, cell), in_cell(power_law, cell)
    uniform = uniform_like(tables, celebrities)
    best, other = (best_setting(rows).set_index("seed") for rows in (celebrities, power_law))
    checks = [
        Check.of(
            "difference",
            "(celebrities - power law) / b",
            (best.loss_over_b - other.loss_over_b).dropna(),
            -loss_difference,
            loss_difference,
        ),
        Check.ratio(
            "between",
            "loss at the ends of the weights / between",
            _interior_weight(celebrities, uniform),
            low=1,
        ),
    ]
    setting = f"best: {best['count'].iloc[0]:g} celebrities of weight {best.weight.iloc[0]:g}"
    losses = [Interval.geometric(runs.known_loss).centre for runs in (best, other, uniform)]
    note = (
        f"{setting}, alpha {other.alpha.iloc[0]:g}; final loss {losses[0]:.3g}, {losses[1]:.3g}, "
        f"uniform {losses[2]:.3g}; N={cell[0]}, {cell[1]} steps"
    )
    return checks, pd.concat([celebrities, power_law, uniform]), note
