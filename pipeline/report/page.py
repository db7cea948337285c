"""The page: claims, figures and runs of a scale in one HTML file; its drawings lie beside it, in figures/."""

import base64
import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from pipeline import costs, plan
from pipeline.analysis.tables import Tables
from pipeline.artefacts import manifest_of, verify
from pipeline.claims import ledger
from pipeline.claims.verdict import NOT_MEASURED, VERDICTS
from pipeline.config.experiments import TOY, Params
from pipeline.costs import amount
from pipeline.figures import FIGURES
from pipeline.store.current import Origin, origin

# A run that never came within 2 % of what anyone can know without facts says nothing about facts.
BASELINE_REACHED = 1.02
PROVENANCE = (
    *("commit", "code", "python", "torch", "accelerate", "numpy", "tokenizers"),
    *("platform", "cores", "device", "precision"),
)


def figure_links(reference: str) -> list[tuple[str, str | None]]:
    """ "2 left, M" -> [("2 left", "fig2"), ("M", "figM")]; None for a figure that is not drawn here."""
    drawn = {letter: name for name, spec in FIGURES.items() for letter in spec.counterpart.split(", ")}
    out, last = [], None
    for part in reference.split(", "):
        word = re.match(r"[0-9]+|[A-Z]+\b", part)
        # "2 left, middle": a part without a figure's name belongs to the figure before it.
        last = drawn.get(word.group()) if word else last
        out.append((part, last))
    return out


def slug(verdict: str) -> str:
    """CSS class of a verdict."""
    return re.sub(r"[^a-z]+", "-", verdict.lower()).strip("-")


def number(value: float, digits: int = 3) -> str:
    """A measured number for a table cell; a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{value:,.{digits}g}"


def ordered(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Judged claims before the others, each by number."""
    return sorted(claims, key=lambda c: (c["verdict"] == NOT_MEASURED, int(c["id"].lstrip("C"))))


def measured(claim: dict[str, Any]) -> list[str]:
    """The measured quantities of a claim, a line each, with their intervals where there are any."""
    # "exponent 0.78 (needs > 0.7); ..." and "exponent [0.62, 0.94]; ..." (pipeline/claims/verdict.py).
    intervals = [part.rpartition(" [") for part in (claim["interval"] or "").split("; ") if part]
    lines = []
    for line in claim["value"].split("; "):
        for quantity, _, interval in intervals:
            if line.startswith(f"{quantity} "):
                estimate, _, rest = line.removeprefix(f"{quantity} ").partition(" ")
                line = f"{quantity} {estimate} [{interval} {rest}"
                break
        lines.append(line)
    return lines


def distribution(run: pd.Series) -> str:
    """A run's distribution with its parameters, and whose attention is patched in from which step on."""
    parameters = {"alpha": "α", "count": "count", "subset": "subset", "new": "new"}
    parameters |= {"weight": "weight", "warm_up_steps": "steps", "skip": "after the first"}
    parameters |= {"groups": "groups", "repeats": "visits", "until": "until", "stages": "stages"}
    parameters |= {"reference": "attention of step", "start": "from"}
    given = [f"{label} {run[name]:g}" for name, label in parameters.items() if pd.notna(run.get(name))]
    return " ".join([run.distribution.replace("_", " "), ", ".join(given)]).strip()


def manifest(run: pd.Series) -> dict[str, str]:
    """What a run recorded about itself beyond the columns of the table; what was not recorded is left out."""
    labels = {"commit": "commit", "code": "code", "people": "people", "cores": "cores", "torch": "torch"}
    labels |= {"device_seconds": "device seconds", "weight_decay": "weight decay", "mixer": "mixer"}
    labels |= {"templates": "templates", "shuffled": "random order"}
    return {label: f"{run[name]}" for name, label in labels.items() if pd.notna(run.get(name))}


def run_rows(tables: Tables) -> list[dict[str, Any]]:
    """What the table of runs shows, one entry a run in the order of the tables."""
    # Of everyone, or of one of the groups that come in turn: together these never come down.
    lowest = tables.curves[tables.curves.group != "new"].groupby("run").loss.min()
    serves = tables.experiments.groupby("run").experiment.agg(lambda e: list(dict.fromkeys(e))).to_dict()
    starts = tables.runs.merge(tables.experiments[["experiment", "run"]], on="run").dropna(subset="base")
    based = starts.groupby("base").experiment.agg(lambda e: list(dict.fromkeys(e))).to_dict()
    rows = []
    for _, run in tables.runs.merge(tables.summary, on="run").iterrows():
        stuck = run.kind == "pretrain" and lowest[run.run] > BASELINE_REACHED * run.baseline
        rows.append(
            {
                "id": run.run,
                "kind": run.kind,
                "base": run.base if pd.notna(run.base) else None,
                "experiments": serves.get(run.run, []),
                "base_of": [] if run.run in serves else based.get(run.run, []),
                "distribution": distribution(run),
                "cells": [
                    f"{run.seed}",
                    f"{run.individuals:,}",
                    f"{run.steps:,}",
                    f"{run.batch}",
                    number(run.learning_rate),
                    f"{run.layers} × {run.width}",
                    number(run.plateau_end),
                    number(run.known_loss / run.baseline),
                    number(run.known_accuracy),
                    f"{run.seconds:,.0f}",
                    amount(run.tokens),
                    amount(run.flops),
                    amount(run.tokens_per_second),
                ],
                "device": run.device,
                "manifest": manifest(run),
                "lowest": number(lowest[run.run] / run.baseline) if stuck else None,
            }
        )
    return rows


