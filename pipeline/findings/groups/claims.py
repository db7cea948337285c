"""Judges of groups of people that come one after the other (paper, Figures S to X).

Each group is evaluated apart. A group that is not half known in its window counts as the whole window, a
lower bound of the steps that it takes.
"""

import math

import pandas as pd

from pipeline.findings.groups.schedule import window_length
from pipeline.findings.groups.windows import windows
from pipeline.findings.hard_cells import by_seed
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


def _one_pass(tables: Tables, experiment: str, least_groups: float) -> pd.DataFrame:
    """Windows of the runs that visit each of at least `least_groups` groups once."""
    rows = tables.of(experiment).query("repeats == 1 and groups >= @least_groups")
    if rows.empty:
        raise NotMeasuredError(f"the plan has no {least_groups:g} groups or more in {experiment}")
    return windows(tables, rows)


def _learned(seen: pd.DataFrame, learned: float) -> pd.DataFrame:
    """The windows whose group is known at their end. Raises OutOfRegimeError if a run has none to forget."""
    known = seen[seen.reached >= learned]
    if not set(seen.run) <= set(known.run[known.later.notna()]):
        raise OutOfRegimeError(
            f"no group is known at the end of its window: accuracy {seen.reached.max():.3g}"
        )
    return known


def _steps_to_half(seen: pd.DataFrame) -> pd.Series:
    return seen.half.fillna(seen.length)


def _late(seen: pd.DataFrame, least_rate: float) -> list[int]:
    """Numbers of groups with which the last one comes below `least_rate` of the peak learning rate."""
    last = seen[(seen.window == seen.groups) & (seen.rate < least_rate)]
    if last.empty:
        raise NotMeasuredError(
            f"with no number of groups the last comes below {least_rate:g} of the peak rate"
        )
    return sorted(last.groups.unique())


def _rows(tables: Tables, *seen: pd.DataFrame) -> pd.DataFrame:
    return tables.runs[tables.runs.run.isin(pd.concat(seen).run)]


@judge("sequential")
def later_groups_are_learned_faster(
    tables: Tables, *, least_groups: float, least_rate: float, barely: float
) -> Result:
    """Steps to half accuracy of the slowest later group over the first's, later ones being those that come at
    `least_rate` of the peak learning rate or more; and the accuracy of a last group that comes below it, for
    each number of groups (Figure S).
    """
    seen = _one_pass(tables, "sequential", least_groups)
    if seen.half.isna().all():
        raise OutOfRegimeError("no group is half known in its window")
    late, checks = _late(seen, least_rate), []
    for groups, mine in seen.groupby("groups"):
        steps = mine.assign(steps=_steps_to_half(mine))
        later = steps[(steps.window > 1) & (steps.rate >= least_rate)].groupby("seed").steps.max()
        first = steps[steps.window == 1].set_index("seed").steps
        checks.append(
            Check.ratio(
                "later", f"steps to half, slowest later / first of {groups} groups", later / first, high=1
            )
        )
        if groups in late:
            last = mine[mine.window == groups].final
            checks.append(
                Check.share("last", f"final accuracy of the last of {groups} groups", last, high=barely)
            )
    return checks, _rows(tables, seen)


@judge("sequential")
def forgetting_is_faster_than_learning(
    tables: Tables, *, groups: float, learned: float, kept: float, early: float
) -> Result:
    """With the number of groups nearest to `groups`, means over those known at the end of their window: their
    accuracy one window later; the share of the loss in its first eighth; and the steps to lose half of the
    accuracy over those to half accuracy (Figure S).
    """
    rows = tables.of("sequential")
    nearest = min(rows.groups.unique(), key=lambda n: abs(math.log(n / groups)))
    known = _learned(windows(tables, rows[rows.groups == nearest]), learned).dropna(subset=["later"])
    known = known.assign(ratio=known.fall / _steps_to_half(known))
    mean = known.groupby("seed")[["later", "early", "ratio"]].mean()
    return (
        [
            Check.share("kept", "accuracy one window after the switch", mean.later, high=kept),
            Check.of("early", "share of the loss in the first eighth of it", mean.early, low=early),
            Check.ratio("ratio", "steps to lose half / to learn half", mean.ratio, high=1),
        ],
        _rows(tables, known),
        f"{nearest:g} groups",
    )


