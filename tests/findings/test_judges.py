"""Every judge turns green on curves like the paper's and red when the one thing it measures is wrong."""

import functools
import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.findings.entries import load, regimes
from pipeline.findings.verdict import (
    LARGER,
    NOT_REPRODUCED,
    NOT_RUN,
    OUT_OF_REGIME,
    REPRODUCED,
    SMALLER,
    UNDECIDED,
)
from tests.findings.scenes import (
    CHANGED,
    DIVERSE,
    ENDS,
    FALLS,
    LOSSES,
    MANY,
    REPLAYS,
    SHARED,
    STEADY,
    TURNS,
    VISITS,
    Attention,
    Fall,
    alternating_scene,
    attention_scene,
    celebrities_scene,
    changed,
    fewer_people_scene,
    fine_tuning_scene,
    growing_scene,
    head_and_tail_scene,
    jitter,
    long_plateau_scene,
    observed_tuning_scene,
    patching_scene,
    phases_scene,
    power_law_scene,
    robustness_scene,
    seen_scene,
    sequential_patching_scene,
    sequential_scene,
    sizes_scene,
    switch_scene,
    templates_scene,
    toy_scene,
    warm_up_grid_scene,
    warm_up_scene,
)
from tests.findings.synthetic_tables import build

CLAIMS = {entry.id: entry for entry in (*load(), *regimes())}


def best(*alphas: float, sizes=(256, 512, 1024, 2048, 4096), steps=800) -> dict:
    """Final losses by cell, with the lowest at these alphas from the fewest individuals to the most."""
    return {(n, steps): {**LOSSES, alpha: 1.0} for n, alpha in zip(sizes, alphas, strict=False)}


RISING = best(0, 0.2, 0.2, 0.6, 0.8)
WITH_STEPS = {**RISING, **best(0.2, 0.4, 0.6, 0.8, 1, steps=400)}


class Synthetic:
    """The made-up tables of the figures, with one thing changed in place."""

    def __init__(self, change=lambda tables: None, seeds=(0, 1, 2)):
        self.change, self.seeds = change, seeds

    def tables(self):
        tables = build(seeds=len(self.seeds))
        self.change(tables)
        return tables


def errors_stay_where_they_are(tables):
    attention = tables.observed["attention"]
    attention["credit_to_name"] = attention.credit_to_text


def circuits_of_their_own(tables):
    """Attention of each seed rises as late as its plateau ends early."""
    rows = tables.of("circuits")
    order = rows.sort_values("plateau_end", ascending=False).run
    late = dict(zip(order, sorted(rows.plateau_end), strict=True))
    attention = tables.observed["attention"]
    for run, end in late.items():
        mine = attention.run == run
        attention.loc[mine, "attribute_to_name"] = 0.1 + 0.8 * (attention.step[mine] / end).clip(0, 1)


def growing_gains(tables):
    growing = tables.runs.run[tables.runs.distribution == "growing"]
    tables.summary.loc[tables.summary.run.isin(growing), "known_accuracy"] += 0.5


def forgetting(**columns):
    """Snapshots of `forgetting` with other values, which may be made from the rows."""

    def change(tables):
        for name, value in columns.items():
            tables.forgetting[name] = value(tables.forgetting) if callable(value) else value

    return lambda: Synthetic(change)


def people_alone_count(tables):
    """Runs on many new people lose as much more as those with many steps an exposure did."""
    rows = tables.of("exposures")
    curves = tables.curves
    for run in rows.itertuples():
        mine = (curves.run == run.run) & (curves.group == "known")
        change = (curves.accuracy[mine] - 1) * (1.5 if run.new > 100 else 0.5)
        slow = 1 if run.new / run.batch > 10 else 2.2
        curves.loc[mine, "accuracy"] = 1 + change * slow


def cured(**changes):
    """Accuracy on old facts with a cure, given that and that on new ones."""

    def change(tables):
        rows = tables.of("cures")
        for case, of in changes.items():
            for run in rows.run[rows.case == case]:
                old, new = ((tables.curves.run == run) & (tables.curves.group == g) for g in ("known", "new"))
                known = tables.curves.accuracy
                tables.curves.loc[old, "accuracy"] = of(known[old].to_numpy(), known[new].to_numpy())

    return lambda: Synthetic(change)


def rare(everyone: float, rarest: float):
    """Other accuracies under the power law."""

    def change(tables):
        rows = tables.of("rare_people")
        law = rows.run[rows.alpha > 0]
        tables.summary.loc[tables.summary.run.isin(law), "known_accuracy"] = everyone
        tables.curves.loc[tables.curves.run.isin(law) & (tables.curves.group == "tenth-10"), "accuracy"] = (
            rarest
        )

    return lambda: Synthetic(change)


def warmed(accuracy: float, *arms: str):
    """Another final accuracy of some of the arms that a warm-up on wrong facts is compared in."""

    def change(tables):
        rows = tables.of("wrong_warm_up")
        mine = rows.run[rows.distribution.isin(arms)]
        tables.summary.loc[tables.summary.run.isin(mine), "known_accuracy"] = accuracy

    return lambda: Synthetic(change)


def leaving(group: str, accuracy: float):
    """Another accuracy on those who leave, or who stay."""

    def change(tables):
        mine = tables.curves.run.isin(tables.of("leaving").run) & (tables.curves.group == group)
        tables.curves.loc[mine, "accuracy"] = accuracy

    return lambda: Synthetic(change)


def narrow(**columns):
    """Snapshots of `narrow` with other values, made from the rows."""

    def change(tables):
        mine = tables.forgetting.run.isin(tables.of("narrow").run)
        for name, value in columns.items():
            tables.forgetting.loc[mine, name] = value(tables.forgetting[mine])

    return lambda: Synthetic(change)


