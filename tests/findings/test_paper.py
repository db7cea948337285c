"""The paper's own digitised curves, as if measured with three seeds, reproduce its claims.

This is what says that a threshold translated to shares, ratios and multiples of chance is still the
paper's.
"""

import json
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from pipeline import ROOT
from pipeline.findings.entries import OURS, load, regimes
from pipeline.findings.judging import within
from pipeline.findings.verdict import NOT_RUN, REPRODUCED, SAME_SIZE
from pipeline.report import headlines
from tests.findings.scenes import SEEDS, Scene, curve, jitter, named

PAPER = json.loads((ROOT / "pipeline/paper/curves.json").read_text(encoding="utf-8"))
CURVES, POINTS = PAPER["curves"], PAPER["points"]
# Seeds differ by less than the paper's digits.
WOBBLE = 1e-4


def number(label: str) -> float:
    """'16k' and '1/32' as numbers."""
    return float(Fraction(label.removesuffix("k"))) * (1000 if label.endswith("k") else 1)


def digitised(seed: int, **measures) -> pd.DataFrame:
    """A curve from lists of [step, value], on the steps of any of them."""
    step = np.unique(np.concatenate([np.array(points)[:, 0] for points in measures.values()]))
    return curve(step, 1.0, 0.0).assign(
        **{
            name: np.interp(step, *np.array(points).T) * (jitter(seed, WOBBLE) if name == "loss" else 1)
            for name, points in measures.items()
        }
    )


def people(seed: int, group: str) -> pd.DataFrame:
    figures = {"loss": "M_loss", "accuracy": "M_acc", "max_probability": "M_maxp", "entropy": "M_ent"}
    return digitised(seed, **{name: CURVES[figure][group] for name, figure in figures.items()})


class Paper(Scene):
    def add(self, experiment, seed, curves, **parameters):
        return super().add(experiment, seed, curves, **{"batch": 128, **parameters})

    def point(self, experiment, seed, individuals, steps, end=100.0, loss=1.0, accuracy=0.5, **parameters):
        """A run of which only t(0.99) and the final values on known people are known."""
        step = np.array([0, steps])
        flat = curve(step, 1, 0), curve(step, 1, 0)
        default = {"individuals": individuals, "baseline": PAPER["baseline"]}
        self.add(experiment, seed, flat, **default, **parameters)
        final = {"known_loss": loss * jitter(seed, WOBBLE), "known_accuracy": accuracy}
        self.summary[-1] |= final | {"plateau_end": end * jitter(seed, WOBBLE)}

    def fine_tuned(self, experiment, figure, label, seed, **parameters):
        old = {"loss": CURVES[f"{figure}_pre_loss"][label], "accuracy": CURVES[f"{figure}_pre_acc"][label]}
        new = {"loss": CURVES[f"{figure}_ft_loss"][label], "accuracy": CURVES[f"{figure}_ft_acc"][label]}
        curves = digitised(seed, **old), digitised(seed, **new)
        self.add(
            experiment,
            seed,
            curves,
            kind="finetune",
            individuals=64000,
            baseline=PAPER["baseline"],
            **parameters,
        )

    def warmed_up(self, figure, label, seed):
        """A warm-up of Figure I: one row varies the subset, one the length."""
        setting = {"subset": 8000, "warm_up_steps": 1500}
        setting |= {"subset" if figure == "I_indiv" else "warm_up_steps": number(label)}
        known = digitised(seed, loss=CURVES[figure][label]).assign(accuracy=0.981)
        default = {"individuals": 64000, "baseline": PAPER["baseline"]}
        if figure == "I_indiv" or label != "1.5k":
            for experiment in ("warm_up", "warm_up_grid"):
                self.add(experiment, seed, (known, known), **default, distribution="warm_up", **setting)

    def tuned_on_seen(self, group, seed):
        """Figure P: fine-tuning on rare or frequent people."""
        parts = {
            part: digitised(
                seed, loss=CURVES[f"P_{part}_loss"][group], accuracy=CURVES[f"P_{part}_acc"][group]
            )
            for part in ("head", "tail")
        }
        skip = 8000 if group == "rare" else 0
        default = {"individuals": 128000, "baseline": PAPER["baseline"], "kind": "finetune"}
        self.add(
            "finetune_seen",
            seed,
            (parts["tail"], parts["tail"]),
            parts=parts,
            distribution="seen",
            skip=skip,
            **default,
        )

    def layers(self, figure, seed, *statistics):
        """Attention of the run added last in the first and the last layer."""
        panels = {name: CURVES[f"{figure}_{name}"] for name in statistics}
        step = np.array(panels[statistics[0]]["L1"])[:, 0]
        self.observe(
            step,
            [
                {
                    name: np.interp(step, *np.array(panel[layer]).T) * jitter(seed, WOBBLE)
                    for name, panel in panels.items()
                }
                for layer in ("L1", "L8")
            ],
        )

    def fine_tuned_memory(self, figure, label, seed, **setting):
        """The associative memory, Figure R."""
        old, new = (
            digitised(
                seed,
                loss=CURVES[f"{figure}_{group}_loss"][label],
                accuracy=CURVES[f"{figure}_{group}_acc"][label],
            )
            for group in ("pre", "ft")
        )
        # Which of the two it is, the paper does not say.
        self.add_toy("value_embeddings", seed, (old, new), pairs=8192, values=30, **setting)

    def in_turn(self, experiment, panel, seed, **setting):
        """A run on groups, from the panels of Figures S to V."""
        losses, accuracies = (CURVES[f"{panel}_{measure}"] for measure in ("loss", "acc"))
        apart = [digitised(seed, loss=losses[g], accuracy=accuracies[g]) for g in losses]
        setting = {
            "individuals": 64000,
            "distribution": "sequential",
            "baseline": PAPER["baseline"],
            **setting,
        }
        self.add(experiment, seed, (apart[0], apart[0]), parts=named(apart), **setting)


