"""What a scale costs, for the how-to documents: `pipeline.costs.estimate` in Markdown, and GPU hours."""

import re
from collections.abc import Callable, Iterable

from pipeline.config import run as cfg
from pipeline.config.experiments import Params, distinct_runs, expand
from pipeline.costs.estimate import Cost, amount, of_run, parameters_of

_BLOCK = re.compile(r"(<!-- (cost of [\w ]+): begin[^>]*-->\n).*?(<!-- \2: end -->)", re.S)
# Dense bf16 peaks of the maker's data sheets in TFLOP/s, and shares of them that so small a model may reach.
GPUS = {"H100 SXM": 989, "A100": 312}
SHARES = (0.25, 0.1)
_KINDS = {"pretrain": "pre-training", "finetune": "fine-tuning", "patch": "patched"}


def total(runs: Iterable[cfg.RunConfig]) -> Cost:
    return sum((of_run(run) for run in runs), Cost())


def hours(flops: float, peak: float, share: float) -> float:
    """GPU hours of that many FLOPs at a share of the peak (TFLOP/s)."""
    return flops / (peak * 1e12 * share) / 3600


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def row(*cells: object) -> str:
    """Of a table in Markdown."""
    return f"| {' | '.join(map(str, cells))} |"


def _table(runs: list[cfg.RunConfig], default: cfg.RunConfig) -> str:
    rows = {"the default run": total([default])}
    for kind, word in _KINDS.items():
        if mine := [run for run in runs if run.kind == kind]:
            rows[f"all {word}"] = total(mine)
    rows["all"] = total(runs)
    shares = " / ".join(f"{share:.0%}" for share in SHARES)
    lines = [row("", "runs", "steps", "tokens", "FLOP of training", "FLOP of evaluation, at most")]
    lines += [row(*["---"] * 6)]
    lines += [
        row(name, c.runs, amount(c.steps), amount(c.tokens), amount(c.flops), amount(c.evaluation_flops))
        for name, c in rows.items()
    ]
    lines += [
        "",
        row("GPU, peak in TFLOP/s", f"default run, minutes at {shares}", f"all, GPU hours at {shares}"),
    ]
    lines += [row(*["---"] * 3)]
    for gpu, peak in GPUS.items():
        minutes, whole = (
            " / ".join(_short(unit * hours(rows[name].all_flops, peak, share)) for share in SHARES)
            for name, unit in (("the default run", 60), ("all", 1))
        )
        lines.append(row(f"{gpu}, {peak}", minutes, whole))
    return "\n".join(lines)


def _data(runs: list[cfg.RunConfig], default: cfg.RunConfig) -> str:
    weights = 4 * parameters_of(default)
    kept = sum(1 + len(run.observe.snapshots if run.observe else []) for run in runs)
    return (
        f"Disk at the paper scale: {amount(weights)}B of weights a run of the default size (4 bytes x "
        f"{amount(weights / 4)} parameters),\n"
        f"{amount(kept * weights)}B for all {len(runs)} runs with the snapshots of observed ones; "
        f"{amount(6 * weights)}B of state while a run trains\n"
        "(two generations of weights and two moments)."
    )


def _step(runs: list[cfg.RunConfig], default: cfg.RunConfig) -> str:
    cost = total([default])
    a_step = cost.flops / cost.steps
    eighth = a_step / 8 / (SHARES[0] * GPUS["H100 SXM"] * 1e12) * 1e3
    return (
        f"A step of the default run is {amount(a_step)}FLOP ({default.training.batch} biographies, "
        f"{cost.tokens / cost.steps:,.0f} tokens), its\n"
        f"{cost.steps:,} steps are {amount(cost.flops)}FLOP. On 8 H100 each has {eighth:.1f} ms of work "
        f"a step (at {SHARES[0]:.0%} of the\npeak), about as long as the messages between them may take."
    )


_BLOCKS: dict[str, Callable[[list[cfg.RunConfig], cfg.RunConfig], str]] = {
    "cost of the runs": _table,
    "cost of the data": _data,
    "cost of a step": _step,
}


def blocks(params: Params) -> dict[str, str]:
    """Markdown by name, for all experiments of a scale. The default run is the first one planned."""
    planned = expand(params)
    runs = list(distinct_runs(planned).values())
    return {name: write(runs, planned[0].config) for name, write in _BLOCKS.items()}


def insert(text: str, made: dict[str, str]) -> str:
    """`text` with each of its blocks between markers made anew."""
    return _BLOCK.sub(lambda m: f"{m[1]}{made[m[2]]}\n{m[3]}", text)
