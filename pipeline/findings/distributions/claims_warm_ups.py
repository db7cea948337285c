"""Judges of warm-ups on a subset of the individuals (paper, section 4; Figures 4 right, I to L).

Warm-ups are those of every experiment of the plan; a cell is a number of individuals and of steps; b is the
no-knowledge baseline.
"""

import numpy as np
import pandas as pd

from pipeline.findings.cells import CELL, best_setting, families, in_cell, of_any, one_per_seed, with_uniform
from pipeline.findings.hard_cells import hard_cells, papers_cell
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables


@judge("warm_up", "power_law")
def warm_up_beats_fixed_distributions(
    tables: Tables, *, least_gain: float, shortest_plateau: float, longest_plateau: float
) -> Result:
    """Final accuracy of the best warm-up minus that of the best fixed distribution (uniform, power law,
    celebrities), in each cell where the uniform plateau takes a fair share of the run (Figures 4 right, J).
    Settings are chosen by final loss, as in the paper, where theirs is on training data.
    """
    fixed = with_uniform(tables, of_any(tables, ("power_law", "celebrities")))
    warm = tables.of("warm_up").query("distribution == 'warm_up'")
    shared = warm.merge(tables.of("power_law")[CELL].drop_duplicates(), on=CELL)
    if shared.empty:
        raise NotMeasuredError("warm-ups and power laws share no cell")
    checks, used, notes = [], [], []
    for n, steps in hard_cells(tables, shared, shortest_plateau, longest_plateau):
        mine, others = in_cell(warm, (n, steps)), in_cell(fixed, (n, steps))
        best, other = (best_setting(rows).set_index("seed") for rows in (mine, others))
        gain = (best.known_accuracy - other.known_accuracy).dropna()
        at = f"at N={n}, {steps} steps"
        checks.append(Check.of("gain", f"gain in accuracy {at}", gain, low=least_gain))
        family = other.distribution.iloc[0].replace("_", " ")
        setting = f"{best.subset.iloc[0]:g} people for {best.warm_up_steps.iloc[0]:g} steps"
        accuracies = f"{best.known_accuracy.mean():.3g} against {other.known_accuracy.mean():.3g}"
        notes.append(f"{at}: {setting} {accuracies} ({family})")
        used += [mine, others]
    return checks, pd.concat(used), "; ".join(notes)


def _warm_ups(tables: Tables) -> pd.DataFrame:
    return families(tables).query("distribution == 'warm_up'")


@judge("warm_up", "power_law")
def power_law_beats_warm_ups(tables: Tables, *, shortest_plateau: float) -> Result:
    """Final accuracy of the best power law minus that of the best warm-up, in each cell where the uniform
    plateau takes at least `shortest_plateau` of the run (Figure J).
    """
    warm, laws = _warm_ups(tables), families(tables).query("distribution == 'power_law'")
    shared = warm.merge(laws[CELL].drop_duplicates(), on=CELL)
    if shared.empty:
        raise NotMeasuredError("warm-ups and power laws share no cell")
    checks, used, notes = [], [], []
    for n, steps in hard_cells(tables, shared, shortest_plateau, 1):
        mine, others = in_cell(warm, (n, steps)), in_cell(laws, (n, steps))
        best, other = (best_setting(rows).set_index("seed").known_accuracy for rows in (mine, others))
        at = f"at N={n}, {steps} steps"
        checks.append(
            Check.of("gain", f"power law - warm-up in accuracy {at}", (other - best).dropna(), low=0)
        )
        notes.append(f"{at}: {other.mean():.3g} against {best.mean():.3g}")
        used += [mine, others]
    return checks, pd.concat(used), "; ".join(notes)


