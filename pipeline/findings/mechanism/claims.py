"""Judges of the attention circuits behind recall (paper, section 3; Figures 3, D, F, O).

b is the no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b. A
patched run attends where its reference does: the unpatched run of the same seed at the step `reference`,
whose age is that step over t(0.99) of the unpatched run. The first phase ends where the unpatched loss first
comes down to `plateau` x b (paper: 1.10 b at 360 steps, 0.12 t(0.99)).
"""

import itertools
import math

import numpy as np
import pandas as pd

from pipeline.findings.cells import censored_plateau_end, observed_runs, of_any
from pipeline.findings.curves import chance, first_phase_end
from pipeline.findings.hard_cells import by_seed
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.mechanism.seeds import half_way
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables

# A reference stands for the end of the first phase if it is nearer to it than this factor.
_NEAR = 1.5


def _escaped(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.plateau_end.isna().any():
        raise OutOfRegimeError("an unpatched run is still on its plateau at its end")
    return rows


def _patched(tables: Tables) -> pd.DataFrame:
    """Patched runs with the t(0.99) of their base (`escape`), and the ages of reference and start (`age`,
    `started`), the same for all seeds."""
    _escaped(tables.of("attention"))
    rows = of_any(tables, ("patching", "freezing")).drop_duplicates("run")
    rows = rows.assign(escape=rows.base.map(tables.summary.set_index("run").plateau_end))
    # Seeds escape at different steps; which references count must not depend on the seed.
    unit = rows.groupby("seed").escape.first().mean()
    return rows.assign(age=rows.reference / unit, started=rows.start / unit)


def _from_the_start(tables: Tables) -> pd.DataFrame:
    rows = _patched(tables)
    return rows[rows.start == 0]


def _some(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    if rows.empty:
        raise NotMeasuredError(f"the plan has no {what}")
    return rows


def _first_phase_end(tables: Tables, plateau: float) -> float:
    """Mean over seeds, steps."""
    rows = tables.of("attention")
    return float(np.mean([first_phase_end(tables, row, plateau) for row in rows.itertuples()]))


@judge("attention", "patching")
def settled_attention_removes_the_plateau(
    tables: Tables, *, settled: float, end_ratio: float, share: float, loss: float
) -> Result:
    """For each reference of age `settled` or more, patched in from step 0: t(0.99) over that of the unpatched
    run, and the loss at `share` of the latter over b (Figure 3 middle).
    """
    rows = _some(
        _from_the_start(tables).query("age >= @settled"), f"reference older than {settled:g} t(0.99)"
    )
    checks = []
    for reference, runs in rows.groupby("reference"):
        curves = [tables.curve(run) for run in runs.run]
        early = [np.interp(share * e, c.step, c.loss) for e, c in zip(runs.escape, curves, strict=True)]
        with_it = f"with the reference at step {reference:g}"
        checks += [
            Check.ratio(
                "end",
                f"t(0.99) {with_it} / unpatched",
                censored_plateau_end(runs) / runs.escape,
                high=end_ratio,
            ),
            Check.ratio(
                "early", f"loss at {share:.2g} t(0.99) {with_it} / b", early / runs.baseline, high=loss
            ),
        ]
    return checks, rows


@judge("attention", "patching")
def older_references_help_more(tables: Tables, *, youngest: float, gain_on_plateau: float) -> Result:
    """Final loss with a reference over that with the next older one, from age `youngest` on; and the share of
    the whole reduction that references up to t(0.99) give (Figure 3 middle).
    """
    rows = _from_the_start(tables).query("age >= @youngest")
    losses = by_seed(rows, "reference", "loss_over_b").dropna().sort_index(axis=1)
    on_plateau = rows[rows.age <= 1].reference
    if losses.shape[1] < 3 or on_plateau.nunique() < 2:
        raise NotMeasuredError("needs two references on the plateau and one after it")
    checks = [
        Check.ratio(
            "older", f"final loss with the reference at step {a:g} / {b:g}", losses[a] / losses[b], low=1
        )
        for a, b in itertools.pairwise(losses)
    ]
    first, last = losses.iloc[:, 0], losses.iloc[:, -1]
    gain = ((first - losses[on_plateau.max()]) / (first - last)).where(last < first)
    checks.append(Check.of("on_plateau", "share of the reduction by t(0.99)", gain, low=gain_on_plateau))
    return checks, rows


@judge("attention", "patching")
def first_phase_attention_is_worst(tables: Tables, *, plateau: float) -> Result:
    """Final loss with the reference nearest to the end of the first phase over that with the next older
    one, on the plateau; and the latter over that with the reference at step 0 (Figure 3 middle).
    """
    rows = _from_the_start(tables)
    ages = rows.groupby("reference").age.first()
    end = _first_phase_end(tables, plateau)
    later = ages[ages.index > 0].index
    nearest = min(later, key=lambda step: abs(math.log(step / end)), default=math.nan)
    older = min((step for step in later if step > nearest), default=math.nan)
    near = max(nearest / end, end / nearest) < _NEAR
    if not near or 0 not in ages or not ages.get(older, math.inf) < 1:
        raise NotMeasuredError(f"needs references at step 0, near step {end:.0f} and between it and t(0.99)")
    losses = by_seed(rows, "reference", "loss_over_b")[[0, nearest, older]].dropna()
    checks = [
        Check.ratio(key, f"final loss with the reference at step {a:g} / {b:g}", losses[a] / losses[b], low=1)
        for key, a, b in (("first_phase", nearest, older), ("plateau", older, 0))
    ]
    note = f"first phase ends at step {end:.0f}"
    return checks, rows[rows.reference.isin(losses.columns)], note


@judge("attention", "freezing")
def frozen_early_attention_prevents_learning(
    tables: Tables, *, plateau: float, early: float, settled: float, least_loss: float, highest_loss: float
) -> Result:
    """Final loss over b of runs whose attention is frozen between the end of the first phase and age `early`,
    and of those where it is frozen at age `settled` or later (Figure D middle).
    """
    rows = _patched(tables).query("start == reference and reference > 0")
    from_end = rows.reference > _first_phase_end(tables, plateau) / _NEAR
    young = _some(rows[from_end & (rows.age <= early)], "attention frozen at the beginning of the plateau")
    old = _some(rows[rows.age >= settled], "attention frozen after the plateau")
    checks = [
        Check.ratio(key, f"final loss, frozen at step {step:g} / b", runs.loss_over_b, **bound)
        for key, part, bound in (
            ("early", young, {"low": least_loss}),
            ("settled", old, {"high": highest_loss}),
        )
        for step, runs in part.groupby("reference")
    ]
    return checks, pd.concat([young, old])


@judge("attention", "patching", "freezing")
def late_patching_helps_less(tables: Tables, *, settled: float, late: float) -> Result:
    """Final loss with the oldest reference that is patched in at age `late` or later over that with it from
    step 0 (Figure D right).
    """
    rows = _patched(tables).query("age >= @settled and start < reference")
    late_ones = _some(rows.query("started >= @late"), f"reference patched in after {late:g} t(0.99)")
    reference = late_ones.reference.max()
    start = late_ones.start[late_ones.reference == reference].max()
    losses = by_seed(rows[rows.reference == reference], "start", "loss_over_b")
    if 0 not in losses:
        raise NotMeasuredError(f"the plan has no run with the reference at step {reference:g} from step 0 on")
    used = rows[(rows.reference == reference) & rows.start.isin([0, start])]
    ratio = (losses[start] / losses[0]).dropna()
    return [Check.ratio("late", f"final loss patched from step {start:g} / from 0", ratio, low=1)], used


@judge("attention")
def attention_moves_to_the_name(
    tables: Tables, *, plateau: float, least_name: float, highest_text: float
) -> Result:
    """Last layer: lowest attention from attribute to name and highest to template text in the first phase,
    over those at step 0, and both at t(0.99) (Figures 3 right, F).
    """
    rows = _escaped(observed_runs(tables))
    dip, rise, name, text = [], [], [], []
    for row in rows.itertuples():
        seen = tables.layer_of("attention", row.run, -1)
        phase_one = seen[seen.step <= first_phase_end(tables, row, plateau)]
        dip.append(phase_one.attribute_to_name.min() / seen.attribute_to_name[0])
        rise.append(phase_one.attribute_to_text.max() / seen.attribute_to_text[0])
        name.append(np.interp(row.plateau_end, seen.step, seen.attribute_to_name))
        text.append(np.interp(row.plateau_end, seen.step, seen.attribute_to_text))
    return [
        Check.ratio("dip", "lowest attention to the name in the first phase / at step 0", dip, high=1),
        Check.ratio("rise", "highest attention to the text in the first phase / at step 0", rise, low=1),
        Check.share("name", "attention to the name at t(0.99)", name, low=least_name),
        Check.share("text", "attention to the text at t(0.99)", text, high=highest_text),
    ], rows


@judge("attention")
def names_are_grouped_early(tables: Tables, *, plateau: float, least: float) -> Result:
    """First layer: attention from the last token of a name to the name's others at the end of the first phase
    (Figures 3 right, F).
    """
    rows = observed_runs(tables)
    values = []
    for row in rows.itertuples():
        seen = tables.layer_of("attention", row.run, 1)
        end = first_phase_end(tables, row, plateau)
        values.append(np.interp(end, seen.step, seen.name_to_name))
    return [Check.share("grouped", "name to name at the end of the first phase", values, low=least)], rows


@judge("attention")
def circuit_precedes_knowledge(tables: Tables, *, accuracy_over_chance: float, start: float) -> Result:
    """Last layer: the step at which attention from attribute to name is half-way from its lowest to its later
    highest value, over t(0.99) and over the step at which accuracy exceeds a multiple of chance, which is
    that on never-seen people from `start` x t(0.99) to t(0.99) (Figures 2 middle, 3 right).
    """
    rows = _escaped(observed_runs(tables))
    to_escape, to_knowledge = [], []
    for row in rows.itertuples():
        half = half_way(tables, row.run)
        known, guessed = tables.curve(row.run), chance(tables, row, start)
        knows = first_crossing(known.step, known.accuracy, accuracy_over_chance * guessed, rising=True)
        to_escape.append(half / row.plateau_end)
        # Without a measured chance there is no such step.
        to_knowledge.append(half / knows if guessed > 0 else math.nan)
    return [
        Check.ratio("before_escape", "step of half-way attention to the name / t(0.99)", to_escape, high=1),
        Check.ratio(
            "before_knowledge",
            f"the same / step of accuracy {accuracy_over_chance:g} x chance",
            to_knowledge,
            high=1,
        ),
    ], rows


@judge("finetune_attention")
def attention_is_stable_in_fine_tuning(
    tables: Tables, *, last_layer: float, first_layer: float, learned: float
) -> Result:
    """Largest change since the start, on old people: attention from attribute to last name token in the last
    layer, and among name tokens in the first (Figure O).
    """
    rows = tables.of("finetune_attention")
    start = np.mean([tables.curve(run).accuracy.iloc[0] for run in rows.run])
    if start < learned:
        raise OutOfRegimeError(f"old facts are not known at the start: accuracy {start:.3g}")
    checks = []
    for key, what, layer, column, high in (
        ("last_layer", "attribute to last name token, last layer", -1, "attribute_to_last_name", last_layer),
        ("first_layer", "name to name, first layer", 1, "name_to_name", first_layer),
    ):
        curves = [tables.layer_of("attention", run, layer)[column] for run in rows.run]
        changes = [(curve - curve.iloc[0]).abs().max() for curve in curves]
        checks.append(Check.share(key, f"largest change of {what}", changes, high=high))
    return checks, rows
