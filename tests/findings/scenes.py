"""Small made-up tables: curves in the paper's shapes, with a knob for each thing that a judge measures."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from pipeline.tables import crossings
from pipeline.tables.memory import TOY_COLUMNS
from pipeline.tables.read import Tables

B = 6.0  # baseline, nats a value
CHANCE = 0.02
STEPS = 800
SEEDS = (0, 1, 2)
PARAMETERS = (
    "alpha", "count", "weight", "subset", "warm_up_steps", "new", "skip", "groups", "repeats",
    "until", "stages", "reference", "start", "base",
)  # fmt: skip
MEASURES = ("loss", "accuracy", "max_probability", "entropy")


def jitter(seed: int, size: float = 0.01) -> float:
    """A factor near 1 that differs between seeds."""
    return 1 + size * (-1.0, 0.6, 0.4)[seed % 3]


def named(groups: list) -> dict:
    """Curves of groups that come in turn, by their names in the tables."""
    return {f"group-{k}": group for k, group in enumerate(groups, 1)}


@dataclass
class Scene:
    """Rows of the tables; `add` appends a run with its curves, `observe` its attention, `mix` its loss with
    sentences in random order, `add_toy` a run of the toy's."""

    experiments: list[dict] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)
    curves: list[pd.DataFrame] = field(default_factory=list)
    summary: list[dict] = field(default_factory=list)
    observed: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    toy: list[pd.DataFrame] = field(default_factory=list)
    training: list[dict] = field(default_factory=list)

    def add_toy(self, read_out, seed, curves, *, new, weight=0.0, pairs=1024, values=400):
        """`curves` are those of old and of new pairs, on the same steps."""
        old, fresh = (
            c[["loss", "accuracy"]].add_prefix(f"{g}_") for c, g in zip(curves, ("old", "new"), strict=True)
        )
        setting = {"read_out": read_out, "seed": seed, "pairs": pairs, "values": values}
        rows = old.join(fresh).assign(step=curves[0].step, new=new, weight=weight, **setting)
        self.toy.append(rows[TOY_COLUMNS])

    def add(
        self, experiment, seed, curves, *, kind="pretrain", individuals=1024, baseline=B, parts=None,
        **parameters,
    ):  # fmt: skip
        """`curves` are those of known and of new people, `parts` those of parts of the known ones by name."""
        known, new = curves
        run = f"run{len(self.runs)}"
        steps = int(known.step.iloc[-1])
        self.experiments.append({"experiment": experiment, "case": "default", "seed": seed, "run": run})
        parameters = {"distribution": "uniform", **dict.fromkeys(PARAMETERS, np.nan), **parameters}
        self.runs.append(
            {"run": run, "kind": kind, "seed": seed, "individuals": individuals, "steps": steps}
            | {"batch": 64, "learning_rate": 0.004, "layers": 3, "width": 96, "baseline": baseline}
            | {"schedule": "cosine"}
            | {"weight_decay": 0.1, "heads": 4, "mixer": "attention", "templates": 20, "shuffled": True}
            | parameters
        )
        ends = {
            f"{group}_{m}": curve[m].iloc[-1]
            for group, curve in (("known", known), ("new", new))
            for m in MEASURES
        }
        self.summary.append(
            {
                "run": run,
                "plateau_end": crossings.plateau_end(known.step, known.loss, baseline),
                "half_accuracy": crossings.half_accuracy(known.step, known.accuracy),
                **ends,
            }
        )
        self.training.append(
            {"run": run, "step": steps, "loss_per_token": known.loss.iloc[-1] / 8, "learning_rate": 1e-7}
        )
        for group, curve in {"known": known, "new": new, **(parts or {})}.items():
            self.curves.append(curve.assign(run=run, group=group))
        return self

    def observe(self, step, layers):
        """Attention of the run added last: one mapping of statistics a layer, from the first to the last."""
        for k, statistics in enumerate(layers, 1):
            self._observe("attention", step, layer=k, **statistics)
        return self

    def mix(self, step, loss):
        """Loss of the run added last with sentences in random order."""
        return self._observe("random_order", step, loss=loss)

    def _observe(self, table, step, **columns):
        rows = pd.DataFrame({"run": self.runs[-1]["run"], "step": step, **columns})
        self.observed.setdefault(table, []).append(rows)
        return self

    def tables(self) -> Tables:
        toy = pd.concat(self.toy, ignore_index=True) if self.toy else None
        if not self.runs:
            none = empty()
            return Tables(none.experiments, none.runs, none.curves, none.summary, toy=toy)
        return Tables(
            *map(pd.DataFrame, (self.experiments, self.runs)),
            pd.concat(self.curves),
            pd.DataFrame(self.summary),
            {table: pd.concat(rows) for table, rows in self.observed.items()},
            toy,
            pd.DataFrame(self.training),
        )


