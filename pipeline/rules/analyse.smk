# Contract: from measurements to tables, claims, figures and the page. Nothing here trains or measures a
# model: editing a tolerance, a colour or a caption re-runs a few seconds.
#   in    every run's small files, and the toy's
#   out   results/<scale>/{tables/<experiment>/*.csv, claims.json, metrics.json, learning.csv,
#         figures/*.{svg,png}, report/{index,alone}.html}, with manifests
#   runs  pipeline.stages.{tables,claims,figures,report}
# Claims, figures and page are about the experiments that are made here, and about those whose tables are
# there from an earlier call or in git. Figures are drawn by one job, as matplotlib takes longer to start than
# to draw one: `python -m pipeline.stages.figures --figures fig2 ...` draws a single one anew.
# On a cluster they run beside Snakemake: each is over before its place in a queue would come.


localrules:
    tables,
    claims,
    figures,
    page,


rule tables:
    input:
        measured=measured_in,
        source=source(
            "pipeline/analysis/metrics.py",
            "pipeline/analysis/phases.py",
            "pipeline/analysis/tables.py",
            "pipeline/analysis/toy.py",
            "pipeline/data/population.py",
            "pipeline/stages/tables.py",
        ),
    output:
        # Which tables there are depends on the experiment; it holds their checksums and is written last.
        manifest=f"{RESULTS}/tables/{{experiment}}/manifest.json",
    log:
        f"logs/{SCALE}/tables/{{experiment}}.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/tables/{{experiment}}.tsv"
    wildcard_constraints:
        experiment=one_of(PLAN.made),
    priority: 2
    params:
        scale=SCALE,
        # Which run serves which experiment is part of the tables.
        plan=lambda wildcards: json.dumps(
            [
                (plan.case, plan.config.id)
                for plan in PLANNED
                if plan.experiment == wildcards.experiment
            ]
        ),
        out=subpath(output.manifest, ancestor=2),
    shell:
        "exec python -m pipeline.stages.tables --scale {params.scale} --results "
        f"{RESULTS}"
        " --experiments {wildcards.experiment} --out {params.out} > {log} 2>&1"


TABLES = expand(f"{RESULTS}/tables/{{experiment}}/manifest.json", experiment=PLAN.shown)


rule claims:
    input:
        tables=TABLES,
        source=source(
            "pipeline/claims/*", "pipeline/analysis/*.py", "pipeline/stages/claims.py"
        ),
    output:
        claims=f"{RESULTS}/claims.json",
        manifest=f"{RESULTS}/claims.manifest.json",
        metrics=f"{RESULTS}/metrics.json",
        learning=f"{RESULTS}/learning.csv",
    log:
        f"logs/{SCALE}/claims.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/claims.tsv"
    params:
        tables=folder_of("tables", up=1),
        experiments=PLAN.shown,
    shell:
        "exec python -m pipeline.stages.claims --tables {params.tables}"
        " --experiments {params.experiments} --out {output.claims} > {log} 2>&1"


rule figures:
    input:
        tables=TABLES,
        source=source(
            "pipeline/figures/*.py",
            "pipeline/analysis/*.py",
            "pipeline/claims/verdict.py",
            "pipeline/data/reference/*",
            "pipeline/stages/figures.py",
        ),
    output:
        svg=report(
            expand(f"{RESULTS}/figures/{{figure}}.svg", figure=FIGURES),
            caption="../report/figure.rst",
            category="Figures",
        ),
        others=expand(
            f"{RESULTS}/figures/{{figure}}.{{kind}}",
            figure=FIGURES,
            kind=["png", "manifest.json"],
        ),
    log:
        f"logs/{SCALE}/figures.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/figures.tsv"
    threads: 8
    params:
        tables=folder_of("tables", up=1),
        experiments=PLAN.shown,
        out=lambda wildcards, output: str(Path(output.svg[0]).parent),
    shell:
        "exec python -m pipeline.stages.figures --tables {params.tables}"
        " --experiments {params.experiments} --out {params.out} --processes {threads}"
        " > {log} 2>&1"


rule page:
    input:
        figures=rules.figures.output,
        tables=TABLES,
        claims=[rules.claims.output.claims, rules.claims.output.manifest],
        source=source(
            "pipeline/report/page*",
            "pipeline/analysis/*.py",
            "pipeline/claims/verdict.py",
            "pipeline/figures/*.py",
            "pipeline/stages/report.py",
            "pipeline/config/*.py",
            "pipeline/costs.py",
            "pipeline/training/cost.py",
        ),
    output:
        page=f"{RESULTS}/report/index.html",
        # With the figures in it: Snakemake's report holds the one file. Not in git, as it is twice the same.
        alone=report(
            f"{RESULTS}/report/alone.html",
            caption="../report/page.rst",
            category="Page",
        ),
    log:
        f"logs/{SCALE}/page.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/page.tsv"
    params:
        scale=SCALE,
        parameters=as_is(PLAN.params.model_dump(mode="json")),
        experiments=PLAN.shown,
    shell:
        "exec python -m pipeline.stages.report --scale {params.scale} --results "
        f"{RESULTS}"
        " --experiments {params.experiments} --out {output.page} > {log} 2>&1"