@judge("warm_up", "fewer_people")
def warm_up_is_more_than_fewer_people(
    tables: Tables, *, shortest_plateau: float, longest_plateau: float
) -> Result:
    """Share of all people's facts that the best warm-up ends up with, minus that of uniform training on the
    part of the people that gives the most, in each cell where the uniform plateau takes a fair share of the
    run. Facts about people left out count as unknown (section 4, appendix B.2).
    """
    fewer, warm = one_per_seed(tables.of("fewer_people")), _warm_ups(tables)
    checks, used, notes = [], [], []
    for n, steps in hard_cells(tables, warm[warm.steps.isin(fewer.steps)], shortest_plateau, longest_plateau):
        parts = fewer[(fewer.steps == steps) & (fewer.individuals < n)]
        if parts.empty:
            continue
        parts = parts.assign(of_all=parts.known_accuracy * parts.individuals / n)
        size = parts.groupby("individuals").of_all.mean().idxmax()
        part = parts[parts.individuals == size].set_index("seed").of_all
        mine = in_cell(warm, (n, steps))
        best = best_setting(mine).set_index("seed").known_accuracy
        at = f"at N={n}, {steps} steps"
        checks.append(Check.of("gain", f"gain over fewer people {at}", (best - part).dropna(), low=0))
        notes.append(f"{at}: {best.mean():.3g} against {part.mean():.3g} by {size:g} people")
        used += [mine, parts]
    if not checks:
        raise NotMeasuredError("no warm-up on more people in as many steps as uniform training on fewer")
    return checks, pd.concat(used), "; ".join(notes)


@judge("warm_up_grid")
def warm_up_has_a_best_size_and_length(
    tables: Tables, *, shortest_plateau: float, longest_plateau: float
) -> Result:
    """Lowest final loss with a subset, and with a length, at an end of the range tried, over the lowest
    between the ends, in the cell nearest to the paper's (Figures I, K, L).
    """
    rows = _warm_ups(tables)
    cell = papers_cell(tables, rows, shortest_plateau, longest_plateau)
    rows = in_cell(rows, cell)
    checks = []
    for column, what in (("subset", "sizes"), ("warm_up_steps", "lengths")):
        values = sorted(rows[column].unique())
        if len(values) < 3:
            raise NotMeasuredError(f"fewer than three {what} of warm-ups at N={cell[0]}, {cell[1]} steps")
        end = rows[column].isin([values[0], values[-1]])
        outer, inner = (best_setting(part).set_index("seed").known_loss for part in (rows[end], rows[~end]))
        name = f"final loss at the ends of the {what} {values[0]:g} to {values[-1]:g} / between"
        checks.append(Check.ratio(what, name, (outer / inner).dropna(), low=1))
    best = best_setting(rows).iloc[0]
    note = f"best: {best.subset:g} people for {best.warm_up_steps:g} steps; N={cell[0]}, {cell[1]} steps"
    return checks, rows, note


@judge("warm_up")
def loss_on_all_rises_in_the_warm_up(
    tables: Tables, *, excess: float, back_within: float, shortest_plateau: float, longest_plateau: float
) -> Result:
    """In the cell nearest to the paper's: highest loss on all people at the end of a warm-up, over b; and the
    time that it takes to come back to `excess` x b, as a share of the run, at the warm-up where that takes
    longest (Figure I). The end of the warm-up lies between measurements: the loss there is interpolated.
    """
    rows = _warm_ups(tables)
    cell = papers_cell(tables, rows, shortest_plateau, longest_plateau)
    rows = in_cell(rows, cell)
    highest, back = [], []
    for row in rows.itertuples():
        curve, switch = tables.curve(row.run), row.warm_up_steps
        after = curve[curve.step > switch]
        at_switch = float(np.interp(switch, curve.step, curve.loss))
        returned = first_crossing(
            [switch, *after.step], [at_switch, *after.loss], excess * row.baseline, rising=False
        )
        highest.append(at_switch / row.baseline)
        back.append((np.nan_to_num(returned, nan=row.steps) - switch) / row.steps)
    worst = rows.assign(highest=highest, back=back).groupby("seed")
    return (
        [
            Check.ratio(
                "rise",
                "highest loss on all people at the end of a warm-up / b",
                worst.highest.max(),
                low=excess,
            ),
            Check.share(
                "return", f"longest return to {excess:g} b / run", worst.back.max(), high=back_within
            ),
        ],
        rows,
        f"N={cell[0]}, {cell[1]} steps",
    )
