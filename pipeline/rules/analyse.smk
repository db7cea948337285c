# Contract: from measurements to tables, claims, figures and the page. Nothing here trains or measures a
# model: editing a tolerance, a colour or a caption re-runs a few seconds.
#   in    every run's small files, and the toy's
#   out   results/<scale>/{tables/*.csv, claims.json, figures/*.{svg,png}, report/index.html}, with manifests
#   runs  pipeline.stages.{tables,claims,figures,report}
# On a cluster they run beside Snakemake: each is over before its place in a queue would come.


localrules:
    tables,
    claims,
    figure,
    page,


rule tables:
    input:
        runs=expand(
            f"{RESULTS}/runs/{{run}}/{{name}}",
            run=RUNS,
            name=["curve.csv", "manifest.json"],
        ),
        attention=expand(
            f"{RESULTS}/runs/{{run}}/attention.csv",
            run=[name for name, run in RUNS.items() if run.observe],
        ),
        evaluations=expand(
            f"{RESULTS}/evaluations/{{population}}/{{name}}",
            population=POPULATIONS,
            name=["final.csv", "manifest.json"],
        ),
        toy_memory=expand(
            f"{RESULTS}/toy/{{toy}}/{{name}}",
            toy=TOY,
            name=["toy.csv", "manifest.json"],
        ),
        source=source(
            "pipeline/analysis/metrics.py",
            "pipeline/analysis/phases.py",
            "pipeline/analysis/tables.py",
            "pipeline/analysis/toy.py",
            "pipeline/data/population.py",
            "pipeline/stages/tables.py",
        ),
    output:
        experiments=f"{RESULTS}/tables/experiments.csv",
        runs=f"{RESULTS}/tables/runs.csv",
        curves=f"{RESULTS}/tables/curves.csv",
        summary=f"{RESULTS}/tables/summary.csv",
        manifest=f"{RESULTS}/tables/manifest.json",
        learning=f"{RESULTS}/tables/learning.csv",
        attention=f"{RESULTS}/tables/attention.csv",
        toy=f"{RESULTS}/tables/toy.csv",
    log:
        f"logs/{SCALE}/tables.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/tables.tsv"
    params:
        scale=SCALE,
        # Which run serves which experiment is part of the tables.
        plan=as_is([(p.experiment, p.case, p.config.id) for p in PLANNED]),
        experiments=lambda wildcards: list(PARAMS.experiments),
        toy_seeds=lambda wildcards: PARAMS.toy.seeds,
        out=subpath(output.summary, parent=True),
    shell:
        "exec python -m pipeline.stages.tables --scale {params.scale} --results "
        f"{RESULTS} --out {{params.out}} --experiments {{params.experiments:q}}"
        " --toy-seeds {params.toy_seeds} > {log} 2>&1"


rule claims:
    input:
        tables=rules.tables.output,
        source=source(
            "pipeline/claims/*", "pipeline/analysis/*.py", "pipeline/stages/claims.py"
        ),
    output:
        claims=f"{RESULTS}/claims.json",
        manifest=f"{RESULTS}/claims.manifest.json",
        metrics=f"{RESULTS}/metrics.json",
    log:
        f"logs/{SCALE}/claims.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/claims.tsv"
    params:
        tables=folder_of("tables"),
    shell:
        "exec python -m pipeline.stages.claims --tables {params.tables} --out {output.claims}"
        " --metrics {output.metrics} > {log} 2>&1"


rule figure:
    input:
        tables=rules.tables.output,
        source=source(
            "pipeline/figures/*.py",
            "pipeline/analysis/*.py",
            "pipeline/claims/verdict.py",
            "pipeline/data/reference/*",
            "pipeline/stages/figures.py",
        ),
    output:
        svg=report(
            f"{RESULTS}/figures/{{figure}}.svg",
            caption="../report/figure.rst",
            category="Figures",
        ),
        png=f"{RESULTS}/figures/{{figure}}.png",
        manifest=f"{RESULTS}/figures/{{figure}}.manifest.json",
    log:
        f"logs/{SCALE}/figures/{{figure}}.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/figures/{{figure}}.tsv"
    params:
        tables=folder_of("tables"),
        out=subpath(output.svg, parent=True),
    shell:
        "exec python -m pipeline.stages.figures --figure {wildcards.figure} --tables {params.tables}"
        " --out {params.out} > {log} 2>&1"


rule page:
    input:
        figures=figure_files(),
        tables=rules.tables.output,
        claims=[rules.claims.output.claims, rules.claims.output.manifest],
        source=source(
            "pipeline/report/page*",
            "pipeline/analysis/*.py",
            "pipeline/claims/verdict.py",
            "pipeline/figures/*.py",
            "pipeline/stages/report.py",
            "pipeline/config.py",
        ),
    output:
        report(
            f"{RESULTS}/report/index.html",
            caption="../report/page.rst",
            category="Page",
        ),
    log:
        f"logs/{SCALE}/page.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/page.tsv"
    params:
        scale=SCALE,
        experiments=as_is(PARAMS.model_dump(mode="json")),
    shell:
        "exec python -m pipeline.stages.report --scale {params.scale} --results "
        f"{RESULTS}"
        " --out {output} > {log} 2>&1"