def figures(tables: Tables, folder: Path) -> list[dict[str, str]]:
    """Name, titles and caption of each figure whose drawing is in `folder`."""
    out = []
    for name, spec in FIGURES.items():
        verify(folder, f"{name}.svg", manifest=manifest_of(name))
        out.append(
            {
                "name": name,
                "counterpart": spec.counterpart,
                "title": spec.title,
                "caption": spec.caption(tables),
                "source": f"../figures/{name}.svg",
            }
        )
    return out


def parameters(params: Params) -> dict[str, str]:
    """The resolved parameters as YAML, by part: those that all runs share, each experiment's, the toy's.

    An experiment's part holds what joins it.
    """

    def text(content: Any) -> str:
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)

    resolved = params.model_dump(mode="json")
    experiments, toy = resolved.pop("experiments"), resolved.pop("toy")
    parts = {"shared": text(resolved)}
    for name in plan.names(params):
        mine = {key: e for key, e in experiments.items() if key == name or e["joins"] == name}
        parts[name] = text(toy if name == TOY else mine)
    return parts


def state(origin: Origin | None) -> str:
    """Whether an experiment is measured, and what a reader should know of how it was."""
    if origin is None:
        return "not measured"
    remarks = ["by earlier code"] * origin.earlier + [f"mixed {name}" for name in origin.mixed]
    return ", ".join(["measured", *remarks])


def cost_rows(
    params: Params, tables: Tables, origins: dict[str, Origin]
) -> tuple[list[dict[str, Any]], costs.Rate | None]:
    """What the table of costs shows, an entry an experiment of the scale and their sum; and at which rate."""
    rate = costs.rate(tables.runs)
    rows = costs.rows(costs.of_experiments(params), rate)
    return [{"name": name, "cells": cells, "state": state(origins.get(name))} for name, cells in rows], rate


def alone(html: str, figures: Path) -> str:
    """The same page with the drawings of the folder `figures` in it, for where nothing lies beside it."""

    def inline(source: re.Match[str]) -> str:
        drawing = base64.b64encode((figures / source[1]).read_bytes()).decode()
        return f'src="data:image/svg+xml;base64,{drawing}"'

    return re.sub(r'src="\.\./figures/([^"]+)"', inline, html)


def render(scale: str, params: Params, results: Path, tables: Tables) -> str:
    """The page about `tables`, and the claims and figures in `results`, a scale's folder.

    Raises ArtefactError when a part is missing or damaged.
    """
    claims = ordered(ledger.read(results / "claims.json"))
    runs, listed = run_rows(tables), tables.runs
    found = [claim["verdict"] for claim in claims]
    origins = {name: origin(results / "tables" / name) for name in tables.names}
    expected, rate = cost_rows(params, tables, origins)
    versions = {name: list(dict.fromkeys(map(str, listed[name]))) for name in PROVENANCE if name in listed}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        scale=scale,
        claims=[
            claim | {"figures": figure_links(claim["figure"]), "lines": measured(claim)} for claim in claims
        ],
        verdicts={v: found.count(v) for v in dict.fromkeys([*VERDICTS, *found])},
        figures=figures(tables, results / "figures"),
        runs=runs,
        known={run["id"] for run in runs},
        earlier=[name for name, made in origins.items() if made.earlier],
        mixed=[name for name, made in origins.items() if made.mixed],
        stuck=sum(run["lowest"] is not None for run in runs),
        pretrained=int((listed.kind == "pretrain").sum()),
        finetuned=int((listed.kind == "finetune").sum()),
        patched=int((listed.kind == "patch").sum()),
        parameters=" to ".join(
            dict.fromkeys(amount(n) for n in listed.parameters.sort_values().iloc[[0, -1]])
        )
        if runs
        else "–",
        tokens=amount(listed.tokens.sum()),
        flops=amount(listed.flops.sum()),
        hours=number((listed.seconds * listed.processes).sum() / 3600),
        reached=f"{BASELINE_REACHED - 1:.0%}",
        costs=expected,
        cost_header=costs.HEADER,
        rate=rate,
        resolved=parameters(params),
        versions=versions,
        slug=slug,
    )
