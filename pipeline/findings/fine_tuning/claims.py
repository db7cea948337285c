"""Judges of fine-tuning on new people (paper, section 5.2 and appendix F; Figures 5 middle and right, N).

Old facts are about the pre-training people, new ones about the people fine-tuned on. Sizes are shares of the
number of pre-training people (paper: 1k to 16k of 64k, that is 1/64 to 1/4). The new facts set the time
scale: the early part of a run ends when half of them are recalled. b is the no-knowledge baseline.
"""

import itertools
import math

import pandas as pd

from pipeline.findings.fine_tuning.trajectories import at_least, collapsing, slowdown, trajectories
from pipeline.findings.hard_cells import by_seed
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables


@judge("finetune_sizes")
def old_facts_collapse_first(
    tables: Tables,
    *,
    smallest_share: float,
    large_share: float,
    new_gain: float,
    drop: float,
    time_share: float,
    large_trough: float,
    learned: float,
) -> Result:
    """For sets of `smallest_share` or more: how much accuracy on old facts is lost by the time that on new
    ones has gained `new_gain`, and the step at which `drop` is lost over that of half of the new facts;
    for sets of `large_share` or more, the lowest accuracy on old facts by that time (Figures 5 middle, N).

    The paper's 125 steps depend on its rate: they are 0.43 of its step of half of the new facts at 4k.
    """
    rows = at_least(collapsing(trajectories(tables, "finetune_sizes"), learned), smallest_share)
    lost, time, lowest = [], [], []
    for row in rows.itertuples():
        old, new = tables.curve(row.run), tables.curve(row.run, "new")
        gained = first_crossing(new.step, new.accuracy, row.first_new + new_gain, rising=True)
        before = old.accuracy[old.step <= (row.steps if math.isnan(gained) else gained)].min()
        dropped = first_crossing(old.step, old.accuracy, row.first - drop, rising=False)
        lost.append(row.first - before)
        time.append((row.steps if math.isnan(dropped) else dropped) / row.early_end)
        lowest.append(before)
    rows = rows.assign(lost=lost, time=time, lowest=lowest)
    checks = []
    for new, runs in rows.groupby("new"):
        checks += [
            Check.of("lost", f"lost while new facts gain {new_gain:g}, {new:g} new", runs.lost, low=drop),
            Check.ratio(
                "time",
                f"step of {drop:g} lost / of half of the new facts, {new:g} new",
                runs.time,
                high=time_share,
            ),
        ]
        if runs.share.iloc[0] >= large_share:
            checks.append(
                Check.share(
                    "trough", f"lowest accuracy on old facts, {new:g} new", runs.lowest, high=large_trough
                )
            )
    return checks, rows


@judge("finetune_sizes")
def larger_sets_collapse_deeper(tables: Tables, *, smallest_share: float, learned: float) -> Result:
    """Between neighbouring sizes of `smallest_share` or more: difference of the early trough of accuracy
    on old facts, and ratio of the steps at which half of the new facts are recalled (Figures 5 middle, N).
    """
    rows = at_least(collapsing(trajectories(tables, "finetune_sizes"), learned), smallest_share)
    slower = slowdown(rows, "new")
    trough = by_seed(rows, "new", "trough").dropna()
    sizes = sorted(trough)
    deeper = [
        Check.of("deeper", f"trough with {a:g} new - with {b:g}", trough[a] - trough[b], low=0)
        for a, b in itertools.pairwise(sizes)
    ]
    return deeper + slower, rows


@judge("finetune_sizes")
def new_facts_are_learned(tables: Tables, *, accuracy: float) -> Result:
    """Final accuracy on new facts, for every size without replay (Figure N)."""
    rows = tables.of("finetune_sizes")
    return [
        Check.share("learned", f"final accuracy, {new:g} new", runs.new_accuracy, low=accuracy)
        for new, runs in rows.groupby("new")
    ], rows


