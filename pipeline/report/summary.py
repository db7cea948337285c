"""The numbers that the README quotes, computed from a scale's tables: nobody types them."""

import re
from collections import Counter

import numpy as np
import pandas as pd

from pipeline.analysis.selection import best_setting
from pipeline.analysis.statistics import mean_interval
from pipeline.analysis.tables import Tables
from pipeline.claims.verdict import VERDICTS

_BLOCK = re.compile(r"(<!-- results: begin[^>]*-->\n).*?(<!-- results: end -->)", re.S)


def _mean(values: pd.Series, digits: int = 2) -> str:
    """Mean over seeds and its 95 % interval."""
    low, high = mean_interval(values)
    return f"{values.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _distribution_rows(tables: Tables) -> list[str]:
    """Uniform against the best setting of each family, at the size where all of them were run."""
    families = {
        "power law": tables.of("power_law").query("distribution == 'power_law'"),
        "celebrities": tables.of("celebrities").query("distribution == 'celebrities'"),
        "warm-up": tables.of("warm_up").query("distribution == 'warm_up'"),
    }
    sizes = set.intersection(*(set(f.individuals) for f in families.values()))
    n = max(sizes)
    uniform = tables.of("power_law").query("distribution == 'uniform' and individuals == @n")
    rows = [("uniform", "", uniform)]
    settings = {
        "power law": ["alpha"],
        "celebrities": ["count", "weight"],
        "warm-up": ["subset", "warm_up_steps"],
    }
    for family, runs in families.items():
        best = best_setting(runs[runs.individuals == n])
        label = ", ".join(f"{c.replace('_', ' ')} {best[c].iloc[0]:g}" for c in settings[family])
        rows.append((family, label, best))
    return [
        f"| {n} people: individuals drawn by | setting | plateau ends at step | final accuracy |",
        "|---|---|---|---|",
        *(
            f"| {family} | {label} | {_mean(runs.plateau_end, 0)} | {_mean(runs.known_accuracy)} |"
            for family, label, runs in rows
        ),
    ]


def block(tables: Tables, claims: list[dict]) -> str:
    """Markdown: verdict counts, the distributions table, hallucination and fine-tuning in numbers."""
    runs = tables.runs
    counts = Counter(claim["verdict"] for claim in claims)
    size = tables.of("population_size")
    slopes = [
        np.polyfit(np.log(seed.individuals), np.log(seed.plateau_end), 1)[0]
        for _, seed in size.groupby("seed")
        if seed.individuals.nunique() == size.individuals.nunique()
    ]
    low, high = mean_interval(slopes)
    phases = tables.of("phases")
    tuned = tables.of("finetune_sizes")
    start = pd.Series([tables.curve(run).accuracy.iloc[0] for run in tuned.run])
    lines = [
        f"{len(runs)} training runs, {runs.tokens.sum() / 1e6:.0f} M tokens, "
        f"{runs.seconds.sum() / 3600:.1f} core-hours. Of the paper's {len(claims)} claims "
        + ", ".join(f"{counts[v]} {v}" for v in VERDICTS)
        + ". Mean over seeds with its 95 % interval:",
        "",
        f"- The plateau grows with the population as N^{np.mean(slopes):.2f} [{low:.2f}, {high:.2f}] "
        f"(paper: N^0.81), N = {size.individuals.min()} to {size.individuals.max()}.",
        f"- Never-seen people: final loss {_mean(phases.new_loss / phases.baseline)} times the no-knowledge "
        f"baseline (paper: 2.37) while known people reach {_mean(phases.known_accuracy)} accuracy.",
        f"- Fine-tuning on {tuned.new.min():g} to {tuned.new.max():g} new people takes the accuracy on old "
        f"ones from {start.mean():.2f} to {_mean(tuned.known_accuracy)} in {tuned.steps.max()} steps.",
        "",
        *_distribution_rows(tables),
    ]
    return "\n".join(lines) + "\n"


def insert(readme: str, text: str) -> str:
    """`readme` with the block between its two markers replaced. Raises ValueError without them."""
    if not _BLOCK.search(readme):
        raise ValueError(
            "README.md: the markers <!-- results: begin --> and <!-- results: end --> are missing"
        )
    return _BLOCK.sub(lambda m: m.group(1) + text + m.group(2), readme)
