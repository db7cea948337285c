"""The numbers that the README quotes, computed from a scale's tables: nobody types them."""

import re

import pandas as pd

from pipeline.findings import drawing, figures, ledger
from pipeline.findings.cells import CELL, best_setting, default_runs, in_cell, uniform_like
from pipeline.findings.distributions.curricula import best_warm_up, gain, gain_again
from pipeline.findings.statistics import Interval
from pipeline.findings.verdict import NOT_RUN
from pipeline.paper import published
from pipeline.report import headlines
from pipeline.tables.read import Tables

_SETTINGS = {
    "uniform": (),
    "power_law": ("alpha",),
    "celebrities": ("count", "weight"),
    "warm_up": ("subset", "warm_up_steps"),
}
_ratio, _mean, _share = Interval.geometric, Interval.mean, Interval.share
_BLOCK = re.compile(r"(<!-- results: begin[^>]*-->\n).*?(<!-- results: end -->)", re.S)


def _distribution_rows(tables: Tables) -> list[str]:
    """Uniform against the best setting of each family, in the largest cell where all of them were run."""
    names = ("power_law", "celebrities", "warm_up")
    if any(name not in tables for name in names):
        return []
    families = {name: tables.of(name).query("distribution == @name") for name in names}
    shared = set.intersection(*(set(map(tuple, runs[CELL].to_numpy())) for runs in families.values()))
    cell = max(shared)
    here = {name: in_cell(runs, cell) for name, runs in families.items()}
    lines = [
        "",
        f"| {cell[0]:,} people, {cell[1]:,} steps; drawn by | best setting | plateau ends at step | "
        "final loss / baseline | final accuracy |",
        "|---|---|---|---|---|",
    ]
    for family, runs in {"uniform": uniform_like(tables, pd.concat(here.values())), **here}.items():
        best = best_setting(runs)
        setting = ", ".join(f"{name.replace('_', ' ')} {best[name].iloc[0]:g}" for name in _SETTINGS[family])
        lines.append(
            f"| {family.replace('_', ' ')} | {setting} | {_mean(best.plateau_end):.0f} | "
            f"{_ratio(best.loss_over_b):.2f} | {_share(best.known_accuracy):.2f} |"
        )
    return lines


def _alternation(tables: Tables) -> list[str]:
    """How much of a group's knowledge survives the other group's last visit."""
    if "alternating" not in tables:
        return []
    rows = tables.of("alternating")
    kept = {}
    for repeats in (rows.repeats.min(), rows.repeats.max()):
        runs = rows[rows.repeats == repeats].run
        kept[repeats] = pd.Series([tables.curve(run, "group-1").accuracy.iloc[-1] for run in runs])
    paper = {n: published.curve(f"V_{n:g}_acc", "group-1").values[-1] for n in kept}
    told = " and ".join(
        f"{_share(values):.2f} (paper: {paper[n]:.2f}) after {n:g} visits to each"
        for n, values in kept.items()
    )
    return [
        f"- Two groups of people that alternate: after the other's last visit the first is known to {told}."
    ]


def _curricula(tables: Tables) -> list[str]:
    """Whether people who grow beat a warm-up and a switch."""
    if "curricula" not in tables or best_warm_up(tables).empty:
        return []
    again = gain_again(tables)
    told = (
        f"; on {len(again)} fresh seeds, which had no part in choosing which to compare, {_mean(again):.2f}"
        if len(again)
        else ""
    )
    return [
        "- Beyond the paper: training on a population that grows evenly from a few people to everyone ends "
        f"{_mean(gain(tables)):.2f} more accurate than the best of the warm-ups tried{told}."
    ]


def _phases(tables: Tables) -> list[str]:
    """The default run: when its plateau ends, and what it knows in the end."""
    if "phases" not in tables:
        return []
    phases, paper = default_runs(tables), published.curve("2_left", "loss")
    return [
        f"- The default run ({phases.individuals.iloc[0]:,} people, {phases.steps.iloc[0]:,} steps, "
        f"b = {phases.baseline.iloc[0]:.2f} nats) ends its plateau after "
        f"{_share(phases.plateau_end / phases.steps):.2f} of the steps (paper: "
        f"{paper.plateau_end() / paper.steps[-1]:.2f}), and knows {_share(phases.known_accuracy):.3f} of the "
        "facts in the end.",
    ]