def empty() -> Tables:
    """What a plan without experiments leaves."""
    one = Scene().add("none", 0, (learning(), never_seen())).tables()
    return Tables(*(t.iloc[:0] for t in (one.experiments, one.runs, one.curves, one.summary)))


def curve(step, loss, accuracy, max_probability=0.5, entropy=2.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "step": step,
            "loss": loss,
            "accuracy": accuracy,
            "max_probability": max_probability,
            "entropy": entropy,
        }
    )


def learning(
    plateau_end=200.0, phase_one=16.0, plateau=1.03, final_loss=0.005, final_accuracy=1.0, leak=1.0, bump=0.0,
    steps=STEPS,
) -> pd.DataFrame:  # fmt: skip
    """Known people: fall to 1.10 b by `phase_one`, plateau up to `plateau_end`, then the fall to the end."""
    step = np.arange(0, steps + 1, 4)
    knots = [0, phase_one, 1.6 * phase_one, plateau_end, plateau_end * 1.01, steps]
    loss = np.interp(step, knots, [5 * B, 1.1 * B, plateau * B, 0.99 * B, 0.98 * B, final_loss])
    loss += bump * B * (np.abs(step - (plateau_end + steps) / 2) < 5)
    accuracy = np.interp(
        step,
        [0, 0.5 * plateau_end, plateau_end, steps],
        [CHANCE, leak * CHANCE, leak * CHANCE, final_accuracy],
    )
    share = np.clip((step - plateau_end) / (steps - plateau_end), 0, 1)
    return curve(step, loss, accuracy, 0.5 + 0.49 * share, 2 - 1.9 * share)


def never_seen(
    onset=200.0, final=2.4, drop=0.0, accuracy=CHANCE, confidence=0.75, early_gap=0.0, entropy=0.7, floor=1.0,
    steps=STEPS,
) -> pd.DataFrame:  # fmt: skip
    """Never-seen people: as known ones up to `onset`, then a rise to `final` b, `drop` below its top."""
    step = np.arange(0, steps + 1, 4)
    highest = (final + drop) * B
    loss = np.interp(
        step,
        [0, 16, onset - 10, onset, 0.9 * steps, steps],
        [5 * B, 1.1 * B, floor * B, 1.01 * floor * B, highest, final * B],
    )
    share = np.clip((step - 200) / (steps - 200), 0, 1)
    gone = np.where(step <= 200, early_gap, 0)
    accuracy = np.where(step <= 200, CHANCE, accuracy)
    return curve(step, loss, accuracy, 0.5 - gone + (confidence - 0.5) * share, 2 - (2 - entropy) * share)


def phases_scene(seeds=SEEDS, known=None, new=None) -> Scene:
    """The default run."""
    scene = Scene()
    for seed in seeds:
        end = (known or {}).get("plateau_end", 200)
        scene.add(
            "phases",
            seed,
            (
                learning(**{**(known or {}), "plateau_end": end * jitter(seed, 0.001)}),
                never_seen(**(new or {})),
            ),
        )
    return scene