@judge("finetune_sizes")
def loss_near_baseline_keeps_some_facts(
    tables: Tables,
    *,
    smallest_share: float,
    largest_share: float,
    lowest_peak: float,
    accuracy_at_peak: float,
    kept: float,
    learned: float,
) -> Result:
    """At the largest set within the shares: early peak of the loss on old facts over b and accuracy there,
    final loss over b, and final accuracy on old facts above chance, which is the accuracy on new facts
    before fine-tuning (Figures 5 middle, N).
    """
    rows = collapsing(trajectories(tables, "finetune_sizes"), learned)
    rows = at_least(rows[rows.share <= largest_share], smallest_share)
    rows = rows[rows.new == rows.new.max()]
    return (
        [
            Check.ratio(
                "peak", "early peak of the loss on old facts / b", rows.peak / rows.baseline, lowest_peak, 1
            ),
            Check.share("at_peak", "accuracy on old facts at that peak", rows.at_peak, high=accuracy_at_peak),
            Check.ratio("end", "final loss on old facts / b", rows.last_loss / rows.baseline, low=1),
            Check.of("kept", "final accuracy on old facts - chance", rows["last"] - rows.first_new, low=kept),
        ],
        rows,
        f"{rows.new.iloc[0]:g} new, {rows.share.iloc[0]:.3g} of the pre-training people",
    )


@judge("finetune_sizes")
def old_facts_recover_then_erode(
    tables: Tables, *, smallest_share: float, recovery: float, erosion: float, learned: float
) -> Result:
    """Without replay, for sets of `smallest_share` or more: accuracy on old facts regained since the early
    trough, and lost again by the end (Figure N).
    """
    rows = at_least(collapsing(trajectories(tables, "finetune_sizes"), learned), smallest_share)
    checks = []
    for new, runs in rows.groupby("new"):
        checks += [
            Check.of("rebound", f"rebound - trough, {new:g} new", runs.rebound - runs.trough, low=recovery),
            Check.of("erosion", f"rebound - end, {new:g} new", runs.rebound - runs["last"], low=erosion),
        ]
    return checks, rows


@judge("finetune_replay", "finetune_sizes")
def replay_helps_the_end_more(tables: Tables, *, jump: float, end_ratio: float, learned: float) -> Result:
    """Loss on old facts with replay, at the weight that does worst in each seed: early peak over start,
    end over peak, end over the end without replay, and that over the same ratio of peaks (Figures 5
    right, N). The runs without replay are those on as many new people.
    """
    rows = collapsing(trajectories(tables, "finetune_replay"), learned).query("weight > 0")
    keys = ["seed", "individuals", "new"]
    plain = trajectories(tables, "finetune_sizes").query("weight == 0")
    pairs = rows.merge(plain[[*keys, "run", "peak", "last_loss"]], on=keys, suffixes=("", "_plain"))
    if pairs.empty:
        raise NotMeasuredError("no run without replay on as many new people")
    end = pairs.last_loss / pairs.last_loss_plain
    pairs = pairs.assign(
        jump=pairs.peak / pairs.first_loss,
        decay=pairs.last_loss / pairs.peak,
        end=end,
        end_over_peak=end / (pairs.peak / pairs.peak_plain),
    )
    worst = pairs.groupby("seed")
    return [
        Check.ratio("jump", "smallest early peak / start", worst.jump.min(), low=jump),
        Check.ratio("decay", "largest end / peak", worst.decay.max(), high=1),
        Check.ratio("end", "largest end / end without replay", worst.end.max(), high=end_ratio),
        Check.ratio("end_over_peak", "largest (end ratio) / (peak ratio)", worst.end_over_peak.max(), high=1),
    ], pd.concat([rows, plain[plain.run.isin(pairs.run_plain)]])


@judge("finetune_replay")
def replay_slows_new_facts(tables: Tables) -> Result:
    """Step at which half of the new facts are recalled, over that at the next smaller replay weight
    (Figures 5 right, N).
    """
    rows = trajectories(tables, "finetune_replay")
    return slowdown(rows, "weight"), rows