def _fine_tuning(tables: Tables) -> list[str]:
    """What is left of old facts, with the fewest and with the most new people."""
    if "finetune_sizes" not in tables:
        return []
    tuned = tables.of("finetune_sizes")
    start = pd.Series([tables.curve(run).accuracy.iloc[0] for run in tuned.run])
    peak = tuned.base.map(tables.runs.set_index("run").learning_rate)
    least, *_, most = tuned.groupby("new")
    return [
        f"- Fine-tuning for {tuned.steps.max():,} steps takes the accuracy on old facts from "
        f"{start.mean():.3f} to "
        + " and ".join(f"{_share(r.known_accuracy):.2f} with {new:g} new people" for new, r in (least, most))
        + f", at a rate {tuned.learning_rate.max() / peak.max():.1%} of the peak."
    ]


def _counted(entries: list[dict]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in ledger.counts(entries).items())


def _verdicts(papers: list[dict]) -> str:
    """Counts of verdicts in sentences, and those of the claims that the choice of the scale looked at."""
    calibrated = ledger.calibrated(papers)
    looked = f" The choice of the scale looked at {len(calibrated)} of them ({_counted(calibrated)})."
    return f"Of the paper's {len(papers)} claims {_counted(papers)}.{looked if calibrated else ''}"


def _within(claim: dict) -> str:
    """A claim's title as a part of a sentence."""
    return claim["title"][0].lower() + claim["title"][1:]


def _finding(number: int, finding: dict, folder: str) -> list[str]:
    """A headline: its sentences with their verdicts, what is not reproduced, and its figure."""
    lines = [f"### {number}. {finding['title']}", ""]
    lines += [f"- {text} *{claim['verdict'].capitalize()}.*" for text, claim in finding["says"]]
    for what, claims in (("Not measured yet", finding["missing"]), ("Not reproduced", finding["red"])):
        if claims:
            lines.append(f"- {what}: {'; '.join(map(_within, claims))}.")
    if finding["figure"]:
        title = figures.load()[finding["figure"]].title
        lines += ["", f"![{title}]({folder}/figures/{finding['figure']}.png)"]
    return [*lines, ""]


def _by_scale(claims: list[dict], others: dict[str, list[dict]]) -> list[str]:
    """What other scales give, and which claims that are judged here too have another verdict there."""
    if not others:
        return []
    here = {claim["id"]: claim for claim in claims if claim["verdict"] != NOT_RUN}
    lines = ["### At other scales", ""]
    for name, entries in others.items():
        judged = [claim for claim in ledger.of_the_paper(entries) if claim["verdict"] != NOT_RUN]
        moved = [
            f"{_within(claim)} ({here[claim['id']]['verdict']} here, {claim['verdict']} there)"
            for claim in judged
            if claim["id"] in here and claim["verdict"] != here[claim["id"]]["verdict"]
        ]
        differ = f" Other than here: {'; '.join(moved)}." if moved else " All as here."
        lines.append(f"- `{name}`: of {len(judged)} claims {_counted(judged)}.{differ}")
    return [*lines, ""]


def block(tables: Tables, claims: list[dict], folder: str, others: dict[str, list[dict]]) -> str:
    """Markdown: what was trained, the three findings, other scales, and more numbers. `folder`: where the
    figures lie; `others`: the claims of other scales."""
    runs = tables.runs
    sizes = dict.fromkeys(f"{n / 1e6:.1f}" for n in (runs.parameters.min(), runs.parameters.max()))
    people = dict.fromkeys(f"{n:,}" for n in (runs.individuals.min(), runs.individuals.max()))
    told = headlines.told(claims, drawing.drawable(figures.load().values(), tables))
    lines = [
        f"{len(runs)} training runs of {' to '.join(sizes)} M parameters on "
        f"{' to '.join(people)} people (paper: 44 M on 64,000): "
        f"{runs.tokens.sum() / 1e6:.0f} M tokens, {runs.seconds.sum() / 3600:.1f} core-hours. "
        f"{_verdicts(ledger.of_the_paper(claims))} "
        "Means over seeds with their 95 % intervals; b is the no-knowledge baseline.",
        "",
        *(line for k, finding in enumerate(told, 1) for line in _finding(k, finding, folder)),
        *_by_scale(claims, others),
        "### More numbers",
        "",
        *_phases(tables),
        *_fine_tuning(tables),
        *_alternation(tables),
        *_curricula(tables),
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