@judge("sequential")
def last_group_but_one_is_known_best(tables: Tables, *, least_rate: float) -> Result:
    """Final accuracy on the last group but one minus the highest on any other, where the last comes below
    `least_rate` of the peak learning rate (Figure S).
    """
    seen = _one_pass(tables, "sequential", 2)
    used = seen[seen.groups.isin(_late(seen, least_rate))]
    checks = []
    for groups, mine in used.groupby("groups"):
        final = by_seed(mine, "window", "final")
        lead = final[groups - 1] - final.drop(columns=groups - 1).max(axis=1)
        checks.append(
            Check.of("lead", f"lead of the last but one of {groups} groups in accuracy", lead, low=0)
        )
    return checks, _rows(tables, used)


@judge("sequential_constant", "sequential")
def constant_rate_saturates_and_forgets_more(
    tables: Tables, *, least_groups: float, learned: float, speed_up: float
) -> Result:
    """At a constant learning rate: steps to half accuracy of the second half of the groups over those of the
    first without its first group; and the share of the accuracy that is kept one window later, minus that
    under the cosine, means over groups known at the end of their window (Figures T, S).
    """
    constant, cosine = (
        _one_pass(tables, name, least_groups) for name in ("sequential_constant", "sequential")
    )
    shared = sorted(set(constant.groups) & set(cosine.groups))
    if not shared:
        raise NotMeasuredError("no number of groups was run under both schedules")
    checks, used = [], []
    for groups in shared:
        mine, other = (seen[seen.groups == groups] for seen in (constant, cosine))
        steps = mine.assign(steps=_steps_to_half(mine), half_of=mine.window > groups / 2)
        mean = steps[steps.window > 1].groupby(["seed", "half_of"]).steps.mean().unstack()
        kept = [
            (known.later / known.reached).groupby(known.seed).mean()
            for known in (_learned(seen, learned) for seen in (mine, other))
        ]
        checks += [
            Check.ratio(
                "speed_up",
                f"steps to half, later / earlier of {groups} groups",
                mean[True] / mean[False],
                speed_up,
            ),
            Check.of("kept", f"kept share, constant - cosine, {groups} groups", kept[0] - kept[1], high=0),
        ]
        used += [mine, other]
    return checks, _rows(tables, *used)


@judge("many_groups")
def too_many_groups_are_all_forgotten(tables: Tables, *, learned: float, barely: float) -> Result:
    """Highest accuracy on any group at the end; visible where groups are known at the end of their windows
    (Figure U).
    """
    seen = windows(tables, tables.of("many_groups"))
    _learned(seen, learned)
    highest = seen.groupby(["groups", "seed"]).final.max()
    checks = [
        Check.share("highest", f"highest final accuracy on one of {groups} groups", values, high=barely)
        for groups, values in highest.groupby("groups")
    ]
    return checks, _rows(tables, seen)


@judge("sequential_patching", "patching", "attention")
def attention_is_good_in_the_first_window(tables: Tables, *, loss: float, ratio: float) -> Result:
    """With the attention of a run on groups, at its last snapshot in the first group's window and on the
    plateau of uniform training: final loss over b, and over that with the attention of uniform training at
    the same step (Figure W).
    """
    unpatched = tables.of("attention").set_index("seed").plateau_end
    if unpatched.isna().any():
        raise OutOfRegimeError("an unpatched run is still on its plateau at its end")
    rows = tables.of("sequential_patching").query("start == 0")
    window = rows.base.map(window_length(tables.runs.set_index("run")))
    young = rows[(rows.reference > 0) & (rows.reference <= window) & (rows.reference < unpatched.mean())]
    others = tables.of("patching").query("start == 0")
    both = sorted(set(young.reference) & set(others.reference))
    if not both:
        raise NotMeasuredError("no reference of both kinds at the same step of the first window")
    mine, other = (r[r.reference == both[-1]] for r in (young, others))
    ends, uniform = (r.set_index("seed").loss_over_b for r in (mine, other))
    at = f"with the reference at step {both[-1]:g}"
    return [
        Check.ratio("end", f"final loss / b {at}", ends, high=loss),
        Check.ratio(
            "groups", f"final loss {at} on groups / on everyone", (ends / uniform).dropna(), high=ratio
        ),
    ], pd.concat([mine, other])
