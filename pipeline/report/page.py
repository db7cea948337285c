"""The page: claims, figures and runs of a scale in one HTML file; its drawings lie beside it, in figures/."""

import base64
import collections
import json
import re
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from pipeline.config.experiments import Params
from pipeline.costs import estimate as costs
from pipeline.costs import measured
from pipeline.costs.estimate import amount
from pipeline.findings import drawing, figures, ledger
from pipeline.findings.power import LEAST_SEEDS
from pipeline.findings.verdict import NOT_RUN, VERDICTS
from pipeline.paper.units import PEOPLE
from pipeline.report import beside, checks, forest, headlines, rows, small_multiple
from pipeline.store.artefacts import manifest_of, verify
from pipeline.store.current import origin
from pipeline.tables.read import Tables

PROVENANCE = (
    *("commit", "date", "code", "python", "torch", "accelerate", "numpy", "tokenizers"),
    *("platform", "cores", "device", "precision"),
)


def slug(verdict: str) -> str:
    """CSS class of a verdict."""
    return re.sub(r"[^a-z]+", "-", verdict.lower()).strip("-")


def ordered(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Judged claims before the others, each in the order of the ledger."""
    return sorted(claims, key=lambda claim: claim["verdict"] == NOT_RUN)


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
    """Name, titles and caption of each figure whose drawing is in `folder`, and the claims that it shows.

    A figure without runs has no `source`: its drawing would say what its caption says.
    """
    specs = figures.load()
    drawable = drawing.drawable(specs.values(), tables)
    out = []
    for name, figure in specs.items():
        path = folder / f"{name}.svg"
        verify(path.parent, path.name, manifest=manifest_of(path.stem))
        out.append(
            {
                "name": name,
                "heading": figure.heading,
                "title": figure.title,
                "caption": drawing.caption(figure, tables),
                "source": f"../figures/{name}.svg" if name in drawable else None,
                "curves": _has_curves(path.with_suffix(".js")),
                "claims": [claim["id"] for claim in claims if name in claim["drawn"]],
            }
        )
    return out


def _explored(html: str) -> list[str]:
    """Figures whose curves the page offers."""
    return re.findall(r'<button class="explore badge" data-figure="([^"]+)"', html)


def alone(html: str, figures: Path) -> str:
    """The same page with the drawings of the folder `figures` in it, for where nothing lies beside it."""

    def inline(source: re.Match[str]) -> str:
        drawing = base64.b64encode((figures / source[1]).read_bytes()).decode()
        return f'src="data:image/svg+xml;base64,{drawing}"'

    html = re.sub(r'<a class="beside".*?</a>', "", html)
    scripts = "".join((figures / f"{name}.js").read_text(encoding="utf-8") for name in _explored(html))
    html = html.replace("const curves = {};", f"const curves = {{}};\n{scripts}")
    return re.sub(r'src="\.\./figures/([^"]+)"', inline, html)


def templates() -> jinja2.Environment:
    """Of the pages: a field that is left open is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def about_runs(params: Params, results: Path, tables: Tables) -> dict[str, Any]:
    """What runs.html.j2 shows: runs, costs, parameters and provenance; and what made an experiment's runs."""
    origins = {name: origin(results / "tables" / name) for name in tables.names}
    expected, rate = rows.cost_rows(params, tables, origins)
    listed = tables.runs
    recorded = {name: listed[name].dropna().astype(str) for name in PROVENANCE if name in listed}
    return {
        "origins": origins,
        "runs": rows.run_rows(tables),
        "costs": expected,
        "measured_tables": collections.defaultdict(list, rows.csv_files(results / "tables", tables.names)),
        "cost_header": costs.HEADER,
        "rate": rate,
        "resolved": rows.parameters(params),
        "versions": {name: list(dict.fromkeys(values)) for name, values in recorded.items()},
    }


def render(scale: str, params: Params, results: Path, tables: Tables) -> str:
    """The page about `tables`, and the claims and figures in `results`, a scale's folder.

    Raises ArtefactError when a part is missing or damaged.
    """
    entries = ledger.read(results / "claims.json")
    claims = ordered(entries)
    papers = ledger.of_the_paper(claims)
    shown, listed = about_runs(params, results, tables), tables.runs
    runs, origins = shown["runs"], shown["origins"]
    return (
        templates()
        .get_template("page.html.j2")
        .render(
            scale=scale,
            index="",
            claims=claims,
            headlines=headlines.told(entries, drawing.drawable(figures.load().values(), tables)),
            notes=headlines.notes(scale, claims),
            machines=rows.machines(tables),
            answers=asked(results),
            beside=beside.matrix(scale, results, entries),
            forest=forest.rows(entries),
            plot=forest,
            small_multiple=small_multiple,
            every_verdict=VERDICTS,
            smaller=bool((listed.individuals < PEOPLE).any()),
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
            **shown,
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
            hours=rows.number((listed.seconds * listed.processes).sum() / 3600),
            reached=f"{rows.BASELINE_REACHED - 1:.0%}",
            units=measured.beside_the_paper(scale, params, tables),
            slug=slug,
            vendored=vendored,
        )
    )