def sizes_scene(seeds=SEEDS, exponent=0.8, spread=0.01, scatter=(0, 0, 0, 0)) -> Scene:
    """Sizes 256 to 2048; t(0.99) = 200 at 1024."""
    scene = phases_scene(seeds)
    for seed in seeds:
        for n, off in zip((256, 512, 1024, 2048), scatter, strict=True):
            end = 200 * (n / 1024) ** exponent * np.exp(off) * jitter(seed, spread)
            scene.add("population_size", seed, (learning(end, 8), never_seen()), individuals=n)
    return scene


ENDS = {0: 300, 0.2: 280, 0.4: 240, 0.6: 180, 0.8: 170, 1: 280}
CELLS = ((512, STEPS), (1024, STEPS), (2048, STEPS))
LOSSES = {0.6: 1.4, 0.4: 2.2, 0.8: 2.5, 0.2: 3.2, 0: 3.4, 1: 4.6}


def power_law_scene(seeds=SEEDS, ends=ENDS, losses=None) -> Scene:
    """Power laws; `losses` maps (individuals, steps) to final losses by alpha."""
    scene = phases_scene(seeds, known={"plateau_end": ends[0], "final_loss": LOSSES[0]})
    for seed in seeds:
        for (n, steps), here in (losses or dict.fromkeys(CELLS, LOSSES)).items():
            for alpha, end in ends.items():
                law = {"distribution": "power_law", "alpha": alpha} if alpha else {}
                known = learning(
                    end * (1 + seed * 0.001), 8, final_loss=here[alpha] * jitter(seed), steps=steps
                )
                scene.add("power_law", seed, (known, never_seen(steps=steps)), individuals=n, **law)
    return scene


def celebrities_scene(seeds=SEEDS, losses=None) -> Scene:
    """Celebrities at N = 1024; `losses` by weight."""
    scene = power_law_scene(seeds)
    for seed in seeds:
        for weight, loss in (losses or {4: 2.5, 8: 1.35, 16: 1.8}).items():
            known = learning(200, 8, final_loss=loss * jitter(seed))
            parameters = {"distribution": "celebrities", "count": 64, "weight": weight}
            scene.add("celebrities", seed, (known, never_seen()), **parameters)
    return scene


def warm_up_scene(seeds=SEEDS, accuracy=0.95) -> Scene:
    """A warm-up against power laws that end at accuracy 0.7."""
    scene = phases_scene(seeds)
    for seed in seeds:
        for alpha, final in ((0, 0.3), (0.8, 0.7)):
            law = {"distribution": "power_law", "alpha": alpha} if alpha else {}
            known = learning(300, 8, final_loss=4 - final, final_accuracy=final * jitter(seed))
            scene.add("power_law", seed, (known, never_seen()), individuals=2048, **law)
        for subset, loss in ((128, 0.2), (512, 2.0)):
            known = learning(200, 8, final_loss=loss, final_accuracy=accuracy * jitter(seed))
            parameters = {"distribution": "warm_up", "subset": subset, "warm_up_steps": 100}
            scene.add("warm_up", seed, (known, never_seen()), individuals=2048, **parameters)
    return scene