CURES = ("larger-batch-keeps-most", "rising-rate-changes-nothing", "replay-keeps-most")
OURS = ("collapse-is-a-shift", "erosion-is-drift", "truth-near-the-top", "one-direction", "replay-keeps-more")
GREEN = {
    **dict.fromkeys(["steps-per-exposure", *OURS, *CURES, "imbalance-costs-the-rarest"], Synthetic),
    **dict.fromkeys(
        ["warm-up-needs-no-facts", "plateau-leaves-no-facts", "narrow-values-shift-more"], Synthetic
    ),
    **dict.fromkeys(["plateau-stands-apart", "people-are-known"], phases_scene),
    "attention-has-moved": attention_scene,
    "many-new-people-a-batch": lambda **k: in_small_batches(fine_tuning_scene(**k)),
    "credit-reaches-names": Synthetic,
    "early-circuit-early-knowledge": lambda seeds=range(12), **k: Synthetic(seeds=seeds, **k),
    "growing-beats-warm-up": lambda **k: Synthetic(growing_gains, **k),
    **dict.fromkeys(["C1", "C2", "C3", "C32", "C33", "C34"], phases_scene),
    **dict.fromkeys(["C4", "C5", "C6"], sizes_scene),
    **dict.fromkeys(["C7", "C8", "C9", "C10"], robustness_scene),
    **dict.fromkeys(["C11", "C12"], templates_scene),
    **dict.fromkeys([f"C{k}" for k in range(13, 18)], patching_scene),
    **dict.fromkeys(["C18", "C19", "C20"], attention_scene),
    **dict.fromkeys(["C21", "C22", "C24"], power_law_scene),
    "C23": lambda **k: power_law_scene(losses=RISING, **k),
    "C25": celebrities_scene,
    "C26": warm_up_scene,
    "C27": long_plateau_scene,
    "C28": fewer_people_scene,
    "C29": warm_up_grid_scene,
    "C30": switch_scene,
    "C31": head_and_tail_scene,
    **dict.fromkeys(["C44", "C45"], seen_scene),
    **dict.fromkeys([f"C{k}" for k in range(36, 43)], fine_tuning_scene),
    "C43": observed_tuning_scene,
    "C46": toy_scene,
    **dict.fromkeys([f"C{k}" for k in range(47, 52)], sequential_scene),
    "C35": growing_scene,
    "C52": alternating_scene,
    "C53": sequential_patching_scene,
}


def known(**changes):
    return phases_scene(known=changes)


def new(**changes):
    return phases_scene(new=changes)


def seen(**changes):
    return attention_scene(attention=Attention(**changes))


def watched(name: float, text: float):
    """Attention in the last layer at the end of the run."""
    scene = attention_scene()
    attention = scene.observed["attention"]
    for k, table in enumerate(attention):
        if "attribute_to_name" in table:
            last = table.step == table.step.max()
            off = {"attribute_to_name": name * jitter(k), "attribute_to_text": text}
            attention[k] = table.assign(**{c: table[c].where(~last, v) for c, v in off.items()})
    return scene


def patched(**losses: tuple[float, float]):
    """Final loss over b and t(0.99) by reference: at32=(0.1, 40)."""
    return patching_scene(patched={int(name.removeprefix("at")): values for name, values in losses.items()})


def fall(size: int, **changes):
    return fine_tuning_scene(falls={size: replace(FALLS[size], **changes)})


def replayed(weight: float, **changes):
    return fine_tuning_scene(replays={weight: replace(REPLAYS[weight], **changes)})


def toy_fall(size: int, of="linear", **changes):
    return toy_scene(falls={size: replace(FALLS[size], **changes)}, of=of)


def turns(*windows: int, **changes):
    """Eight groups with a cosine, changed in these windows; in all without any."""
    return sequential_scene(turns=changed(TURNS, *windows, **changes))


def constant(*windows: int, **changes):
    return sequential_scene(constant=changed(STEADY, *windows, **changes))


