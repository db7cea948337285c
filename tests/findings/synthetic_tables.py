"""Small tables with curves of the right shape, for drawing: no model is trained."""

import itertools

import numpy as np
import pandas as pd

from pipeline.config.experiments import TOY
from pipeline.tables.crossings import half_accuracy, plateau_end
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES
from pipeline.tables.read import Tables, stacked

BASELINE = 4.0
PARAMETERS = (
    "alpha", "count", "weight", "subset", "warm_up_steps", "new", "skip", "groups", "repeats",
    "until", "stages", "reference", "start",
)  # fmt: skip
COST = {
    "parameters": 550_000, "tokens": 2_900_000, "flops": 9.1e12, "precision": "fp32", "device": "a CPU",
    "processes": 1, "cores": 2, "code": "c0de", "people": "9e091e", "seconds": 61.5, "device_seconds": 60.5,
    "tokens_per_second": 47_000, "commit": "0123456789ab", "python": "3.11",
    "torch": "2.9", "accelerate": "1.12", "numpy": "2.4", "tokenizers": "0.22",
}  # fmt: skip


def _lost(t: np.ndarray, steps: int, new: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Old facts lost in fine-tuning on `new` people: early by a shift, later by a drift."""
    much = new / 512 * (1 + 0.05 * seed)
    return 1.2 * much * np.minimum(t / 14, 1) * np.exp(-t / steps), 0.8 * much * t / steps


class Builder:
    """Collects runs; `tables()` makes the tables of them."""

    def __init__(self, seeds: int = 3) -> None:
        self.seeds = range(seeds)
        self.experiments, self.rows, self.curves, self.summaries = [], {}, [], []
        self.attention = []
        self.forgetting = []
        self.parts = []
        self.toy = []
        self.training = []

    def _add(self, experiment: str, case: str, row: dict, groups: dict[str, tuple], kind: str = "") -> str:
        word = {"power_law": "powerlaw", "warm_up": "warmup", "replay": "finetune"}.get(row["distribution"])
        values = "-".join(f"{row[p]:g}" for p in PARAMETERS if row.get(p) is not None)
        run = (
            f"{kind}{word or row['distribution']}{values}-n{row['individuals']}x{row['steps']}-s{row['seed']}"
        )
        self.experiments.append({"experiment": experiment, "case": case, "seed": row["seed"], "run": run})
        if run in self.rows:
            return run
        self.rows[run] = {"run": run, **dict.fromkeys(PARAMETERS), **row, **COST}
        summary = {"run": run}
        for group, (steps, loss, accuracy) in groups.items():
            confidence, entropy = 1 - 0.4 / (1 + accuracy * 8 + steps / steps[-1]), 2 * loss / loss.max()
            self.curves.append(
                pd.DataFrame(
                    {"run": run, "step": steps, "group": group, "loss": loss, "accuracy": accuracy,
                     "max_probability": confidence, "entropy": entropy}
                )
            )  # fmt: skip
            if group.startswith("group-"):
                continue
            summary |= {
                f"{group}_loss": loss[-1], f"{group}_accuracy": accuracy[-1],
                f"{group}_max_probability": confidence[-1], f"{group}_entropy": entropy[-1],
            }  # fmt: skip
            if group == "known":
                log = pd.DataFrame({"run": run, "step": steps[1:], "loss_per_token": 0.3 + loss[1:] / 8})
                self.training.append(log.assign(learning_rate=row["learning_rate"]))
                summary["plateau_end"] = plateau_end(steps, loss, BASELINE)
                summary["half_accuracy"] = half_accuracy(steps, accuracy)
        self.summaries.append(summary)
        return run

    def _observe(self, run: str, t: np.ndarray, share: np.ndarray) -> None:
        """Attention of all layers goes from its first to its last value as `share` (S,) goes from 0 to 1."""
        for layer in range(1, 4):
            off = 0.02 * layer
            self.attention.append(
                pd.DataFrame(
                    {"run": run, "step": t, "layer": layer, "name_to_name": 0.5 + 0.4 * share - off,
                     "attribute_to_name": 0.37 + 0.5 * share - off,
                     "attribute_to_text": 0.5 - 0.4 * share + off,
                     "attribute_to_last_name": 0.2 + 0.4 * share - off, "sharpness": 0.97 - 0.5 * share - off,
                     "credit_to_name": (0.1 + 0.3 * share) / layer, "credit_to_text": 0.2 - 0.05 * share}
                )
            )  # fmt: skip

    def pretrain(
        self, experiment: str, case: str = "default", individuals: int = 512, steps: int = 900,
        speed: float = 1.0, learning: float = 1.0, kind: str = "pretrain", changed: dict | None = None,
        **distribution: object,
    ) -> None:  # fmt: skip
        """Runs over the seeds whose plateau ends 1 / `speed` as early as under the uniform distribution."""
        first = distribution.get("start") or 0
        t = np.unique(np.round(np.r_[np.linspace(0, steps / 2, 17), np.linspace(0, steps, 17)]))
        for seed in self.seeds:
            jitter = np.exp(np.random.default_rng([seed, individuals]).normal(0, 0.04))
            end = 0.9 * individuals**0.81 / speed * jitter
            known = 1 / (1 + np.exp(-(t - 2.3 * end / learning) / (0.3 * end / learning)))
            known = np.clip((known - known[0]) / (1 - known[0]), 0, 1) * (t > 0)
            early = 4.6 * np.exp(-t / (0.05 * end))
            loss = BASELINE * ((1 - known) ** 1.5 * (1.03 - 0.035 * np.clip(t / end, 0, 1.6)) + early + 0.002)
            new = BASELINE * (1 + early + 1.4 * known)
            groups = {"known": (t, loss, known), "new": (t, new, np.full_like(t, 0.01) * (t > 0))}
            if experiment == "head_and_tail":
                groups["tail"] = groups["known"]
            if experiment == "leaving":
                groups |= {"stayed": groups["known"], "left": groups["new"]}
            if experiment == "growing":
                groups |= {f"group-{k}": groups["known"] for k in (1, 2, 3)}
            groups = {g: tuple(values[t >= first] for values in of) for g, of in groups.items()}
            row = {"distribution": "uniform", **distribution, **(changed or {})}
            observed = experiment in ("attention", "credit", "circuits")
            apart = experiment == "head_and_tail"
            mark = {"patch": "patched-", "pretrain": ""}[kind] + "seen-" * observed + "apart-" * apart
            mark += "on-groups-" * (experiment == "sequential_patching")
            mark += "".join(f"{value}-" for value in (changed or {}).values())
            run = self._add(experiment, case, self._row(row, kind, seed, individuals, steps), groups, mark)
            if observed:
                self._observe(run, t, np.clip(t / end, 0, 1))

    def finetune(self, experiment: str, case: str, new: int, weight: float, steps: int = 150) -> None:
        t = np.unique(np.round(np.r_[np.linspace(0, steps / 5, 11), np.linspace(0, steps, 21)]))
        for seed in self.seeds:
            size, kept = new / 512 * (1 + 0.05 * seed), weight / (weight + 0.05)
            learned = 1 - np.exp(-t / steps * 0.6 / size / (1 + weight))
            dip = np.exp(-((np.log1p(t) - 2.5) ** 2)) - np.exp(-(2.5**2))
            old = BASELINE * 0.002 * np.exp((1 - kept) * (4 + size * 2) * dip + (1 - kept) * 4 * t / steps)
            fresh = 2.4 * BASELINE * np.exp(-5 * learned)
            groups = {"known": (t, old, np.exp(-old)), "new": (t, fresh, learned)}
            row = {
                "distribution": "replay",
                "new": new,
                "weight": weight,
                "base": f"uniform-n512x900-s{seed}",
            }
            observed = experiment == "finetune_attention"
            mark = "seen-" if observed else ""
            run = self._add(experiment, case, self._row(row, "finetune", seed, 512, steps), groups, mark)
            if observed:
                self._observe(run, t, 1 - 0.1 * dip)

    def exposures(self, new: int, every: int, steps: int = 150) -> None:
        """Fine-tuning at `every` steps an exposure, which cost more than the number of new people does."""
        t = np.linspace(0, steps, 31)
        for seed in self.seeds:
            learned = 1 - np.exp(-8 * t / steps)
            lost = (0.2 + 0.02 * np.log(every) ** 2 + new / 2000) * (1 + 0.02 * seed) * learned
            groups = {"known": (t, BASELINE * (0.002 + lost), 1 - lost)}
            groups["new"] = (t, BASELINE * (2.4 - 2.3 * learned), learned)
            row = {"distribution": "replay", "new": new, "weight": 0.0, "base": f"uniform-n512x900-s{seed}"}
            row = self._row(row, "finetune", seed, 512, steps) | {"batch": new // every}
            self._add("exposures", f"new-{new}-every-{every}", row, groups, f"every{every}-")

    def _tuned(
        self, experiment: str, case: str, speed: float, keeps: float, new: int, steps: int, **setting: object
    ) -> None:
        """Fine-tuning that keeps a share of the old facts which `_lost` says are lost otherwise."""
        t = np.linspace(0, steps, 31)
        for seed in self.seeds:
            learned, lost = 1 - np.exp(-6 * speed * t / steps), sum(_lost(t, steps, new, seed)) * (1 - keeps)
            groups = {"known": (t, BASELINE * (0.002 + lost), 1 - lost)}
            groups["new"] = (t, BASELINE * (1.002 - learned), learned)
            row = {"distribution": "replay", "new": new, "weight": 0.0, "base": f"uniform-n512x900-s{seed}"}
            row = self._row(row | setting, "finetune", seed, 512, steps)
            self._add(experiment, case, row, groups, f"{experiment}-{case}-")

    def cured(self, case: str, speed: float, keeps: float, **setting: object) -> None:
        self._tuned("cures", case, speed, keeps, 64, 150, **setting)

    def rare_people(self) -> None:
        """A power law that helps the mean, and of whose tenths the first are met most."""
        for alpha, learning in ((0.0, 1.0), (0.6, 1.3)):
            law = {"distribution": "power_law", "alpha": alpha} if alpha else {}
            self.pretrain("rare_people", f"alpha-{alpha:g}", 512, 340, learning=learning, **law)
        for run in [row["run"] for row in self.experiments[-len(self.seeds) :]]:
            names, share = [f"tenth-{k}" for k in range(1, 11)], np.arange(1, 11.0) ** -0.6
            people = {"run": run, "part": names, "people": 51, "share": share / share.sum()}
            self.parts.append(pd.DataFrame(people))
            everyone = next(
                c for c in reversed(self.curves) if (c.run == run).all() and "known" in set(c.group)
            )
            for k, name in enumerate(names):
                self.curves.append(everyone.assign(group=name, accuracy=everyone.accuracy * (1 - k / 11)))

    def forget(self, new: int, weight: float, steps: int = 150, narrow: bool = False) -> None:
        """Fine-tuning that keeps weights; replay spares most of what is lost, and values from half of each
        list shift more."""
        keeps = 0.9 if weight else 0.0
        setting = {"distribution": "narrow"} if narrow else {"weight": weight}
        name = "narrow" if narrow else "forgetting"
        self._tuned(name, f"new-{new}-{weight:g}", 1.0, keeps, new, steps, **setting)
        t = np.array([0, 5, 14, 50, steps])
        for seed, entry in zip(self.seeds, self.experiments[-len(self.seeds) :], strict=True):
            shift, drift = ((1 - keeps) * part for part in _lost(t, steps, new, seed))
            shift = shift * (1.3 if narrow else 1.0)
            as_it_is = 1 - shift - drift
            self.forgetting.append(
                pd.DataFrame(
                    {"run": entry["run"], "step": t, "accuracy": as_it_is,
                     "shift_removed": as_it_is + 0.8 * shift, "shift_alone": 1 - shift,
                     "top_removed": as_it_is + 0.5 * shift, "rank": 0.02 + 0.1 * drift,
                     "common": shift / (shift + drift + 1e-9)}
                )
            )  # fmt: skip

    def in_turn(
        self, experiment: str, case: str, groups: int, repeats: int = 1, steps: int = 480, schedule="cosine",
        observed: bool = False,
    ) -> None:  # fmt: skip
        """Groups that are learned in their windows and mostly forgotten in the others."""
        t = np.round(np.linspace(0, steps, 65))
        for seed in self.seeds:
            rng = np.random.default_rng([seed, groups, repeats])
            known, curves = np.zeros(groups), [np.zeros(groups)]
            for a, b in itertools.pairwise(t):
                mine = int(a / steps * groups * repeats) % groups
                speed = (0.04 + 0.1 * a / steps) * (1 - (0.9 * a / steps if schedule == "cosine" else 0))
                rates = np.where(np.arange(groups) == mine, speed, 0.06 * (1 - 0.8 * a / steps))
                known += ((np.arange(groups) == mine) - known) * (1 - np.exp(-rates * (b - a)))
                curves.append(known * np.exp(rng.normal(0, 0.01)))
            accuracy = np.clip(np.transpose(curves), 0, 1)
            early = 4.6 * np.exp(-t / 12)
            losses = BASELINE * (0.004 + (1 - accuracy) * (1 + t / steps) + early)
            apart = {f"group-{k}": (t, losses[k - 1], accuracy[k - 1]) for k in range(1, groups + 1)}
            together = {
                "known": (t, losses.mean(0), accuracy.mean(0)),
                "new": (t, losses.max(0), 0 * t + 0.01),
            }
            row = self._row(
                {"distribution": "sequential", "groups": groups, "repeats": repeats, "schedule": schedule},
                "pretrain", seed, 512, steps,
            )  # fmt: skip
            run = self._add(experiment, case, row, together | apart, f"{schedule}-")
            if observed:
                self._observe(run, t, np.clip(8 * t / steps, 0, 1) - 0.1 * (accuracy.max(0) < 0.7))

    def finetune_seen(self, case: str, skip: int, count: int, steps: int = 150) -> None:
        t = np.linspace(0, steps, 21)
        for seed in self.seeds:
            change = (0.2 if skip else -0.15) * t / steps * (1 + 0.05 * seed)
            tail, head = 0.5 + change, 1 - 0.01 * bool(skip) * t / steps
            groups = {"head": (t, BASELINE * (1.01 - head), head), "tail": (t, BASELINE * (1 - tail), tail)}
            groups |= {"known": groups["tail"], "new": (t, np.full_like(t, 2 * BASELINE), 0.01 + 0 * t)}
            row = {
                "distribution": "seen",
                "skip": skip,
                "count": count,
                "base": f"celebrities64-8-n1024x900-s{seed}",
            }
            self._add("finetune_seen", case, self._row(row, "finetune", seed, 1024, steps), groups)

    def toy_finetune(self, read_out: str, new: int, weight: float, steps: int = 100) -> None:
        t = np.array([0, 2, 5, 10, 20, 50, 100])
        for seed in self.seeds:
            speed = 400 if read_out == "linear" else 300
            learned = 1 - np.exp(-t / steps * speed / new / (1 + weight))
            lost = 0.7 * learned * new / 256 / (1 + 40 * weight) * (1 + 0.05 * seed)
            self.toy.append(
                pd.DataFrame(
                    {"read_out": read_out, "seed": seed, "pairs": 512, "values": 20, "step": t, "new": new,
                     "weight": weight, "old_loss": 0.004 + 3 * lost, "old_accuracy": 1 - lost,
                     "new_loss": 0.003 + 6 * (1 - learned), "new_accuracy": learned}
                )
            )  # fmt: skip

    @staticmethod
    def _row(distribution: dict, kind: str, seed: int, individuals: int, steps: int) -> dict:
        return {
            "kind": kind, "base": None, "seed": seed, "individuals": individuals, "steps": steps, "batch": 32,
            "learning_rate": 0.004, "schedule": "cosine", "layers": 3, "width": 96, "baseline": BASELINE,
            "weight_decay": 0.1, "heads": 4, "mixer": "attention", "templates": 20, "shuffled": True,
            **distribution,
        }  # fmt: skip

    def tables(self) -> Tables:
        curves = pd.concat(self.curves, ignore_index=True)
        fixed = [run for run, row in self.rows.items() if not row["shuffled"]]
        # In random order, runs in a fixed one never fall below the baseline.
        mixed = curves[curves.run.isin(fixed) & (curves.group == "known")]
        mixed = mixed[["run", "step", "loss", "accuracy"]].assign(loss=mixed.loss + BASELINE)
        attention = pd.concat(self.attention, ignore_index=True)
        return Tables(
            pd.DataFrame(self.experiments),
            # Like read_csv: numbers, with NaN where a distribution has no such parameter.
            pd.DataFrame(self.rows.values()).astype(dict.fromkeys(PARAMETERS, float)),
            curves,
            pd.DataFrame(self.summaries),
            {"attention": attention, "random_order": mixed},
            pd.concat(self.toy, ignore_index=True),
            pd.concat(self.training, ignore_index=True),
            forgetting=stacked(self.forgetting),
            parts=stacked(self.parts),
        )

    def robustness(self) -> None:
        """The default run with one thing changed."""
        for ratio, learning in ((0.25, 0.6), (0.5, 0.9), (2, 0.95), (4, 0.3)):
            rate = {"learning_rate": 0.004 * ratio}
            self.pretrain("learning_rate", f"rate-{ratio:g}", speed=learning, learning=learning, changed=rate)
        for decay in (0.01, 0.03, 0.3, 1.0):
            self.pretrain("weight_decay", f"decay-{decay:g}", learning=1.1, changed={"weight_decay": decay})
        for batch in (8, 16, 64, 128):
            more, steps = {"batch": batch}, 900 * 32 // batch
            speed = batch / 32 / max(1, batch / 48)
            self.pretrain(
                "batch_size", f"batch-{batch}", steps=steps, speed=speed, learning=speed, changed=more
            )
        for layers, width in ((4, 128), (4, 192)):
            for rate in (0.002, 0.004):
                larger = {"layers": layers, "width": width, "learning_rate": rate}
                self.pretrain("model_size", f"{layers}x{width}", speed=1.1, learning=1.2, changed=larger)
        self.pretrain("mixer", "rg_lru", speed=1.02, learning=1.15, changed={"mixer": "rg_lru"})
        for n, learning in ((1, 0.3), (2, 0.6), (4, 0.8), (8, 1.0), (16, 1.1)):
            few = {"templates": n, "shuffled": True}
            self.pretrain("templates", f"random-{n}", speed=learning, learning=learning, changed=few)
        fixed = {"templates": 16, "shuffled": False}
        self.pretrain("templates", "fixed-16", speed=0.3, learning=0.2, changed=fixed)


def build(seeds: int = 3, lengths: tuple[int, ...] = (900,)) -> Tables:
    """Every experiment that the figures draw; `lengths` of the power-law runs, steps."""
    b = Builder(seeds)
    b.pretrain("phases")
    b.pretrain("attention")
    for reference, speed in ((0, 0.7), (20, 0.4), (45, 0.6), (200, 2), (800, 4)):
        b.pretrain("patching", speed=speed, learning=speed, kind="patch", reference=reference, start=0)
    for reference, start, speed in ((45, 45, 0.5), (200, 200, 1.5), (800, 400, 1)):
        b.pretrain(
            "freezing", "late", speed=speed, learning=speed, kind="patch", reference=reference, start=start
        )
    for n in (256, 512, 1024, 2048):
        b.pretrain("population_size", individuals=n)
    b.robustness()
    for steps in lengths:
        for n in (512, 1024, 2048):
            b.pretrain("power_law", "alpha-0", n, steps)
            for alpha, speed, learning in ((0.4, 1.3, 0.95), (0.8, 1.6, 0.8), (1.0, 1.4, 0.5)):
                law = {"distribution": "power_law", "alpha": alpha}
                b.pretrain("power_law", f"alpha-{alpha:g}", n, steps, speed, learning, **law)
    for weight, speed in ((4, 1.2), (8, 1.5), (16, 1.6)):
        famous = {"distribution": "celebrities", "count": 64, "weight": weight}
        b.pretrain("celebrities", f"64-x{weight}", 1024, speed=speed, learning=0.9, **famous)
    for subset, length, speed in ((128, 150, 1.4), (256, 150, 1.7), (256, 300, 1.5)):
        warm = {"distribution": "warm_up", "subset": subset, "warm_up_steps": length}
        b.pretrain("warm_up", f"{subset}-{length}", 1024, speed=speed, learning=1.1, **warm)
    for groups in (2, 4, 8):
        b.in_turn("sequential", f"groups-{groups}", groups, observed=groups == 8)
        b.in_turn("sequential_constant", f"groups-{groups}", groups, schedule="constant")
        b.in_turn("alternating", f"visits-{groups}", 2, groups)
    b.in_turn("many_groups", "groups-16", 16)
    for reference, speed in ((20, 1.2), (45, 3), (200, 4), (800, 4)):
        b.pretrain(
            "sequential_patching", speed=speed, learning=speed, kind="patch", reference=reference, start=0
        )
    for run, row in b.rows.items():
        if run.startswith("patched-on-groups"):
            row["base"] = f"cosine-sequential8-1-n512x480-s{row['seed']}"
    b.pretrain("credit")
    b.pretrain("circuits", changed={"ends_below": 0.7})
    b.pretrain("growing", "from-256", distribution="growing", subset=256, until=450, stages=2)
    for until, learning in ((400, 1.3), (700, 1.1)):
        grown = {"distribution": "growing", "subset": 128, "until": until, "stages": 3}
        b.pretrain("curricula", f"128-{until}", 1024, speed=1.4, learning=learning, **grown)
    for subset in (64, 128):
        adapts = {"distribution": "adaptive", "subset": subset, "known": 0.4}
        b.pretrain("adaptive_settings", f"{subset}-below-0.4", 1024, speed=1.4, learning=1.2, **adapts)
    # The best of both, as the runs above have it.
    b.pretrain("curricula_again", "128-400", 1024, speed=1.4, learning=1.3, **{**grown, "until": 400})
    warm = {"distribution": "warm_up", "subset": 128, "warm_up_steps": 100}
    b.pretrain("curricula_again", "128-100", 1024, speed=1.5, learning=1.4, **warm)
    famous = {"distribution": "celebrities", "count": 64, "weight": 8}
    for n in (512, 2048):
        warm = {"distribution": "warm_up", "subset": 128, "warm_up_steps": 150}
        b.pretrain("families", "64-x8", n, speed=1.5, learning=0.9, **famous)
        b.pretrain("families", "128-150", n, speed=1.4, learning=1.1, **warm)
    for steps in (450, 1800):
        warm = {"distribution": "warm_up", "subset": 128, "warm_up_steps": 100}
        b.pretrain("families", "uniform", 1024, steps)
        b.pretrain("families", "alpha-0.4", 1024, steps, 1.3, distribution="power_law", alpha=0.4)
        b.pretrain("families", "64-x8", 1024, steps, 1.5, 0.9, **famous)
        b.pretrain("families", "128-100", 1024, steps, 1.4, 1.1, **warm)
    for n, speeds in ((1024, (1.2, 1.5, 1.3)), (2048, (1.1, 1.2, 1.4))):
        for subset, speed in zip((64, 128, 256), speeds, strict=True):
            for length in (100, 150):
                warm = {"distribution": "warm_up", "subset": subset, "warm_up_steps": length}
                b.pretrain("warm_up_grid", f"of-{n}", n, speed=speed, learning=speed - length / 1000, **warm)
    for count, weight, n, speed in ((64, 3, 424, 0.9), (64, 9, 1144, 2), (192, 3, 1272, 1)):
        famous = {"distribution": "celebrities", "count": count, "weight": weight}
        b.pretrain("head_and_tail", f"{count}-{n}", n, 2400, speed, **famous)
    b.finetune_seen("rare", 64, 960)
    b.finetune_seen("frequent", 0, 64)
    b.finetune("finetune_attention", "new-32", 32, 0.0)
    for new in (16, 32, 64, 128, 256):
        b.finetune("finetune_sizes", f"new-{new}", new, 0.0)
    for new in (32, 256):
        for every in (4, 16):
            b.exposures(new, every)
    for new, weight in ((64, 0.0), (256, 0.0), (256, 1 / 8)):
        b.forget(new, weight)
    b.forget(256, 0.0, narrow=True)
    for case, speed, keeps, setting in (
        ("replay", 0.8, 0.9, {"weight": 1 / 8}),
        ("batch", 1.2, 0.6, {"batch": 256}),
        ("rate", 0.6, 0.2, {"learning_rate": 0.001}),
        ("rising", 0.9, 0.0, {"rate_warm_up": 20.0}),
        ("attention", 0.9, 0.1, {"frozen": "attention"}),
        ("embedding", 0.8, 0.15, {"frozen": "embedding"}),
    ):
        b.cured(case, speed, keeps, **setting)
    b.rare_people()
    for case, kind, learning in (
        ("none", "", 1.0),
        ("right", "warm_up", 1.6),
        ("wrong", "wrong_warm_up", 1.5),
    ):
        warm = {"distribution": kind, "subset": 64, "warm_up_steps": 60} if kind else {}
        b.pretrain("wrong_warm_up", case, steps=340, learning=learning, **warm)
    b.pretrain("leaving", steps=340, learning=2.0, distribution="leaving", count=128, until=80)
    for weight in (1 / 32, 1 / 8, 1 / 2, 2):
        b.finetune("finetune_replay", f"weight-{weight:g}", 64, weight)
        for read_out in ("value_embeddings", "linear"):
            b.toy_finetune(read_out, 64, weight)
    for new in (16, 64, 256):
        for read_out in ("value_embeddings", "linear"):
            b.toy_finetune(read_out, new, 0.0)
    return b.tables()


def without(tables: Tables, experiment: str) -> Tables:
    """The same tables, had the plan lacked `experiment`."""
    kept = tables.experiments[tables.experiments.experiment != experiment]
    named = pd.Series(np.where(tables.toy.weight > 0, TOY_REPLAY, TOY_SIZES))
    toy = tables.toy[named != experiment]
    same = ("runs", "curves", "summary", "observed", "training", "forgetting")
    return Tables(kept, **{name: getattr(tables, name) for name in same}, toy=toy)


def part_of(tables: Tables, *experiments: str) -> Tables:
    """The tables, had the plan had these experiments alone; changes of the one leave the other as it is."""
    mine = tables.experiments[tables.experiments.experiment.isin(experiments)]
    runs = {*mine.run, *tables.runs[tables.runs.run.isin(mine.run)].base.dropna()}

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[table.run.isin(runs)].copy()

    kept = {name: of(tables.table(name)) for name in ("runs", "curves", "summary", "training", "forgetting")}
    kept["observed"] = {name: of(table) for name, table in tables.observed.items()}
    return Tables(mine.copy(), **kept, toy=tables.toy.copy() if TOY in experiments else None)
