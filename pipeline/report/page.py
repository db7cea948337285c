"""The page: claims, figures and runs of a scale in one HTML file; its drawings lie beside it, in figures/."""

import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from pipeline import config as cfg
from pipeline.analysis.tables import Tables
from pipeline.artefacts import manifest_of, verify
from pipeline.claims import ledger
from pipeline.claims.verdict import NOT_MEASURED, VERDICTS
from pipeline.figures import FIGURES

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
        word = re.match(r"[0-9]+|[A-Z]\b", part)
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


def amount(value: float) -> str:
    """A large count with its unit prefix: 2900000 -> 2.9 M."""
    for factor, prefix in ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"


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
    parameters |= {"reference": "attention of step", "start": "from"}
    given = [f"{label} {run[name]:g}" for name, label in parameters.items() if pd.notna(run.get(name))]
    return " ".join([run.distribution.replace("_", " "), ", ".join(given)]).strip()


def manifest(run: pd.Series) -> dict[str, str]:
    """What a run recorded about itself beyond the columns of the table; what was not recorded is left out."""
    labels = {"commit": "commit", "code": "code", "people": "people", "cores": "cores", "torch": "torch"}
    labels |= {"device_seconds": "device seconds"}
    return {label: f"{run[name]}" for name, label in labels.items() if pd.notna(run.get(name))}


def run_rows(tables: Tables) -> list[dict[str, Any]]:
    """What the table of runs shows, one entry a run in the order of the tables."""
    lowest = tables.curves[tables.curves.group == "known"].groupby("run").loss.min()
    serves = tables.experiments.groupby("run").experiment.agg(lambda e: ", ".join(dict.fromkeys(e)))
    rows = []
    for _, run in tables.runs.merge(tables.summary, on="run").iterrows():
        stuck = run.kind == "pretrain" and lowest[run.run] > BASELINE_REACHED * run.baseline
        rows.append(
            {
                "id": run.run,
                "kind": run.kind,
                "base": run.base if pd.notna(run.base) else None,
                "experiments": serves.get(run.run, "base of fine-tuning"),
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


def render(scale: str, params: cfg.Params, results: Path) -> str:
    """The page of `results`, a scale's folder with tables/, figures/ and claims.json.

    Raises ArtefactError when a part is missing or damaged.
    """
    tables = Tables.read(results / "tables")
    claims = ordered(ledger.read(results / "claims.json"))
    runs, listed = run_rows(tables), tables.runs
    found = [claim["verdict"] for claim in claims]
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
        stuck=sum(run["lowest"] is not None for run in runs),
        pretrained=int((listed.kind == "pretrain").sum()),
        finetuned=int((listed.kind == "finetune").sum()),
        patched=int((listed.kind == "patch").sum()),
        parameters=" to ".join(dict.fromkeys(amount(f(listed.parameters)) for f in (min, max))),
        tokens=amount(listed.tokens.sum()),
        flops=amount(listed.flops.sum()),
        hours=number((listed.seconds * listed.processes).sum() / 3600),
        reached=f"{BASELINE_REACHED - 1:.0%}",
        resolved=yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False, allow_unicode=True),
        versions=versions,
        slug=slug,
    )
