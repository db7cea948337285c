"""The page: claims, figures and runs of a scale in one HTML file; its drawings lie beside it, in figures/."""

import base64
import collections
import json
import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from pipeline.config import distributions
from pipeline.config.experiments import TOY, Params
from pipeline.costs import estimate as costs
from pipeline.costs import measured
from pipeline.costs.estimate import amount
from pipeline.findings import drawing, figures, ledger
from pipeline.findings.power import LEAST_SEEDS
from pipeline.findings.verdict import NOT_RUN, VERDICTS
from pipeline.report import beside, checks, forest, headlines
from pipeline.store import plan
from pipeline.store.artefacts import manifest_of, verify
from pipeline.store.current import Origin, origin
from pipeline.tables.read import Tables

# A run that never came within 2 % of what anyone can know without facts says nothing about facts.
BASELINE_REACHED = 1.02
PROVENANCE = (
    *("commit", "code", "python", "torch", "accelerate", "numpy", "tokenizers"),
    *("platform", "cores", "device", "precision"),
)


def slug(verdict: str) -> str:
    """CSS class of a verdict."""
    return re.sub(r"[^a-z]+", "-", verdict.lower()).strip("-")


def number(value: float, digits: int = 3) -> str:
    """A measured number for a table cell; a dash where there is none."""
    return "–" if value is None or pd.isna(value) else f"{value:,.{digits}g}"


def ordered(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Judged claims before the others, each in the order of the ledger."""
    return sorted(claims, key=lambda claim: claim["verdict"] == NOT_RUN)


def distribution(run: pd.Series) -> str:
    """A run's distribution with its parameters, and whose attention is patched in from which step on."""
    parameters = distributions.LABELS | {"reference": "attention of step", "start": "from"}
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
    for _, run in tables.every_run.iterrows():
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
                    number(run.loss_over_b),
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


def machines(tables: Tables) -> list[str]:
    """Where the runs were trained, by their manifests: a sentence for each kind of machine."""
    runs = tables.every_run
    out = []
    for (device, cores, precision), mine in runs.groupby(["device", "cores", "precision"], sort=False):
        commits = ", ".join(dict.fromkeys(mine.commit.astype(str)))
        out.append(
            f"{len(mine)} models were trained on {device} ({cores:g} cores, {precision}), "
            f"by the code of {commits}"
        )
    return out


def asked(results: Path) -> dict[str, Any] | None:
    """What `pipeline.commands.ask` wrote for the page; None without. Raises ArtefactError if damaged."""
    path = results / "answers.json"
    if not path.exists():
        return None
    verify(results, path.name, manifest=manifest_of(path.stem))
    return json.loads(path.read_text(encoding="utf-8"))


def _has_curves(script: Path) -> bool:
    """Whether the script beside a drawing has any. Those of an earlier time have none."""
    return script.exists() and not script.read_text(encoding="utf-8").rstrip().endswith("=[];")


def vendored(name: str) -> Markup:
    """A file of a library that lies in `vendor`, as it is: a page from disk may fetch nothing."""
    return Markup((Path(__file__).parent / "vendor" / name).read_text(encoding="utf-8"))


def drawings(tables: Tables, folder: Path, claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Name, titles and caption of each figure whose drawing is in `folder`, and the claims that it shows."""
    out = []
    for name, figure in figures.load().items():
        path = folder / f"{name}.svg"
        verify(path.parent, path.name, manifest=manifest_of(path.stem))
        out.append(
            {
                "name": name,
                "heading": figure.heading,
                "title": figure.title,
                "caption": drawing.caption(figure, tables),
                "source": f"../figures/{name}.svg",
                "curves": _has_curves(path.with_suffix(".js")),
                "claims": [claim["id"] for claim in claims if name in claim["drawn"]],
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


def csv_files(folder: Path, names: list[str]) -> dict[str, list[str]]:
    """Experiment -> the files of its tables."""
    return {name: sorted(path.name for path in (folder / name).glob("*.csv")) for name in names}


def cost_rows(
    params: Params, tables: Tables, origins: dict[str, Origin]
) -> tuple[list[dict[str, Any]], costs.Rate | None]:
    """What the table of costs shows, an entry an experiment of the scale and their sum; and at which rate."""
    rate = costs.rate(tables.runs)
    rows = costs.rows(costs.of_experiments(params), rate)
    return [{"name": name, "cells": cells, "state": state(origins.get(name))} for name, cells in rows], rate


def _explored(html: str) -> list[str]:
    """Figures whose curves the page offers."""
    return re.findall(r'<button class="explore badge" data-figure="([^"]+)"', html)


def alone(html: str, figures: Path) -> str:
    """The same page with the drawings of the folder `figures` in it, for where nothing lies beside it."""

    def inline(source: re.Match[str]) -> str:
        drawing = base64.b64encode((figures / source[1]).read_bytes()).decode()
        return f'src="data:image/svg+xml;base64,{drawing}"'

    scripts = "".join((figures / f"{name}.js").read_text(encoding="utf-8") for name in _explored(html))
    html = html.replace("const curves = {};", f"const curves = {{}};\n{scripts}")
    return re.sub(r'src="\.\./figures/([^"]+)"', inline, html)


def render(scale: str, params: Params, results: Path, tables: Tables) -> str:
    """The page about `tables`, and the claims and figures in `results`, a scale's folder.

    Raises ArtefactError when a part is missing or damaged.
    """
    entries = ledger.read(results / "claims.json")
    claims = ordered(entries)
    papers, plots = ledger.of_the_paper(claims), forest.rows(entries)
    runs, listed = run_rows(tables), tables.runs
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
        claims=claims,
        headlines=headlines.told(entries, drawing.drawable(figures.load().values(), tables)),
        notes=headlines.notes(scale, claims),
        machines=machines(tables),
        answers=asked(results),
        beside=beside.matrix(scale, results, entries),
        forest=plots,
        plotted={row["claim"]["id"]: row["index"] for _, rows in reversed(plots) for row in reversed(rows)},
        plot=forest,
        every_verdict=VERDICTS,
        titles={name: figure.title for name, figure in figures.load().items()},
        least_seeds=LEAST_SEEDS,
        told=checks,
        papers=len(papers),
        verdicts=ledger.counts(papers),
        calibrated=ledger.counts(ledger.calibrated(papers)),
        sizes=ledger.sizes(papers),
        at_margins=ledger.counts_at_margins(papers),
        discoveries=ledger.discoveries(papers),
        decidable=ledger.decidable(papers),
        all_verdicts=ledger.counts(claims),
        figures=drawings(tables, results / "figures", claims),
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
        units=measured.beside_the_paper(scale, params, tables),
        costs=expected,
        measured_tables=collections.defaultdict(list, csv_files(results / "tables", tables.names)),
        cost_header=costs.HEADER,
        rate=rate,
        resolved=parameters(params),
        versions=versions,
        slug=slug,
        vendored=vendored,
    )