def evenly_forgotten() -> dict:
    """Two groups that lose half in each of the other's windows, at the end a little more."""
    kept = {k: turn.reached * (0.5 - 0.01 * ((k - 1) // 2)) for k, turn in VISITS.items()}
    return {k: replace(turn, later=kept[k], final=kept[k]) for k, turn in VISITS.items()}


def altered(experiment: str, index: int, **values):
    """One setting of an experiment with another end of its plateau or final loss."""
    runs = list(CHANGED[experiment])
    parameters, end, loss = runs[index]
    runs[index] = (parameters, values.get("end", end), values.get("loss", loss))
    return robustness_scene(**{experiment: runs})


def of_many_people(scene):
    for row in scene.runs:
        row["individuals"] = 64000
    return scene


def in_small_batches(scene, batch=2):
    for row in scene.runs:
        row["batch"] = batch
    return scene


# Claim, what is wrong, parts of the names of the checks that see it, and these alone.
RED = [
    ("plateau-stands-apart", "merges", "step of 1.06 b / t(0.99)", lambda: known(phase_one=120)),
    ("people-are-known", "not all", "final accuracy on known people", lambda: known(final_accuracy=0.95)),
    ("attention-has-moved", "on text", "to the text at the end", lambda: watched(name=0.4, text=0.5)),
    ("attention-has-moved", "as at the start", "at the end / at step 0", lambda: watched(name=0.3, text=0.1)),
    (
        "many-new-people-a-batch",
        "few",
        "new people / batch",
        lambda: in_small_batches(fine_tuning_scene(), 4),
    ),
    ("credit-reaches-names", "no growth", "names over text", lambda: Synthetic(errors_stay_where_they_are)),
    (
        "early-circuit-early-knowledge",
        "the other way",
        "rank correlation",
        lambda: Synthetic(circuits_of_their_own, seeds=range(12)),
    ),
    (
        "steps-per-exposure",
        "people alone count",
        ["accuracy on old facts lost with", "the same - that lost"],
        lambda: Synthetic(people_alone_count),
    ),
    (
        "collapse-is-a-shift",
        "a third of it",
        "that the shift makes",
        forgetting(shift_removed=lambda rows: rows.accuracy + (1 - rows.accuracy) / 3),
    ),
    (
        "erosion-is-drift",
        "all a shift",
        ["at the end that the shift makes", "part early on - part at the end"],
        forgetting(shift_removed=lambda rows: rows.accuracy + (1 - rows.accuracy) * (rows.step / 150)),
    ),
    ("truth-near-the-top", "anywhere", "rank of the right value", forgetting(rank=0.4)),
    ("truth-near-the-top", "nothing is lost", "accuracy on old facts", forgetting(accuracy=0.9)),
    (
        "one-direction",
        "none of it",
        ["in one direction", "part early on - part at the end"],
        forgetting(
            top_removed=lambda rows: rows.accuracy + (1 - rows.accuracy) * (rows.step / 150) * rows["rank"]
        ),
    ),
    ("replay-keeps-more", "all a shift", "with replay - without", forgetting(shift_removed=1.0)),
    (
        "larger-batch-keeps-most",
        "it loses more",
        ["with a larger batch - without", "with a larger batch - with"],
        cured(batch=lambda old, new: 1 - 0.9 * new),
    ),
    (
        "rising-rate-changes-nothing",
        "it keeps all",
        "with a rising rate - without",
        cured(rising=lambda old, new: 1 - 0.01 * new),
    ),
    (
        "replay-keeps-most",
        "a frozen embedding keeps all",
        "with replay - with frozen embedding",
        cured(embedding=lambda old, new: 1 - 0.01 * new),
    ),
    ("replay-keeps-most", "it keeps nothing", "with replay - with", cured(replay=lambda old, new: 1 - new)),
    ("warm-up-needs-no-facts", "nothing is left", "part of the gain", warmed(0.2, "wrong_warm_up")),
    (
        "warm-up-needs-no-facts",
        "no gain",
        "on right facts - without one",
        warmed(0.01, "warm_up", "wrong_warm_up"),
    ),
    ("plateau-leaves-no-facts", "they are known", "who left - on never-seen", leaving("left", 0.3)),
    ("plateau-leaves-no-facts", "nobody is known", "who stayed", leaving("stayed", 0.1)),
    (
        *("narrow-values-shift-more", "as little is lost", "of half of each list - of all"),
        narrow(accuracy=lambda rows: 1 - 0.2 * (1 - rows.accuracy), shift_removed=lambda rows: 1.0),
    ),
    (
        *("narrow-values-shift-more", "drift alone", "part of it that the shift makes"),
        narrow(shift_removed=lambda rows: rows.accuracy),
    ),
    ("imbalance-costs-the-rarest", "it costs nothing", "of the rarest tenth", rare(0.99, 0.98)),
    ("imbalance-costs-the-rarest", "no gain", "accuracy on everyone", rare(0.05, 0.01)),
    ("growing-beats-warm-up", "no gain", "gain in accuracy", Synthetic),
    ("C1", "slow", "share of the run to 1.1 b", lambda: known(phase_one=60)),
    ("C1", "never", "share of the run to 1.1 b", lambda: known(plateau_end=790, phase_one=789, plateau=1.2)),
    ("C2", "high loss", "highest loss on the plateau", lambda: known(plateau=1.2)),
    ("C2", "early knowledge", "highest accuracy on the plateau", lambda: known(leak=5)),
    ("C2", "no plateau", "highest loss on the plateau", lambda: known(plateau_end=40, phase_one=24)),
    ("C3", "final loss", "final loss / b", lambda: known(final_loss=0.1)),
    ("C3", "final accuracy", "final accuracy", lambda: known(final_accuracy=0.95)),
    ("C3", "not monotone", "largest rise of the loss", lambda: known(bump=0.2)),
    ("C4", "spread", "standard deviation of t(0.99)", lambda: sizes_scene(spread=0.4)),
    ("C5", "shrinks", "exponent", lambda: sizes_scene(exponent=-0.2)),
    ("C5", "no power law", "R² of the log-log fit", lambda: sizes_scene(scatter=(0.4, -0.4, -0.4, 0.4))),
    ("C6", "rising", "slope of log exposures", lambda: sizes_scene(exponent=1.1)),
    (
        "C7",
        "weight decay prevents knowledge",
        "largest final loss",
        lambda: altered("weight_decay", 2, loss=0.9),
    ),
    (
        "C7",
        "half the rate stays on the plateau",
        "largest final loss",
        lambda: altered("learning_rate", 1, loss=0.995),
    ),
    (
        "C7",
        "no plateau",
        "largest share of t(0.99) to 1.1 b",
        lambda: robustness_scene(known={"phase_one": 120}),
    ),
    ("C8", "grows at once", "data to t(0.99), batch 32 over 16", lambda: altered("batch_size", 1, end=600)),
    ("C8", "constant", "data to t(0.99), batch 128 over 16", lambda: altered("batch_size", 2, end=104)),
    (
        "C9",
        "much shorter with size",
        "t(0.99), largest model over smallest",
        lambda: altered("model_size", 1, end=120),
    ),
    (
        "C9",
        "much longer with size",
        "t(0.99), largest model over smallest",
        lambda: altered("model_size", 1, end=280),
    ),
    ("C9", "hardly with people", "t(0.99), 64 times the people", lambda: flat_sizes()),
    ("C10", "as long", "t(0.99) at x4 over the default", lambda: altered("learning_rate", 3, end=250)),
    ("C10", "learns", "final loss / b at x4", lambda: altered("learning_rate", 3, loss=0.3)),
    ("C11", "learns", "lowest loss / b, fixed order", lambda: templates_scene(lowest=0.9)),
    ("C12", "one is enough", "with 1 - with 16 templates", lambda: templates_scene(random={1: 0.1})),
    ("C12", "still gains", "with 8 - with 16 templates", lambda: templates_scene(random={8: 0.3})),
    (
        "C12",
        "more do harm",
        "with 8 - with 16 templates",
        lambda: templates_scene(random={1: 0.95, 16: 0.3}),
    ),
    (
        "C13",
        "half as long",
        ["at step 512 / unpatched", "loss at 0.33 t(0.99) with the reference at step 512"],
        lambda: patched(at512=(0.0014, 100)),
    ),
    (
        "C13",
        "never leaves",
        ["at step 800 / unpatched", "loss at 0.33 t(0.99) with the reference at step 800"],
        lambda: patched(at800=(1.02, 900)),
    ),
    (
        "C13",
        "slow after it",
        "loss at 0.33 t(0.99) with the reference at step 800",
        lambda: patched(at800=(0.99, 30)),
    ),
    (
        "C14",
        "oldest is worse",
        "final loss with the reference at step 512 / 800",
        lambda: patched(at800=(0.01, 30)),
    ),
    (
        "C14",
        "no better than young",
        ["final loss with the reference at step 64 / 128", "share of the reduction by t(0.99)"],
        lambda: patched(at128=(0.6, 126)),
    ),
    ("C14", "gain after the plateau", "share of the reduction by t(0.99)", lambda: patched(at128=(0.4, 126))),
    (
        "C15",
        "first phase is better",
        "final loss with the reference at step 32 / 64",
        lambda: patched(at32=(0.4, 300)),
    ),
    (
        "C15",
        "random is worse",
        "final loss with the reference at step 64 / 0",
        lambda: patched(at0=(0.6, 400)),
    ),
    ("C16", "learns early", "final loss, frozen at step 64", lambda: patching_scene(late={(64, 64): 0.1})),
    (
        "C16",
        "costs much later",
        "final loss, frozen at step 512",
        lambda: patching_scene(late={(512, 512): 0.4}),
    ),
    (
        "C17",
        "as good late",
        "final loss patched from step 512 / from 0",
        lambda: patching_scene(late={(800, 512): 0.0009}),
    ),
    ("C18", "no dip", "lowest attention to the name in the first phase", lambda: seen(dip=0.4)),
    ("C18", "no rise to text", "highest attention to the text in the first phase", lambda: seen(rise=0.5)),
    ("C18", "low at the end of the plateau", "attention to the name at t(0.99)", lambda: seen(name=0.7)),
    ("C18", "text keeps attention", "attention to the text at t(0.99)", lambda: seen(text=0.3)),
    ("C19", "late", "name to name at the end of the first phase", lambda: seen(grouped=0.6)),
    (
        "C20",
        "after the plateau",
        ["step of half-way attention to the name / t(0.99)", "the same / step of accuracy 3 x chance"],
        lambda: seen(half=1.3, name=0.5),
    ),
    (
        "C20",
        "after knowledge",
        "the same / step of accuracy 3 x chance",
        lambda: attention_scene(known={"leak": 5}),
    ),
    (
        "C43",
        "last layer",
        "attribute to last name token, last layer",
        lambda: observed_tuning_scene(last=0.1),
    ),
    ("C43", "first layer", "name to name, first layer", lambda: observed_tuning_scene(first=0.05)),
    (
        "C21",
        "best at 0.4",
        "best t(0.99) outside / inside alpha 0.6 to 0.8",
        lambda: power_law_scene(ends={**ENDS, 0.4: 150}),
    ),
    ("C21", "alpha 1 as good", "t(0.99) of alpha 1 / best", lambda: power_law_scene(ends={**ENDS, 1: 175})),
    (
        "C22",
        "longer",
        "t(0.99) at the best alpha / uniform",
        lambda: power_law_scene(ends=dict.fromkeys(ENDS, 330) | {0: 300}),
    ),
    (
        "C23",
        "falling",
        ["rise of the best alpha with more individuals", "neighbouring cells out of order"],
        lambda: power_law_scene(losses=best(0.8, 0.4, 0)),
    ),
    (
        "C23",
        "two out of order",
        "neighbouring cells out of order",
        lambda: power_law_scene(losses=best(0, 0.4, 0.2, 0.8, 0.6)),
    ),
    (
        "C23",
        "falling with fewer steps",
        ["rise of the best alpha with fewer steps", "neighbouring cells out of order"],
        lambda: power_law_scene(losses=RISING | best(0, 0, 0.2, 0.4, 0.6, steps=400)),
    ),
    ("C23", "constant", "rise of the best alpha with more individuals", lambda: power_law_scene()),
    (
        "C24",
        "alpha 1 best",
        "final loss of alpha 1 / 0",
        lambda: power_law_scene(losses=best(1, 1, 1)),
    ),
    (
        "C25",
        "worse than uniform",
        ["(celebrities - power law) / b", "loss at the ends of the weights / between"],
        lambda: celebrities_scene(losses={4: 3.9, 8: 3.8, 16: 4.0}),
    ),
    (
        "C25",
        "far from the power law",
        "(celebrities - power law) / b",
        lambda: celebrities_scene(losses={4: 2.9, 8: 2.5, 16: 2.8}),
    ),
    (
        "C25",
        "largest weight best",
        "loss at the ends of the weights / between",
        lambda: celebrities_scene(losses={4: 2.5, 8: 1.8, 16: 1.35}),
    ),
    ("C26", "worse", "gain in accuracy", lambda: warm_up_scene(accuracy=0.5)),
    ("C27", "wins", "power law - warm-up in accuracy", lambda: long_plateau_scene(warm=0.2)),
    ("C28", "knows fewer", "gain over fewer people", lambda: fewer_people_scene(accuracy=0.6)),
    (
        "C29",
        "smallest subset best",
        "final loss at the ends of the sizes",
        lambda: warm_up_grid_scene(size=128),
    ),
    ("C29", "longest best", "final loss at the ends of the lengths", lambda: warm_up_grid_scene(length=300)),
    (
        "C30",
        "no rise",
        "highest loss on all people at the end of a warm-up",
        lambda: switch_scene(top=(1.0, 0.98)),
    ),
    ("C30", "one is slow to return", "longest return to 1.05 b", lambda: switch_scene(back=(20, 120))),
    (
        "C31",
        "plateau in spite of the head",
        "exponent of the plateau in 1 / frequency of the head",
        lambda: head_and_tail_scene(plateau=(-0.1, -0.4)),
    ),
    (
        "C31",
        "plateau by the tail too",
        "the same - that in 1 / frequency of the tail",
        lambda: head_and_tail_scene(plateau=(0.6, 0.8)),
    ),
    (
        "C31",
        "learned in spite of the tail",
        "exponent of the time to learn in 1 / frequency of the tail",
        lambda: head_and_tail_scene(learn=(-0.4, -0.1)),
    ),
    (
        "C31",
        "learned by the head too",
        "the same - that in 1 / frequency of the head",
        lambda: head_and_tail_scene(learn=(1.2, 0.8)),
    ),
    ("C44", "no gain", "gain of accuracy on rare people", lambda: seen_scene(gain=-0.02)),
    (
        "C44",
        "frequent people are lost for a while",
        "largest loss of accuracy on frequent people",
        lambda: seen_scene(lost=0.2),
    ),
    ("C45", "no erosion", "loss of accuracy on rare people", lambda: seen_scene(erosion=0.02)),
    ("C45", "better known", "loss of accuracy on rare people", lambda: seen_scene(erosion=-0.1)),
    ("C45", "a collapse", "part of it in the first 0.1 of the run", lambda: seen_scene(soon=0.8)),
    ("C32", "late", "onset / t(0.99)", lambda: new(onset=300)),
    ("C32", "early", "onset / t(0.99)", lambda: new(onset=120)),
    (
        "C32",
        "never",
        ["onset / t(0.99)", "final loss on never-seen people / b"],
        lambda: new(onset=795, final=0.95),
    ),
    ("C32", "stays below b", "final loss on never-seen people / b", lambda: new(floor=0.8, final=0.95)),
    ("C32", "falls again", "final / largest loss on never-seen people", lambda: new(drop=0.5)),
    ("C33", "not far above", "final loss on never-seen people / b", lambda: new(final=1.5)),
    ("C33", "above chance", "final accuracy on never-seen people / chance", lambda: new(accuracy=0.1)),
    ("C34", "as confident", "final gap in maximum probability", lambda: new(confidence=0.98)),
    ("C34", "entropy", "final gap in entropy", lambda: new(entropy=0.05)),
    ("C34", "gap from the start", "share of the gap at t(0.99)", lambda: new(early_gap=0.1)),
    (
        "C36",
        "little lost",
        ["lost while new facts gain 0.1, 64 new", "step of 0.25 lost / of half of the new facts, 64 new"],
        lambda: fall(64, trough=0.9, rebound=0.95),
    ),
    (
        "C36",
        "lost slowly",
        "step of 0.25 lost / of half of the new facts, 64 new",
        lambda: fall(64, trough_at=0.65),
    ),
    ("C36", "lost after the gain", "lost while new facts gain 0.1, 64 new", lambda: fall(64, new_early=0.3)),
    ("C36", "large set keeps much", "lowest accuracy on old facts, 256 new", lambda: fall(256, trough=0.4)),
    ("C37", "shallower", "trough with 128 new - with 256", lambda: fall(256, trough=0.5, rebound=0.6)),
    ("C37", "faster", "step of half of the new facts, new 256 / 128", lambda: fall(256, half=400)),
    ("C38", "not learned", "final accuracy, 256 new", lambda: fall(256, new_end=0.9)),
    ("C39", "peak above b", "early peak of the loss on old facts", lambda: fall(256, peak=1.3)),
    ("C39", "peak far below b", "early peak of the loss on old facts", lambda: fall(256, peak=0.3)),
    ("C39", "little lost at the peak", "accuracy on old facts at that peak", lambda: fall(256, trough=0.4)),
    ("C39", "end below b", "final loss on old facts / b", lambda: fall(256, end_loss=0.9)),
    ("C39", "all erased", "final accuracy on old facts - chance", lambda: fall(256, end=0.004)),
    ("C40", "no recovery", "rebound - trough, 128 new", lambda: fall(128, rebound=0.146, end=0.1)),
    ("C40", "no erosion", "rebound - end, 128 new", lambda: fall(128, end=0.4)),
    ("C41", "no jump", "smallest early peak / start", lambda: replayed(2, peak=0.0039)),
    ("C41", "no decay", "largest end / peak", lambda: replayed(2, end_loss=0.02)),
    ("C41", "end not reduced", "largest end / end without replay", lambda: replayed(1 / 32, end_loss=0.05)),
    ("C41", "peak reduced as much", "largest (end ratio) / (peak ratio)", lambda: fall(64, end_loss=0.1)),
    ("C42", "faster", "step of half of the new facts, weight 2 / 0.25", lambda: replayed(2, half=400)),
    (
        "C46",
        "lost slowly",
        "linear: largest step of 0.25 lost / half learned",
        lambda: toy_fall(64, trough_at=1.2),
    ),
    (
        "C46",
        "never lost",
        ["linear: largest step of 0.25 lost / half learned", "linear: smallest fall of the end"],
        lambda: toy_fall(64, trough=0.99, rebound=0.99, end=0.9),
    ),
    (
        "C46",
        "never lost, the other read-out",
        "value embeddings: largest step of 0.25 lost / half learned",
        lambda: toy_fall(64, "value_embeddings", trough=0.99),
    ),
    (
        "C46",
        "less damage with more pairs",
        "linear: smallest fall of the end",
        lambda: toy_fall(256, end=0.5),
    ),
    ("C46", "faster with more pairs", "linear: smallest slowdown", lambda: toy_fall(256, half=400)),
    (
        "C35",
        "long after the first people",
        "onset / t(0.99) of the first people",
        lambda: growing_scene(onset=200),
    ),
    (
        "C35",
        "before the first people",
        "onset / t(0.99) of the first people",
        lambda: growing_scene(onset=60),
    ),
    (
        "C35",
        "ends below b",
        ["onset / t(0.99) of the first people", "final loss on never-seen people / b"],
        lambda: growing_scene(onset=790, final=0.95),
    ),
    ("C47", "slower", "steps to half, slowest later / first of 8 groups", lambda: turns(4, half=0.9)),
    (
        "C47",
        "last is known",
        "final accuracy of the last of 8 groups",
        lambda: turns(8, half=0.3, reached=0.95, final=0.95),
    ),
    (
        "C48",
        "much is kept",
        ["accuracy one window after the switch", "steps to lose half / to learn half"],
        lambda: turns(later=0.6),
    ),
    (
        "C48",
        "lost late",
        ["share of the loss in the first eighth of it", "steps to lose half / to learn half"],
        lambda: turns(early=0.2),
    ),
    ("C48", "learned faster", "steps to lose half / to learn half", lambda: turns(half=0.02)),
    (
        "C49",
        "last is best",
        "lead of the last but one of 8 groups",
        lambda: turns(8, half=0.3, reached=0.95, final=0.95),
    ),
    ("C49", "an early one is best", "lead of the last but one of 8 groups", lambda: turns(2, final=0.5)),
    (
        "C50",
        "ever faster",
        "steps to half, later / earlier of 8 groups",
        lambda: constant(5, 6, 7, 8, half=0.05),
    ),
    ("C50", "less is forgotten", "kept share, constant - cosine", lambda: constant(later=0.5)),
    (
        "C51",
        "one is known",
        "highest final accuracy on one of 8 groups",
        lambda: sequential_scene(many=changed(MANY, 7, final=0.3)),
    ),
    (
        "C52",
        "no less at the end",
        "forgotten share, visit 4 / 1",
        lambda: alternating_scene(visits=evenly_forgotten()),
    ),
    (
        "C52",
        "more at one",
        "largest rise at a revisit",
        lambda: alternating_scene(visits=changed(VISITS, 5, 6, later=0.1)),
    ),
    (
        "C53",
        "costs much",
        "final loss / b with the reference at step 64",
        lambda: sequential_patching_scene(losses={64: 0.1}),
    ),
    (
        "C53",
        "no better than uniform",
        "on groups / on everyone",
        lambda: sequential_patching_scene(patched={64: (0.004, 280)}),
    ),
    (
        "C46",
        "less damage with more pairs, the other read-out",
        "value embeddings: smallest fall of the end",
        lambda: toy_fall(256, "value_embeddings", end=0.5),
    ),
    (
        "C46",
        "faster with more pairs, the other read-out",
        "value embeddings: smallest slowdown",
        lambda: toy_fall(256, "value_embeddings", half=400),
    ),
    (
        "C46",
        "replay does not help, the other read-out",
        "value embeddings: largest end with replay / without",
        lambda: toy_scene(replays={1 / 32: replace(REPLAYS[1 / 32], end_loss=0.5)}, of="value_embeddings"),
    ),
    (
        "C46",
        "replay does not help",
        "linear: largest end with replay / without",
        lambda: toy_scene(replays={1 / 32: replace(REPLAYS[1 / 32], end_loss=0.5)}),
    ),
]


# The direction holds, and the interval lies beyond the margin around the paper's value.
SIZED = [
    ("C5", LARGER, lambda: sizes_scene(exponent=1.1)),
    ("C5", SMALLER, lambda: sizes_scene(exponent=0.4)),
    ("C6", LARGER, lambda: sizes_scene(exponent=0.5)),
    ("C6", SMALLER, lambda: sizes_scene(exponent=0.95)),
    ("C22", SMALLER, lambda: power_law_scene(ends={**ENDS, 0.6: 270, 0.8: 270, 0.4: 270})),
    ("C22", LARGER, lambda: power_law_scene(ends={**ENDS, 0.8: 100})),
    ("C33", LARGER, lambda: new(final=3.2)),
]


def judged(claim: str, scene):
    return CLAIMS[claim].judged(scene.tables())


@functools.cache
def green(claim: str):
    return judged(claim, GREEN[claim]())


def kind(quantity: str) -> str:
    """A quantity, whichever size, step or group it is of."""
    return re.sub(r"\d+(\.\d+)?", "#", quantity)


def parts(seen: str | list[str]) -> list[str]:
    return [seen] if isinstance(seen, str) else seen


def test_every_judge_is_tested():
    assert set(GREEN) == set(CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_check_has_a_scene_that_turns_it_red(claim):
    red = {kind(part) for name, _, seen, _ in RED if name == claim for part in parts(seen)}
    for check in green(claim).checks:
        assert any(part in kind(check.quantity) for part in red), check.quantity


@pytest.mark.parametrize("claim", CLAIMS)
def test_reproduced(claim):
    finding = green(claim)
    assert finding.verdict == REPRODUCED, finding
    assert finding.seeds == (12 if claim == "early-circuit-early-knowledge" else 3)
    assert finding.checks and finding.runs


@pytest.mark.parametrize(
    ("claim", "seen", "scene"),
    [(c, s, scene) for c, _, s, scene in RED],
    ids=[f"{c}-{w}" for c, w, *_ in RED],
)
def test_not_reproduced(claim, seen, scene):
    """By the checks that are named, and by no other."""
    finding = judged(claim, scene())
    assert finding.verdict == NOT_REPRODUCED, finding
    quantities = [check.quantity for check in finding.checks]
    assert all(any(part in quantity for quantity in quantities) for part in parts(seen)), quantities
    red = [check.quantity for check in finding.checks if check.verdict == NOT_REPRODUCED]
    assert red == [quantity for quantity in quantities if any(part in quantity for part in parts(seen))]


@pytest.mark.parametrize(("claim", "verdict", "scene"), SIZED, ids=[f"{c}-{v}" for c, v, _ in SIZED])
def test_a_size_beyond_the_margin(claim, verdict, scene):
    assert judged(claim, scene()).verdict == verdict


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_checks_of_the_file_are_those_of_the_judge(claim):
    """The main contrast first; and the paper's value lies within the bounds of its own check."""
    finding = judged(claim, power_law_scene(losses=WITH_STEPS)) if claim == "C23" else green(claim)
    assert list(dict.fromkeys(part.check.key for part in finding.checks)) == list(CLAIMS[claim].checks)
    for part in finding.checks:
        assert part.aim.paper is None or part.check.low < part.aim.paper < part.check.high
        assert not part.check.estimate.log or part.aim.margin is None or part.aim.margin > 1


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
@pytest.mark.parametrize("claim", CLAIMS)
def test_too_few_seeds_give_no_hard_verdict(claim, seeds):
    finding = judged(claim, GREEN[claim](seeds=seeds))
    assert finding.verdict == UNDECIDED, finding
    assert finding.seeds == len(seeds) and {check.verdict for check in finding.checks} == {UNDECIDED}


def test_of_two_cases_of_a_cure_the_first_is_judged():
    def frozen_twice(tables):
        tables.runs["frozen"] = tables.runs.frozen.replace("embedding", "attention")

    finding = judged("replay-keeps-most", Synthetic(frozen_twice))
    assert finding.verdict == REPRODUCED, finding
    told = [check.quantity for check in finding.checks]
    assert sum("frozen attention" in name for name in told) == 1 and not any("embedding" in n for n in told)


def test_red_with_one_seed_gives_no_hard_verdict():
    scene = phases_scene(seeds=(0,), known={"final_loss": 3.0})
    assert judged("C3", scene).verdict == UNDECIDED


def test_both_axes_of_the_best_alpha_are_judged():
    finding = judged("C23", power_law_scene(losses=WITH_STEPS))
    assert finding.verdict == REPRODUCED, finding
    told = [check.quantity for check in finding.checks]
    assert any("more individuals" in name for name in told) and any("fewer steps" in name for name in told)


def test_runs_are_those_of_the_experiment():
    scene = sizes_scene()
    tables = scene.tables()
    assert set(judged("C5", scene).runs) == set(tables.of("population_size").run)
    assert set(judged("C1", scene).runs) == set(tables.of("phases").run)


@pytest.mark.parametrize(
    ("core", "again", "claims"),
    [
        ("population_size", "population_size_again", ("C4", "C5", "C6")),
        ("attention", "phases_again", ("C18", "C19", "C20", "attention-has-moved")),
    ],
)
def test_more_seeds_count_as_those_of_the_core(core, again, claims):
    together, apart = (GREEN[claims[0]](seeds=range(6)) for _ in range(2))
    for entry in apart.experiments:
        if entry["experiment"] == core and entry["seed"] > 2:
            entry["experiment"] = again
    for claim in claims:
        assert judged(claim, apart) == judged(claim, together) and judged(claim, apart).seeds == 6


def test_seeds_that_disagree_leave_it_open():
    scene = power_law_scene(ends={0: 300, 0.8: 172, 0.4: 172, 1: 280})
    spread = np.array([0.9, 1.0, 1.1])
    for row, summary in zip(scene.runs, scene.summary, strict=True):
        if row["alpha"] == 0.4:
            summary["plateau_end"] *= spread[row["seed"]]
    assert judged("C21", scene).verdict == UNDECIDED


def flat_sizes():
    scene = robustness_scene()
    for row, summary in zip(scene.runs, scene.summary, strict=True):
        if row["individuals"] == 256:
            summary["plateau_end"] = 150 + row["seed"]
    return scene


NOT_SEEN = [
    ("plateau-stands-apart", "still on the plateau", lambda: still_on_plateau(phases_scene())),
    ("C9", "still on the plateau", lambda: still_on_plateau(robustness_scene())),
    ("C11", "nothing known", lambda: templates_scene(random={16: 0.7})),
    ("C12", "nothing known", lambda: templates_scene(random=dict.fromkeys(DIVERSE, 0.7))),
    ("C2", "still on the plateau", lambda: still_on_plateau(phases_scene())),
    ("C4", "still on the plateau", lambda: still_on_plateau(sizes_scene())),
    ("C5", "still on the plateau", lambda: still_on_plateau(sizes_scene())),
    ("C6", "still on the plateau", lambda: still_on_plateau(sizes_scene())),
    ("C21", "still on the plateau", lambda: still_on_plateau(power_law_scene())),
    ("C22", "still on the plateau", lambda: still_on_plateau(power_law_scene())),
    ("C24", "easy cells", lambda: power_law_scene(ends={a: e / 3 for a, e in ENDS.items()})),
    ("C26", "hard cells", lambda: still_on_plateau(warm_up_scene())),
    ("C27", "easy cells", lambda: warm_up_scene()),
    ("C28", "no hard cell", lambda: still_on_plateau(fewer_people_scene())),
    ("C29", "no hard cell", lambda: still_on_plateau(warm_up_grid_scene())),
    ("C30", "no hard cell", lambda: still_on_plateau(switch_scene())),
    *((c, "rare people are known", lambda: seen_scene(start=0.95)) for c in ("C44", "C45")),
    *((c, "rare people are unknown", lambda: seen_scene(start=0.05)) for c in ("C44", "C45")),
    *(
        (f"C{k}", "unpatched on the plateau", lambda: still_on_plateau(patching_scene()))
        for k in range(13, 18)
    ),
    ("C18", "still on the plateau", lambda: still_on_plateau(attention_scene())),
    ("C20", "still on the plateau", lambda: still_on_plateau(attention_scene())),
    ("C43", "nothing known", lambda: observed_tuning_scene(start=0.3)),
    ("C32", "nothing known", lambda: known(final_accuracy=0.3)),
    ("C33", "nothing known", lambda: known(final_accuracy=0.3)),
    ("C34", "nothing known", lambda: known(final_accuracy=0.3)),
    *((c, "nothing to lose", lambda: nothing_to_lose()) for c in ("C36", "C37", "C39", "C40", "C41")),
    ("C46", "nothing to lose", lambda: toy_scene(falls=IGNORANT)),
    ("C35", "nothing known", lambda: growing_scene(accuracy=0.3)),
    ("C47", "nothing known", lambda: turns(half=np.nan, reached=0.2)),
    ("C48", "nothing known", lambda: turns(half=np.nan, reached=0.2)),
    ("C50", "nothing known", lambda: constant(half=np.nan, reached=0.2)),
    ("C51", "nothing known", lambda: sequential_scene(many=changed(MANY, half=np.nan, reached=0.2))),
    ("C52", "nothing known", lambda: alternating_scene(visits=changed(VISITS, reached=0.3))),
    ("C53", "still on the plateau", lambda: still_on_plateau(sequential_patching_scene())),
]


def still_on_plateau(scene):
    for summary in scene.summary:
        summary["plateau_end"] = np.nan
    return scene


IGNORANT = dict.fromkeys(FALLS, Fall(500, 0.1, 0.2, 0.1, 0.9, 0.9, start=0.3))


def nothing_to_lose():
    return fine_tuning_scene(falls=IGNORANT, replays=dict.fromkeys(REPLAYS, IGNORANT[64]))


@pytest.mark.parametrize(("claim", "why", "scene"), NOT_SEEN, ids=[f"{c}-{w}" for c, w, _ in NOT_SEEN])
def test_where_the_effect_cannot_show_there_is_no_hard_verdict(claim, why, scene):
    finding = judged(claim, scene())
    assert finding.verdict == (UNDECIDED if finding.checks else OUT_OF_REGIME), finding
    assert finding.checks or finding.note, "why"


def test_a_size_still_on_its_plateau_is_left_out_of_the_fit_and_named():
    scene = sizes_scene()
    for row, summary in zip(scene.runs, scene.summary, strict=True):
        if row["individuals"] == 2048:
            summary["plateau_end"] = np.nan
    finding = judged("C5", scene)
    assert finding.verdict == REPRODUCED and "2048" in finding.note


LACKING = [
    ("many-new-people-a-batch", "small sets only", lambda: of_many_people(fine_tuning_scene())),
    ("C5", "two sizes", lambda: without(sizes_scene(), individuals=(512, 2048))),
    ("C7", "no moderate rate", lambda: robustness_scene(learning_rate=CHANGED["learning_rate"][::3])),
    ("C7", "no mixer", lambda: without(robustness_scene(), experiment=("mixer",))),
    ("C8", "two batch sizes", lambda: robustness_scene(batch_size=CHANGED["batch_size"][:1])),
    ("C9", "one population", lambda: without(robustness_scene(), individuals=(256, 512, 2048))),
    ("C10", "no large rate", lambda: robustness_scene(learning_rate=CHANGED["learning_rate"][:3])),
    ("C11", "no fixed order", lambda: without(templates_scene(), shuffled=(False,))),
    ("C11", "not measured in random order", lambda: in_its_own_order(templates_scene())),
    ("C12", "two numbers", lambda: without(templates_scene(), templates=(1, 2, 4))),
    ("C13", "young references only", lambda: without(patching_scene(), reference=(512, 800))),
    ("C14", "two references", lambda: without(patching_scene(), reference=(64, 256, 512, 800))),
    ("C15", "none at the end of the first phase", lambda: without(patching_scene(), reference=(32, 64, 128))),
    ("C15", "none at step 0", lambda: without(patching_scene(), reference=(0,))),
    ("C16", "none frozen early", lambda: without(patching_scene(), reference=(32, 64))),
    ("C17", "none late", lambda: without(patching_scene(), start=(512,))),
    ("C21", "no moderate alpha", lambda: power_law_scene(ends={0: 300, 1: 280})),
    ("C24", "two alphas", lambda: power_law_scene(ends={0: 300, 1: 280})),
    ("C25", "one weight", lambda: celebrities_scene(losses={8: 1.35})),
    ("C28", "all people only", lambda: without(fewer_people_scene(), individuals=(1024, 1330, 1792))),
    ("C29", "two sizes", lambda: without(warm_up_grid_scene(), subset=(512,))),
    ("C29", "two lengths", lambda: without(warm_up_grid_scene(), warm_up_steps=(100,))),
    ("C31", "head as it is", lambda: head_and_tail_scene(cases=SHARED[:2])),
    ("C31", "tail as it is", lambda: head_and_tail_scene(cases=SHARED[1:])),
    ("C44", "on frequent people only", lambda: without(seen_scene(), skip=(64,))),
    ("C45", "on rare people only", lambda: without(seen_scene(), skip=(0,))),
    ("C36", "small sets only", lambda: without(fine_tuning_scene(), new=(64, 128, 256))),
    ("C39", "no set of a quarter", lambda: without(fine_tuning_scene(), new=(256,))),
    ("C41", "no run without replay", lambda: without(fine_tuning_scene(), experiment=("finetune_sizes",))),
    ("C42", "one weight", lambda: without(fine_tuning_scene(), weight=(1 / 32, 2))),
    ("C35", "not apart", lambda: growing_scene(apart=False)),
    ("C47", "no groups apart", lambda: together(sequential_scene())),
    ("C47", "few groups", lambda: few(sequential_scene())),
    ("C48", "no groups apart", lambda: together(sequential_scene())),
    ("C49", "no late group", lambda: few(sequential_scene())),
    ("C50", "few groups", lambda: few(sequential_scene())),
    ("C51", "no groups apart", lambda: together(sequential_scene())),
    ("C52", "no groups apart", lambda: together(alternating_scene())),
    (
        "C53",
        "no reference in the first window",
        lambda: without(sequential_patching_scene(), reference=(32, 64)),
    ),
    ("C46", "one size", lambda: toy_scene(sizes=(64,))),
    ("C46", "small sets only", lambda: toy_scene(sizes=(16, 32))),
    ("C46", "no run without replay", lambda: toy_scene(sizes=(32, 128))),
]


def in_its_own_order(scene):
    """The scene, had each order been evaluated in its own alone."""
    scene.observed.clear()
    return scene


def together(scene):
    """The scene, had groups not been evaluated apart."""
    scene.curves = [c for c in scene.curves if not c.group.iloc[0].startswith("group-")]
    return scene


def few(scene):
    """The scene, had there been two groups only."""
    for row in scene.runs:
        row["groups"] = 2
    return scene


def without(scene, experiment=(), **dropped):
    """The scene without the runs that have one of these values."""
    gone = {r["run"] for r in scene.runs for column, values in dropped.items() if r[column] in values}
    scene.experiments = [
        e for e in scene.experiments if e["run"] not in gone and e["experiment"] not in experiment
    ]
    return scene


@pytest.mark.parametrize(("claim", "why", "scene"), LACKING, ids=[f"{c}-{w}" for c, w, _ in LACKING])
def test_a_plan_that_lacks_the_runs_is_not_measured(claim, why, scene):
    finding = judged(claim, scene())
    assert finding.verdict == NOT_RUN, finding
    assert finding.runs == () and finding.checks == () and finding.note