# Experiment -> settings of the runs besides the default, as parameters, t(0.99) and final loss over b.
CHANGED: dict[str, list[tuple[dict, float, float]]] = {
    "learning_rate": [
        ({"learning_rate": 0.004 * ratio}, end, loss)
        for ratio, end, loss in ((0.25, 245, 0.26), (0.5, 200, 0.006), (2, 260, 0.007), (4, 570, 0.84))
    ],
    "weight_decay": [({"weight_decay": decay}, 200, 0.003) for decay in (0.01, 0.3, 1)],
    "batch_size": [
        ({"batch": batch, "steps": STEPS * 64 // batch}, end, 0.01)
        for batch, end in ((16, 800), (32, 402), (128, 180))
    ],
    "model_size": [({"layers": 6}, 190, 0.001), ({"layers": 6, "width": 128}, 170, 0.0005)],
    "mixer": [({"mixer": "rg_lru"}, 196, 0.001)],
}  # fmt: skip


def robustness_scene(seeds=SEEDS, known=None, **changed) -> Scene:
    """The default run with one thing changed; `changed` replaces an experiment's settings, `known` curves."""
    scene = sizes_scene(seeds)
    for experiment, runs in (CHANGED | changed).items():
        for parameters, end, loss in runs:
            for seed in seeds:
                steps = parameters.get("steps", STEPS)
                curves = {"final_loss": loss * B * jitter(seed), "phase_one": 0.1 * end, "steps": steps}
                curve_of_known = learning(end * jitter(seed), **{**curves, **(known or {})})
                others = {name: value for name, value in parameters.items() if name != "steps"}
                scene.add(experiment, seed, (curve_of_known, never_seen(steps=steps)), **others)
    return scene


# Paper, Figure A right: final losses over b by number of templates.
DIVERSE = {1: 0.69, 2: 0.0088, 4: 0.0032, 8: 0.0022, 16: 0.0027}


def templates_scene(seeds=SEEDS, random=None, lowest=1.11) -> Scene:
    """Final losses over b by number of templates in random order; with 16 in a fixed one, the lowest loss
    over b on sentences in random order."""
    scene = phases_scene(seeds)
    for seed in seeds:
        for number, loss in (DIVERSE | (random or {})).items():
            known = learning(final_loss=loss * B * jitter(seed))
            scene.add("templates", seed, (known, never_seen()), templates=number)
        scene.add("templates", seed, (learning(), never_seen()), templates=16, shuffled=False)
        scene.mix([0, 400, STEPS], B * jitter(seed) * np.array([5, lowest, lowest + 0.09]))
    return scene


def long_plateau_scene(seeds=SEEDS, warm=0.04, law=0.13) -> Scene:
    """Accuracies of a warm-up and of a power law where the uniform plateau takes 0.7 of the run."""
    scene = phases_scene(seeds)
    for seed in seeds:
        for experiment, accuracy, parameters in (
            ("power_law", 0.01, {}),
            ("power_law", law, {"distribution": "power_law", "alpha": 0.8}),
            ("warm_up", warm, {"distribution": "warm_up", "subset": 512, "warm_up_steps": 100}),
        ):
            known = learning(560, 8, final_loss=5, final_accuracy=accuracy * jitter(seed))
            scene.add(experiment, seed, (known, never_seen()), individuals=4096, **parameters)
    return scene


def fewer_people_scene(seeds=SEEDS, accuracy=0.95) -> Scene:
    """A warm-up that ends at `accuracy` on 2,048 people, and uniform training on fewer, which knows 0.635 of
    them at the best size."""
    scene = warm_up_scene(seeds, accuracy)
    for seed in seeds:
        for n, final in ((1024, 1.0), (1330, 0.977), (1792, 0.5)):
            known = learning(200, 8, final_accuracy=final * jitter(seed))
            scene.add("fewer_people", seed, (known, never_seen()), individuals=n)
    return scene


def warm_up_grid_scene(seeds=SEEDS, size=256, length=200) -> Scene:
    """Warm-ups of which that on `size` people for `length` steps ends with the lowest loss."""
    scene = phases_scene(seeds, known={"plateau_end": 300})
    for seed in seeds:
        for subset in (128, 256, 512):
            for steps in (100, 200, 300):
                loss = 0.2 + abs(np.log2(subset / size)) + abs(steps - length) / 100
                known = learning(200, 8, final_loss=loss * jitter(seed))
                parameters = {"distribution": "warm_up", "subset": subset, "warm_up_steps": steps}
                scene.add("warm_up_grid", seed, (known, never_seen()), **parameters)
    return scene


def switch_scene(seeds=SEEDS, top=(1.6, 1.2), back=(20, 30)) -> Scene:
    """Two warm-ups of 100 steps: loss on all people at their end, over b, and the steps down to 1.03 b."""
    scene = phases_scene(seeds, known={"plateau_end": 300})
    for seed in seeds:
        for subset, high, after in zip((128, 256), top, back, strict=True):
            known = learning(300, 8)
            rise = np.interp(known.step, [0, 60, 100, 100 + after], [5, 1.02, high * jitter(seed), 1.03]) * B
            known["loss"] = known.loss.where(known.step > 100 + after, rise)
            parameters = {"distribution": "warm_up", "subset": subset, "warm_up_steps": 100}
            scene.add("warm_up", seed, (known, never_seen()), **parameters)
    return scene


# Celebrities and their weight, and the number of others: half of the samples are of celebrities.
SHARED = ((64, 4, 256), (64, 16, 1024), (256, 4, 1024))


def head_and_tail_scene(seeds=SEEDS, plateau=(0.7, 0.1), learn=(0.1, 0.8), cases=SHARED) -> Scene:
    """Exponents of the plateau, and of the time to learn, in the rarity of the head and of the tail."""
    scene = Scene()
    for seed in seeds:
        for k, (count, weight, rest) in enumerate(cases):
            rare_head, rare_tail = count / 64, rest / 1024
            end = 100 * rare_head ** plateau[0] * rare_tail ** plateau[1] * jitter(seed + k)
            half = end + 100 * rare_head ** learn[0] * rare_tail ** learn[1] * jitter(seed + k)
            tail = learning(end, 8)
            tail["accuracy"] = np.interp(tail.step, [end, half, STEPS], [CHANCE, 0.5, 0.9])
            famous = {"distribution": "celebrities", "count": count, "weight": weight}
            curves = learning(), never_seen()
            scene.add("head_and_tail", seed, curves, individuals=count + rest, parts={"tail": tail}, **famous)
    return scene


def seen_scene(seeds=SEEDS, gain=0.22, lost=0.012, erosion=0.17, soon=0.3, start=0.52) -> Scene:
    """Fine-tuning on rare people, of whose facts `start` is known: what they gain and frequent ones lose at
    most; and on frequent people: what rare ones lose, and the part of it in the first tenth."""
    scene = Scene()
    for seed in seeds:
        step, off = np.arange(0, 301, 10), jitter(seed)
        first = start * off
        tails = (
            np.interp(step, [0, 300], [first, first + gain * off]),
            np.interp(step, [0, 30, 300], first - erosion * off * np.array([0, soon * off, 1])),
        )
        heads = np.interp(step, [0, 150, 300], [1, 1 - lost * off, 1]), np.ones_like(step)
        for skip, count, tail, head in zip((64, 0), (960, 64), tails, heads, strict=True):
            parts = {"head": curve(step, 1.0, head), "tail": curve(step, 2.0, tail)}
            people = {"distribution": "seen", "skip": skip, "count": count}
            curves = curve(step, 1.0, tail), curve(step, 9.0, CHANCE)
            scene.add("finetune_seen", seed, curves, kind="finetune", parts=parts, **people)
    return scene


@dataclass
class Fall:
    """Fine-tuning: what happens to old facts, and the step of half of the new ones."""

    half: float
    trough: float
    rebound: float
    end: float
    peak: float
    end_loss: float
    trough_at: float = 0.3  # of half
    start_loss: float = 0.01
    start: float = 1.0
    new_end: float = 1.0
    new_early: float = 0.02  # accuracy on new facts at 0.2 of half


# Paper, Figure N, in its own steps over 4000 and losses in units of b; new people of 1024 old ones.
FALLS = {
    32: Fall(131, 0.975, 0.985, 0.54, 0.03, 0.30),
    64: Fall(289, 0.737, 0.795, 0.45, 0.17, 0.37),
    128: Fall(789, 0.146, 0.316, 0.19, 0.65, 0.77),
    256: Fall(1907, 0.047, 0.116, 0.087, 0.83, 1.12),
}
REPLAYS = {
    1 / 32: Fall(325, 0.937, 0.99, 0.99, 0.056, 0.0081),
    1 / 4: Fall(599, 0.994, 0.999, 0.999, 0.0145, 0.0031),
    2: Fall(2281, 0.999, 1.0, 1.0, 0.0056, 0.0036),
}


def fine_tuning(fall: Fall, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    half = fall.half * jitter(seed)
    low = fall.trough_at * half
    step = np.unique(np.r_[np.arange(0, 4001, 20), low, half])
    wobble = 0.003 * (jitter(seed, 1) - 1)
    old = curve(
        step,
        np.interp(step, [0, low, 4000], [fall.start_loss, fall.peak * B, fall.end_loss * B]) * jitter(seed),
        np.interp(step, [0, low, 1.3 * half, 4000], [fall.start, fall.trough, fall.rebound, fall.end])
        + wobble,
    )
    new_accuracy = np.interp(
        step,
        np.array([0, 0.2, 0.7, 1, 1.7]) * half,
        [0.004, fall.new_early, 0.05 + fall.new_early, 0.5, fall.new_end],
    )
    new = curve(step, 1.0, new_accuracy)
    return old, new


def fine_tuning_scene(seeds=SEEDS, falls=None, replays=None) -> Scene:
    """Fine-tuning without replay (`falls` by size) and with (`replays` by weight, 64 new people)."""
    scene = Scene()
    for seed in seeds:
        for new, fall in (FALLS | (falls or {})).items():
            parameters = {"distribution": "replay", "new": new, "weight": 0.0}
            scene.add("finetune_sizes", seed, fine_tuning(fall, seed), kind="finetune", **parameters)
        for weight, fall in (REPLAYS | (replays or {})).items():
            parameters = {"distribution": "replay", "new": 64, "weight": weight}
            scene.add("finetune_replay", seed, fine_tuning(fall, seed), kind="finetune", **parameters)
    return scene


@dataclass
class Attention:
    """Where the observed default run attends: t(0.99) is 200, its first phase ends at step 32."""

    grouped: float = 0.87  # first layer, name to name at the end of the first phase
    dip: float = 0.28  # last layer, attribute to name in the first phase, 0.37 at step 0
    rise: float = 0.64  # the same to text, 0.51 at step 0
    name: float = 0.87  # at t(0.99)
    text: float = 0.12
    half: float = 0.5  # step of half-way attention to the name over t(0.99)


def attention_scene(seeds=SEEDS, attention=None, known=None) -> Scene:
    """The observed default run; attention to the name goes from its dip to the end as a ramp."""
    scene, a = Scene(), attention or Attention()
    for seed in seeds:
        curves = learning(**{"plateau_end": 200 * jitter(seed, 0.001), "phase_one": 32, **(known or {})})
        scene.add("attention", seed, (curves, never_seen()))
        step = np.arange(0, STEPS + 1, 4)
        off = jitter(seed, 0.003)
        # Half-way is between the dip and the end, 0.9.
        half = (200 * a.half, (a.dip + 0.9) / 2)
        knots = sorted([(0, 0.37), (24, a.dip * off), half, (200, a.name * off), (STEPS, 0.9)])
        to_name = np.interp(step, *np.transpose(knots))
        to_text = np.interp(step, [0, 24, 200, STEPS], [0.51, a.rise * off, a.text * off, 0.09])
        first = {"name_to_name": np.interp(step, [0, 32, STEPS], [0.49, a.grouped * off, 0.92])}
        scene.observe(step, [first, {"attribute_to_name": to_name, "attribute_to_text": to_text}])
    return scene


# Final losses over b and t(0.99) by reference, and what else the plan patches: (reference, start).
PATCHED = {
    0: (0.1, 290), 32: (0.76, 430), 64: (0.52, 280), 128: (0.028, 126), 256: (0.0055, 58), 512: (0.0014, 35),
    800: (0.0011, 30),
}  # fmt: skip
LATE = {(32, 32): 0.79, (64, 64): 0.55, (256, 256): 0.011, (512, 512): 0.016, (800, 512): 0.012}


def patching_scene(seeds=SEEDS, patched=None, late=None, known=None) -> Scene:
    """Patched runs as in the paper, its steps divided by 16 (500 to 32), t(0.99) by 15."""
    scene = attention_scene(seeds, known=known)
    for seed in seeds:
        base = {"base": f"run{seeds.index(seed)}"}
        for reference, (loss, end) in (PATCHED | (patched or {})).items():
            curves = learning(end * jitter(seed), 8, final_loss=loss * B * jitter(seed)), never_seen()
            scene.add("patching", seed, curves, kind="patch", reference=reference, start=0, **base)
        for (reference, start), loss in (LATE | (late or {})).items():
            curves = learning(200, 8, final_loss=loss * B * jitter(seed)), never_seen()
            scene.add("freezing", seed, curves, kind="patch", reference=reference, start=start, **base)
    return scene


def observed_tuning_scene(seeds=SEEDS, last=0.03, first=0.009, start=1.0) -> Scene:
    """Fine-tuning in which attention makes an excursion of `last` and `first`, and comes back."""
    scene = Scene()
    for seed in seeds:
        fall = Fall(289, 0.737, 0.795, 0.45, 0.17, 0.37, start=start)
        scene.add("finetune_attention", seed, fine_tuning(fall, seed), kind="finetune", new=64)
        step = np.arange(0, 4001, 100)
        away = np.interp(step, [0, 300, 4000], [0, 1, 0]) * jitter(seed)
        scene.observe(
            step, [{"name_to_name": 0.92 + first * away}, {"attribute_to_last_name": 0.86 - last * away}]
        )
    return scene


@dataclass
class Turn:
    """A window of a group: shares of the window and accuracies."""

    half: float  # where half is recalled; NaN: never
    reached: float  # at its end
    later: float  # one window on
    final: float  # at the run's end, after its last window
    early: float = 0.85  # of what is lost by then, lost in the first eighth of that window


# Paper, Figure S, 8 groups.
TURNS = {
    1: Turn(0.54, 0.95, 0.02, 0.004),
    2: Turn(0.16, 0.98, 0.05, 0.005),
    3: Turn(0.12, 0.99, 0.09, 0.007),
    4: Turn(0.12, 0.99, 0.17, 0.012),
    5: Turn(0.14, 1.0, 0.25, 0.03),
    6: Turn(0.18, 1.0, 0.32, 0.105),
    7: Turn(0.27, 1.0, 0.30, 0.30),
    8: Turn(np.nan, 0.09, 0.09, 0.09),
}
# Figure T, 8 groups.
STEADY = {
    k: Turn(half, 0.97, 0.04, 0.97 if k == 8 else 0.005)
    for k, half in enumerate((0.55, 0.16, 0.11, 0.1, 0.093, 0.093, 0.092, 0.094), 1)
}
MANY = {k: replace(turn, final=0.02) for k, turn in TURNS.items()}
# Figure V: two groups, four visits each.
VISITS = {
    k: Turn(0.5, 0.6 if k < 3 else 0.98, later, 1.0)
    for k, later in enumerate((0.05, 0.04, 0.2, 0.25, 0.4, 0.5, 0.7, 1.0), 1)
}


def in_turn(turns: dict[int, Turn], groups: int, seed: int) -> list[pd.DataFrame]:
    """A curve a group; its windows come every `groups` windows."""
    length = STEPS / len(turns)
    step = np.arange(0, STEPS + 1, 2)
    curves = []
    for group in range(1, groups + 1):
        knots, now = [(0.0, CHANCE)], CHANCE
        for k in range(group, len(turns) + 1, groups):
            turn, begin, end = turns[k], (k - 1) * length, k * length
            knots.append((begin, now))
            if now < 0.5 <= turn.reached:
                knots.append((begin + turn.half * length, 0.5))
            knots.append((end, turn.reached * jitter(seed, 0.003)))
            if k < len(turns):
                knots.append((end + length / 8, turn.reached - turn.early * (turn.reached - turn.later)))
                knots.append((end + length, turn.later * jitter(seed)))
            now = turn.later
        knots.append((STEPS, turn.final * jitter(seed, 0.003)))
        # Of two at one step the later counts: the run's end is `final`.
        at = sorted(dict(knots).items())
        curves.append(curve(step, 1.0, np.minimum(np.interp(step, *np.transpose(at)), 1)))
    return curves


def _in_turn(
    scene: Scene, experiment: str, seed: int, turns: dict[int, Turn], groups=8, **parameters
) -> None:
    setting = {"distribution": "sequential", "groups": groups, "repeats": len(turns) // groups}
    apart = in_turn(turns, groups, seed)
    scene.add(experiment, seed, (learning(), never_seen()), parts=named(apart), **setting, **parameters)


def changed(turns: dict[int, Turn], *windows: int, **changes) -> dict[int, Turn]:
    """The turns with changes in these windows, all of them if none are named."""
    return {k: replace(t, **changes) if k in windows or not windows else t for k, t in turns.items()}


def sequential_scene(seeds=SEEDS, turns=None, constant=None, many=None) -> Scene:
    """Eight groups under both schedules, and as one that stands for many."""
    scene = Scene()
    for seed in seeds:
        _in_turn(scene, "sequential", seed, turns or TURNS)
        _in_turn(scene, "sequential_constant", seed, constant or STEADY, schedule="constant")
        _in_turn(scene, "many_groups", seed, many or MANY)
    return scene


def alternating_scene(seeds=SEEDS, visits=None) -> Scene:
    """Two groups, four visits each."""
    scene = Scene()
    for seed in seeds:
        _in_turn(scene, "alternating", seed, visits or VISITS, groups=2)
    return scene


def sequential_patching_scene(seeds=SEEDS, losses=None, patched=None) -> Scene:
    """References of a run on eight groups, windows of 100 steps, beside those of `patching_scene`; `losses`
    are final ones over b by reference."""
    scene = patching_scene(seeds, patched)
    for seed in seeds:
        base = {"base": f"run{len(scene.runs)}", "kind": "patch", "start": 0}
        _in_turn(scene, "sequential", seed, TURNS)
        for reference, loss in {32: 0.006, 64: 0.0032, 256: 0.0016, **(losses or {})}.items():
            curves = learning(70, 8, final_loss=loss * B * jitter(seed)), never_seen()
            scene.add("sequential_patching", seed, curves, reference=reference, **base)
    return scene


def growing_scene(seeds=SEEDS, onset=100.0, final=2.4, accuracy=1.0, apart=True) -> Scene:
    """A population whose first people are known from step 100 on, and everyone from 200."""
    scene = Scene()
    for seed in seeds:
        first = learning(100 * jitter(seed, 0.001))
        curves = learning(final_accuracy=accuracy), never_seen(onset=onset, final=final)
        setting = {"distribution": "growing", "subset": 256, "until": 400, "stages": 3}
        scene.add("growing", seed, curves, parts=named([first] if apart else []), **setting)
    return scene


def toy_scene(seeds=SEEDS, falls=None, replays=None, of="linear", sizes=FALLS) -> Scene:
    """The toy's `sizes` without replay and all weights with, both read-outs; changes in the read-out `of`."""
    scene = Scene()
    for seed in seeds:
        for read_out in ("value_embeddings", "linear"):
            changed = read_out == of
            for new in sizes:
                fall = (changed and (falls or {}).get(new)) or FALLS.get(new, FALLS[32])
                scene.add_toy(read_out, seed, fine_tuning(fall, seed), new=new)
            for weight, fall in REPLAYS.items():
                fall = (changed and (replays or {}).get(weight)) or fall
                scene.add_toy(read_out, seed, fine_tuning(fall, seed), new=64, weight=weight)
    return scene
