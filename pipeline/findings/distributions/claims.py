"""Judges of fixed distributions over individuals (paper, section 4; Figures 4, G, H).

b is the no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b. A cell
is a number of individuals N and a number of steps; everything is compared within a cell and seed. Uniform
training is a power law of alpha = 0 and celebrities of weight 1.
"""

import itertools

import pandas as pd

from pipeline.findings.cells import (
    CELL,
    best_setting,
    censored_plateau_end,
    in_cell,
    power_laws,
    uniform_like,
)
from pipeline.findings.hard_cells import at_default_budget, by_seed, papers_cell
from pipeline.findings.statistics import Interval
from pipeline.findings.verdict import Check, NotMeasuredError, NotVisibleError, Result, judge
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
    best, for each N of a quarter of the default or more (Figure 4 left).
    """
    rows = at_default_budget(tables, power_laws(tables))
    checks, used = [], []
    for (n, steps), cell in rows.groupby(CELL):
        ends = _plateau_ends(cell)
        inside = [a for a in ends if lowest_alpha <= a <= highest_alpha]
        outside = [a for a in ends if a not in inside]
        if not inside or 0 not in outside or 1 not in outside:
            continue
        best = ends.min(axis=1)
        zipf = ends[1.0] / best
        # At the end of the run the ratio is only a lower bound, which may hold but cannot fail.
        zipf = zipf.mask((ends[1.0] >= steps) & (zipf <= zipf_penalty))
        at = f"at N={n}, {steps} steps"
        checks += [
            Check.ratio(
                f"best t(0.99) outside / inside alpha {lowest_alpha:g} to {highest_alpha:g} {at}",
                ends[outside].min(axis=1) / ends[inside].min(axis=1),
                low=1,
            ),
            Check.ratio(f"t(0.99) of alpha 1 / best {at}", zipf, low=zipf_penalty),
        ]
        used.append(cell)
    if not checks:
        raise NotMeasuredError(f"no cell with alpha 0, 1 and one from {lowest_alpha:g} to {highest_alpha:g}")
    return checks, pd.concat(used)


@judge("phases", "power_law")
def imbalance_shortens_the_plateau(
    tables: Tables, *, least_reduction: float, largest_reduction: float
) -> Result:
    """1 - t(0.99) at the best alpha / t(0.99) uniform, averaged over the N of a quarter of the default or
    more at which every uniform run of the default steps leaves its plateau (Figure 4 left).
    """
    rows = at_default_budget(tables, power_laws(tables))
    cells = [
        cell
        for _, cell in rows.groupby(CELL)
        if (cell.alpha == 0).any() and cell.plateau_end[cell.alpha == 0].notna().all()
    ]
    if not cells:
        raise NotVisibleError("no cell in which every uniform run leaves its plateau")
    reductions = []
    for cell in cells:
        ends = _plateau_ends(cell)
        reductions.append(1 - ends.min(axis=1) / ends[0.0])
    # Seeds that the plan has in every cell; an undefined value of one of them stays undefined.
    mean = pd.concat(reductions, axis=1, join="inner").mean(axis=1, skipna=False)
    check = Check.share("reduction of t(0.99) at the best alpha", mean, least_reduction, largest_reduction)
    return [check], pd.concat(cells)


@judge("power_law")
def best_alpha_follows_data_per_individual(tables: Tables, *, slack: float) -> Result:
    """Alpha of the lowest final loss: its change from the fewest to the most individuals and from the
    most to the fewest steps, and how many neighbouring cells are ordered the other way (Figure 4 middle).

    Judged along the axes that the plan varies. `slack` cells may be out of order, as in the paper.
    """
    rows = power_laws(tables)
    best = pd.DataFrame(
        {
            cell: by_seed(runs, "alpha", "known_loss").dropna().idxmin(axis=1)
            for cell, runs in rows.groupby(CELL)
        }
    ).dropna()
    cells = list(best.columns)
    out_of_order = pd.Series(0.0, index=best.index)
    checks = []
    for axis, sign, change in ((0, 1, "more individuals"), (1, -1, "fewer steps")):
        rises = []
        for other in sorted({cell[1 - axis] for cell in cells}):
            line = sorted((cell for cell in cells if cell[1 - axis] == other), key=lambda c: sign * c[axis])
            if len(line) > 1:
                out_of_order += (best[line].diff(axis=1).iloc[:, 1:] < 0).sum(axis=1)
                rises.append(best[line[-1]] - best[line[0]])
        if rises:
            rise = pd.concat(rises, axis=1).mean(axis=1)
            checks.append(Check.of(f"rise of the best alpha with {change}", rise, low=0))
    if not checks:
        raise NotMeasuredError("the plan varies neither the individuals nor the steps under power laws")
    # Counts are whole: slack + 1/2 lies between "as many as allowed" and one more.
    checks.append(Check.of("neighbouring cells out of order", out_of_order, high=slack + 0.5))
    values = "; ".join(f"N={n}, {steps} steps: {best[n, steps].mean():.2g}" for n, steps in cells)
    return checks, rows, f"best alpha {values}"


@judge("power_law")
def order_of_final_losses(
    tables: Tables, *, order: list[float], shortest_plateau: float, longest_plateau: float
) -> Result:
    """Ratio of the final losses of neighbours in the paper's `order` of alphas, lowest loss first
    (Figure G), in the cell where the uniform plateau takes a share of the run nearest to the paper's.
    """
    rows = power_laws(tables)
    cell = papers_cell(tables, rows, shortest_plateau, longest_plateau)
    rows = in_cell(rows, cell)
    losses = by_seed(rows, "alpha", "known_loss").dropna()
    present = [a for a in order if a in losses]
    if len(present) < 3 or 0 not in present or 1 not in present:
        raise NotMeasuredError("needs alpha 0, 1 and one between them in one cell")
    checks = [
        Check.ratio(f"final loss of alpha {b:g} / {a:g}", losses[b] / losses[a], low=1)
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
    celebrities, power_law = tables.of("celebrities"), tables.of("power_law")
    shared = celebrities.merge(power_law[CELL].drop_duplicates(), on=CELL)
    if shared.empty:
        raise NotMeasuredError("celebrities and power laws share no cell")
    cell = papers_cell(tables, shared, shortest_plateau, longest_plateau)
    celebrities = in_cell(celebrities, cell).query("distribution == 'celebrities'")
    power_law = in_cell(power_law, cell).query("distribution == 'power_law'")
    uniform = uniform_like(tables, celebrities)
    best, other = (best_setting(rows).set_index("seed") for rows in (celebrities, power_law))
    checks = [
        Check.of(
            "(celebrities - power law) / b",
            (best.loss_over_b - other.loss_over_b).dropna(),
            -loss_difference,
            loss_difference,
        ),
        Check.ratio(
            "loss at the ends of the weights / between", _interior_weight(celebrities, uniform), low=1
        ),
    ]
    setting = f"best: {best['count'].iloc[0]:g} celebrities of weight {best.weight.iloc[0]:g}"
    losses = [Interval.geometric(runs.known_loss).centre for runs in (best, other, uniform)]
    note = (
        f"{setting}, alpha {other.alpha.iloc[0]:g}; final loss {losses[0]:.3g}, {losses[1]:.3g}, "
        f"uniform {losses[2]:.3g}; N={cell[0]}, {cell[1]} steps"
    )
    return checks, pd.concat([celebrities, power_law, uniform]), note