def robustness(paper: Paper, seed: int, default: dict) -> None:
    """Figures A right and C beyond learning rates and sizes, but for the default setting of each."""
    never = people(seed, "new")
    for label, points in CURVES["C_weight_decay"].items():
        if label != "0.1":
            decay = {"weight_decay": number(label)}
            paper.add("weight_decay", seed, (digitised(seed, loss=points), never), **decay, **default)
    for label, points in CURVES["C_batch"].items():
        if label != "128":  # the default, in units of which batches are
            batch = {"batch": paper.runs[0]["batch"] * int(label) // 128}
            paper.add("batch_size", seed, (digitised(seed, loss=points), never), **batch, **default)
    recurrent = digitised(seed, loss=CURVES["C_mixer"]["ssm"]), never
    paper.add("mixer", seed, recurrent, mixer="rg_lru", **default)
    for label, points in CURVES["A_right"].items():
        templates = {"templates": int(label), "shuffled": True}
        paper.add("templates", seed, (digitised(seed, loss=points), never), **templates, **default)
    mixed = digitised(seed, loss=CURVES["A_right_fixed_order"]["16"])
    paper.add("templates", seed, (mixed, never), templates=16, shuffled=False, **default)
    paper.mix(mixed.step, mixed.loss)


def law(alpha: float) -> dict:
    return {"distribution": "power_law", "alpha": alpha} if alpha else {}


@pytest.fixture(scope="module")
def tables():
    paper, heat = Paper(), POINTS["4_left"]
    for seed in SEEDS:
        default = {"individuals": 64000, "baseline": PAPER["baseline"]}
        paper.add("phases", seed, (people(seed, "known"), people(seed, "new")), **default)
        paper.add("attention", seed, (people(seed, "known"), people(seed, "new")), **default)
        paper.layers("F", seed, "name_to_name", "attribute_to_name", "attribute_to_text")
        base = {"base": paper.runs[-1]["run"], "kind": "patch"}
        for label, points in CURVES["3_mid"].items():
            curves = digitised(seed, loss=points), people(seed, "new")
            paper.add("patching", seed, curves, reference=number(label), start=0, **base, **default)
        grid = POINTS["D_right"]
        for reference, losses in zip(grid["reference_step"], grid["loss"], strict=True):
            for start, loss in zip(grid["start_step"], losses, strict=True):
                if 0 < start < 16000:
                    patched = {"reference": reference, "start": start, **base}
                    paper.point("freezing", seed, 64000, 16000, loss=loss, **patched)
        for label, points in CURVES["C_lr"].items():
            if label != "4e-4":  # the default, in units of which rates are
                rate = paper.runs[0]["learning_rate"] * float(label) / 4e-4
                curves = digitised(seed, loss=points), people(seed, "new")
                paper.add("learning_rate", seed, curves, learning_rate=rate, **default)
        robustness(paper, seed, default)
        for label, (layers, width) in {"50m": (8, 512), "150m": (12, 896), "400m": (12, 1536)}.items():
            curves = digitised(seed, loss=CURVES["C_size"][label]), people(seed, "new")
            paper.add("model_size", seed, curves, layers=layers, width=width, **default)
        tuned = {"distribution": "replay", "new": 4000, "weight": 0.0}
        paper.fine_tuned("finetune_attention", "N", "4k", seed, **tuned)
        paper.layers("O", seed, "name_to_name", "attribute_to_last_name")
        sizes = POINTS["2_right"]
        for n, mean, std in zip(sizes["individuals"], sizes["plateau_end"], sizes["std"], strict=True):
            # Three values with the paper's mean and standard deviation.
            paper.point("population_size", seed, n, 16000, end=mean + std * (seed - 1))
        best = POINTS["4_mid"]
        for n, ends, alphas in zip(heat["individuals"], heat["plateau_end"], best["alpha"], strict=True):
            for steps, lowest in zip(best["steps"], alphas, strict=True):
                for alpha, end in zip(heat["alpha"], ends, strict=True):
                    # Of most cells only the best alpha is known.
                    final = {"loss": 1 + abs(alpha - lowest)}
                    if (n, steps) == (64000, 8000):
                        final = {"loss": CURVES["G"][f"{float(alpha)}"][-1][1], "accuracy": 0.767}
                    if steps == 16000:
                        family = "power_law" if alpha else "uniform"
                        accuracies = POINTS["J_accuracy"]
                        at = accuracies["individuals"].index(n)
                        final["accuracy"] = accuracies[family][at]
                    paper.point("power_law", seed, n, steps, end, **final, **law(alpha))
        for weight, points in CURVES["H_w"].items():
            few = {"distribution": "celebrities", "count": 4000, "weight": number(weight)}
            paper.point("celebrities", seed, 64000, 8000, loss=points[-1][1], accuracy=0.771, **few)
        for figure in ("I_indiv", "I_steps"):
            for label in CURVES[figure]:
                paper.warmed_up(figure, label, seed)
        all_of = POINTS["J_accuracy"]
        for n, accuracy, loss in zip(
            all_of["individuals"], all_of["warm_up"], POINTS["4_right"]["warm_up"], strict=True
        ):
            # Its setting at 128k; elsewhere not known.
            warm = {"distribution": "warm_up", "subset": 32000, "warm_up_steps": 8000}
            paper.point("warm_up", seed, n, 16000, loss=loss, accuracy=accuracy, **warm)
        paper.point("fewer_people", seed, 83000, 16000, accuracy=0.9772)
        for group in ("rare", "frequent"):
            paper.tuned_on_seen(group, seed)
        for label in CURVES["N_pre_acc"]:
            new = {"distribution": "replay", "new": number(label), "weight": 0.0}
            paper.fine_tuned("finetune_sizes", "N", label, seed, **new)
        for label in CURVES["N_replay_pre_acc"]:
            new = {"distribution": "replay", "new": 4000, "weight": number(label)}
            paper.fine_tuned("finetune_replay", "N_replay", label, seed, **new)
        for label in CURVES["R_pre_acc"]:
            paper.fine_tuned_memory("R", label, seed, new=int(label))
        for label in CURVES["R_replay_pre_acc"]:
            paper.fine_tuned_memory("R_replay", label, seed, new=128, weight=number(label))
        for groups in (4, 8, 16):
            constant = {"groups": groups, "repeats": 1, "schedule": "constant"}
            paper.in_turn("sequential_constant", f"T_{groups}", seed, **constant)
        paper.in_turn("many_groups", "U_32", seed, groups=32, repeats=1, individuals=256000)
        for groups in (4, 8, 16):
            paper.in_turn("sequential", f"S_{groups}", seed, groups=groups, repeats=1)
            if groups == 8:
                eight = {"base": paper.runs[-1]["run"], "kind": "patch", "start": 0}
        for reference, loss in zip(*POINTS["W_groups"].values(), strict=True):
            paper.point("sequential_patching", seed, 64000, 16000, loss=loss, reference=reference, **eight)
        for repeats in (2, 4, 8):
            paper.in_turn("alternating", f"V_{repeats}", seed, groups=2, repeats=repeats)
    return paper.tables()


# Claims for which the paper has no curve, and why.
NOT_FED = {
    "C31": "argued: no run varies the head or the tail alone",
    "C35": "stated, without numbers",
}
CLAIMS = {claim.id: claim for claim in load() if claim.origin != OURS}


@pytest.mark.parametrize("claim", [name for name in CLAIMS if name not in NOT_FED])
def test_the_papers_curves_reproduce_its_claims(tables, claim):
    """In the regimes that they need, and with the paper's size."""
    needed = {regime.id: regime.judged(tables) for regime in regimes() if regime.id in CLAIMS[claim].regime}
    finding = within(CLAIMS[claim].judged(tables), needed)
    assert finding.verdict == REPRODUCED, finding
    assert finding.size in (None, SAME_SIZE), [(part.check, part.aim) for part in finding.checks]


@pytest.mark.parametrize("regime", regimes(), ids=lambda regime: regime.id)
def test_the_papers_curves_are_in_the_regimes(tables, regime):
    finding = regime.judged(tables)
    assert finding.verdict == REPRODUCED, finding


@pytest.mark.parametrize("claim", NOT_FED)
def test_what_is_not_fed_is_not_judged(tables, claim):
    finding = CLAIMS[claim].judged(tables)
    assert finding.verdict == NOT_RUN, "it can be fed: take it from NOT_FED"


def test_values_that_headlines_type_are_those_of_the_papers_curves(tables):
    """Where a check has no size of the paper's to test, the page's first screen has it typed."""
    typed = [saying for headline in headlines.load() for saying in headline.says if saying.paper]
    assert typed
    for saying in typed:
        found = [part.check for part in CLAIMS[saying.claim].judged(tables).checks]
        last = [check for check in found if check.key == saying.check][-1]
        assert float(saying.paper) == pytest.approx(last.measured.centre, abs=0.02), saying.claim
