"""Judges of why fine-tuning on new people costs old facts. Ours: the paper describes the collapse.

A snapshot is of the weights at a step of fine-tuning. `early` is the share of the run at which old facts have
collapsed and most of the new ones are still to be learned.
"""

import pandas as pd

from pipeline.findings.fine_tuning.forgetting import at, largest, narrow
from pipeline.findings.fine_tuning.trajectories import collapsing, trajectories
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("exposures")
def steps_per_exposure_set_the_collapse(tables: Tables, *, learned: float) -> Result:
    """Lowest accuracy on old facts by the time that half of the new ones are recalled: how much lower it is
    with more steps for each exposure of a new person, at equal numbers of new people; and how much more this
    is than what more new people cost at equal steps for each exposure.
    """
    rows = collapsing(trajectories(tables, "exposures"), learned)
    rows = rows.assign(taken=rows.new / rows.batch)
    cells = rows.pivot(index="seed", columns=["taken", "new"], values="trough")
    if [level.size for level in cells.columns.levels] != [2, 2] or cells.shape[1] != 4:
        raise NotMeasuredError("the plan does not vary new people and their batches apart, two of each")
    (short, long), (few, many) = cells.columns.levels
    of_steps = (cells[short] - cells[long]).mean(axis=1)
    of_people = ((cells[short][few] - cells[short][many]) + (cells[long][few] - cells[long][many])) / 2
    name = f"{short:g} to {long:g} steps an exposure"
    return [
        Check.of("steps", f"accuracy on old facts lost with {name}", of_steps, low=0),
        Check.of("more", f"the same - that lost with {few:g} to {many:g} new", of_steps - of_people, low=0),
    ], rows


@judge("forgetting")
def collapse_is_a_common_shift(tables: Tables, *, early: float, least: float) -> Result:
    """Part of the accuracy on old facts lost early that comes back once the shift of the logits is taken
    out, as estimated on other people."""
    rows = largest(tables, replay=False)
    part = at(rows, early).of_shift_removed
    return [Check.of("restored", "part of the early loss that the shift makes", part, low=least)], rows


@judge("forgetting")
def erosion_is_drift(tables: Tables, *, early: float, most: float) -> Result:
    """The same at the end of fine-tuning; and how much less it is than early on."""
    rows = largest(tables, replay=False)
    soon, late = (at(rows, share).of_shift_removed for share in (early, 1))
    return [
        Check.of("restored", "part of the loss at the end that the shift makes", late, high=most),
        Check.of("less", "part early on - part at the end", soon - late, low=0),
    ], rows


@judge("forgetting")
def truth_stays_near_the_top(tables: Tables, *, early: float, most_known: float, rank: float) -> Result:
    """Early on, accuracy on old facts, and the rank of the right value among all of its attribute, by first
    tokens: 0 is the highest, 0.5 that of a guess."""
    rows = largest(tables, replay=False)
    found = at(rows, early)
    return [
        Check.share("rank", "rank of the right value, from 0 to 1", found["rank"], high=rank),
        Check.share("lost", "accuracy on old facts", found.accuracy, high=most_known),
    ], rows


@judge("forgetting")
def one_direction_carries_the_collapse(tables: Tables, *, early: float, least: float) -> Result:
    """Part of the accuracy on old facts lost early that comes back once the direction is taken out in which
    each weight matrix has changed most; and how much more this is than at the end."""
    rows = largest(tables, replay=False)
    soon, late = (at(rows, share).of_top_removed for share in (early, 1))
    return [
        Check.of("restored", "part of the early loss in one direction", soon, low=least),
        Check.of("more", "part early on - part at the end", soon - late, low=0),
    ], rows


@judge("forgetting")
def replay_keeps_more_than_the_shift(tables: Tables) -> Result:
    """At the end of fine-tuning on as many new people: accuracy on old facts with replay, minus that without
    it once the shift is taken out."""
    alone, replayed = largest(tables, replay=False), largest(tables, replay=True)
    gain = at(replayed, 1).accuracy - at(alone, 1).shift_removed
    return [Check.of("gain", "accuracy with replay - without the shift", gain, low=0)], pd.concat(
        [alone, replayed]
    )


@judge("narrow", "forgetting")
def narrow_values_shift_more(tables: Tables, *, early: float) -> Result:
    """With new values from half of each list, minus the same with values from all, by seed, on as many new
    people: accuracy on old facts that is lost early; and the part of it that the shift makes."""
    half, whole = narrow(tables), largest(tables, replay=False)
    if half.new.iloc[0] != whole.new.iloc[0]:
        raise NotMeasuredError("the plan has no runs on as many new people with values from all of each list")
    of_half, of_all = at(half, early), at(whole, early)
    lost = (of_half.start - of_half.accuracy) - (of_all.start - of_all.accuracy)
    more = of_half.of_shift_removed - of_all.of_shift_removed
    return [
        Check.of("lost", "lost early with values of half of each list - of all", lost.dropna(), low=0),
        Check.of("more", "part of it that the shift makes, the same difference", more, low=0),
    ], pd.concat([half, whole])
