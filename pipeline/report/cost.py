"""What a scale costs, computed from its plan before anything runs: the estimates of the how-to documents.

Training takes steps x batch x tokens a biography x FLOPs a token (`flops_per_token`), in a patched run a
third more for the forward pass of its twin; evaluating takes a third of that a token, the forward pass.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline import config as cfg
from pipeline.data import tokenizer as tok
from pipeline.data.population import draw
from pipeline.model.transformer import flops_per_token
from pipeline.probes.recall import groups

_BLOCK = re.compile(r"(<!-- (cost of [\w ]+): begin[^>]*-->\n).*?(<!-- \2: end -->)", re.S)
_SAMPLED = 4000  # people that the tokens of a biography are counted on
# Dense bf16 peaks of the maker's data sheets in TFLOP/s, and shares of them that so small a model may reach.
GPUS = {"H100 SXM": 989, "A100": 312}
SHARES = (0.25, 0.1)
_KINDS = {"pretrain": "pre-training", "finetune": "fine-tuning", "patch": "patched"}


@dataclass(frozen=True)
class Size:
    """What all runs of a scale share, from its default run: tokens a biography, FLOPs a token of training and
    parameters."""

    tokens: float
    flops: float
    parameters: int


@dataclass(frozen=True)
class Cost:
    """Of some runs: their number, steps, tokens trained on, FLOPs of training and, at most, of evaluation,
    which computes logits only where values are predicted."""

    runs: int
    steps: int
    tokens: float
    training: float
    evaluation: float


def size(run: cfg.RunConfig) -> Size:
    who = run.population
    few = who.model_copy(update={"individuals": min(_SAMPLED, who.individuals), "unseen": 1})
    people = draw(few, run.seed, tok.train(who.pools, who.vocabulary))
    length, model = people.meta["tokens_per_biography"], run.model
    parameters = model.layers * (4 + 2 * model.mlp_ratio) * model.width**2 + people.vocabulary * model.width
    return Size(length, flops_per_token(model, people.vocabulary, length), parameters)


def cost(runs: list[cfg.RunConfig], each: Size) -> Cost:
    steps, tokens, training, evaluation = 0, 0.0, 0.0, 0.0
    for run in runs:
        mine = run.training.steps - run.first_step
        read = mine * run.training.batch * each.tokens
        measured = len(run.slots) * run.evaluation.sequences + run.evaluation.final_sequences
        passes = 4 / 3 if run.patching else 1
        steps, tokens = steps + mine, tokens + read
        training += passes * read * each.flops
        evaluation += passes * measured * len(groups(run)) * each.tokens * each.flops / 3
    return Cost(len(runs), steps, tokens, training, evaluation)


def hours(flops: float, peak: float, share: float) -> float:
    """GPU hours of that many FLOPs at a share of the peak (TFLOP/s)."""
    return flops / (peak * 1e12 * share) / 3600


def _number(value: float) -> str:
    """At least two digits; from a million on three, and M or G."""
    for unit, name in ((1e9, " G"), (1e6, " M")):
        if value >= unit:
            return f"{value / unit:,.3g}{name}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _table(runs: list[cfg.RunConfig], default: cfg.RunConfig, each: Size) -> str:
    rows = {"the default run": cost([default], each)}
    rows |= {
        f"all {word}": cost(mine, each)
        for kind, word in _KINDS.items()
        if (mine := [run for run in runs if run.kind == kind])
    }
    rows["all"] = whole = cost(runs, each)
    lines = [
        "| | runs | steps | tokens | PFLOP of training | PFLOP of evaluation, at most |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {c.runs} | {_number(c.steps)} | {_number(c.tokens)} | {_number(c.training / 1e15)} | "
        f"{_number(c.evaluation / 1e15)} |"
        for name, c in rows.items()
    ]
    shares = " / ".join(f"{share:.0%}" for share in SHARES)
    lines += ["", f"| GPU, peak in TFLOP/s | default run, minutes at {shares} | all, GPU hours at {shares} |"]
    lines += ["|---|---|---|"]
    for gpu, peak in GPUS.items():
        one, every = (c.training + c.evaluation for c in (rows["the default run"], whole))
        minutes = " / ".join(_number(60 * hours(one, peak, share)) for share in SHARES)
        lines.append(
            f"| {gpu}, {peak} | {minutes} | "
            + " / ".join(_number(hours(every, peak, s)) for s in SHARES)
            + " |"
        )
    return "\n".join(lines)


def _data(runs: list[cfg.RunConfig], default: cfg.RunConfig, each: Size) -> str:
    weights = 4 * each.parameters
    kept = sum(1 + len(run.observe.snapshots if run.observe else []) for run in runs)
    return (
        f"Disk at the paper scale: {weights / 1e6:.0f} MB of weights a run (4 bytes x "
        f"{each.parameters / 1e6:.1f} M parameters),\n"
        f"{kept * weights / 1e9:.0f} GB for all {len(runs)} runs with the snapshots of observed ones; "
        f"{6 * weights / 1e6:.0f} MB of state while a run trains\n"
        "(two generations of weights and two moments)."
    )


def _step(runs: list[cfg.RunConfig], default: cfg.RunConfig, each: Size) -> str:
    a_step = default.training.batch * each.tokens * each.flops
    peak = GPUS["H100 SXM"] * 1e12
    eighth = a_step / 8 / (SHARES[0] * peak) * 1e3
    whole = cost([default], each).training / 1e15
    return (
        f"A step of the default run is {a_step / 1e12:.1f} TFLOP ({default.training.batch} biographies x "
        f"{each.tokens:.0f} tokens x {each.flops / 1e6:.0f} MFLOP), its\n"
        f"{default.training.steps:,} steps are {whole:.0f} PFLOP. On 8 H100 each has {eighth:.1f} ms of "
        f"arithmetic a step (at {SHARES[0]:.0%} of the\npeak), about as long as the messages between them "
        "may take."
    )


_BLOCKS: dict[str, Callable[[list[cfg.RunConfig], cfg.RunConfig, Size], str]] = {
    "cost of the runs": _table,
    "cost of the data": _data,
    "cost of a step": _step,
}


def blocks(params: cfg.Params) -> dict[str, str]:
    """Markdown by name, for all experiments of a scale. The default run is the first one planned."""
    planned = cfg.expand(params)
    runs, default = list(cfg.distinct_runs(planned).values()), planned[0].config
    each = size(default)
    return {name: write(runs, default, each) for name, write in _BLOCKS.items()}


def insert(text: str, made: dict[str, str]) -> str:
    """`text` with each of its blocks between markers made anew."""
    return _BLOCK.sub(lambda m: f"{m[1]}{made[m[2]]}\n{m[3]}", text)
