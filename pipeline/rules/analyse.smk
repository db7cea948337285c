# Contract: from measurements to tables, claims, figures and the page. Nothing here trains or measures a
# model: editing a tolerance, a colour or a caption re-runs a few seconds.
#   in    every run's small files, and the toy's
#   out   results/<scale>/{tables/<experiment>/*.csv, claims.json, metrics.json, learning.csv,
#         figures/<chapter>/*.{svg,png}, report/{index,alone,beyond}.html}, with manifests
#   runs  pipeline.stages.{tables,claims,figures,report}
# Claims, figures and page are about the experiments that are made here, and about those whose tables are
# there from an earlier call or in git. Figures are drawn by one job, as matplotlib takes longer to start than
# to draw one: `python -m pipeline.stages.figures --figures phases/three_phases ...` draws a single one anew.
# On a cluster they run beside Snakemake: each is over before its place in a queue would come.


localrules:
    tables,
    claims,
    figures,
    page,


rule tables:
    input:
        measured=measured_in,
        stale=stale(f"{RESULTS}/tables/{{experiment}}/manifest.json"),
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
        out=subpath(output.manifest, ancestor=2),
    shell:
        f"{STAGE}tables{ASKED} --results {RESULTS}"
        " --experiments {wildcards.experiment} --out {params.out} > {log} 2>&1"


TABLES = expand(f"{RESULTS}/tables/{{experiment}}/manifest.json", experiment=PLAN.shown)


# Runs over numbers of drawn people tell how long the plateau of a table is expected to be.
OF_SIZES = f"results/{scales.DEFAULT}/tables"
SIZES = [f"{OF_SIZES}/population_size/manifest.json"] if PLAN.params.on_facts else []
SIZES = [path for path in SIZES if Path(path).exists()]


rule claims:
    input:
        tables=TABLES,
        sizes=ancient(SIZES),
        stale=stale(f"{RESULTS}/claims.manifest.json"),
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
        sizes=f" --sizes {OF_SIZES}" if SIZES else "",
    shell:
        f"{STAGE}claims"
        " --tables {params.tables}{params.sizes}"
        " --experiments {params.experiments} --out {output.claims} > {log} 2>&1"


rule figures:
    input:
        tables=TABLES,
        stale=lambda wildcards: sorted(
            {
                mark
                for figure in FIGURES
                for mark in stale(f"{RESULTS}/figures/{figure}.manifest.json")({})
            }
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
            kind=["png", "js", "manifest.json"],
        ),
    log:
        f"logs/{SCALE}/figures.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/figures.tsv"
    threads: 8
    params:
        tables=folder_of("tables", up=1),
        experiments=PLAN.shown,
        out=lambda wildcards, output: str(Path(output.svg[0]).parents[1]),
    shell:
        f"{STAGE}figures"
        " --tables {params.tables}"
        " --experiments {params.experiments} --out {params.out} --processes {threads}"
        " > {log} 2>&1"


rule page:
    input:
        figures=rules.figures.output,
        tables=TABLES,
        claims=[rules.claims.output.claims, rules.claims.output.manifest],
        # What `python -m pipeline.commands.ask --out` wrote, if anybody asked.
        answers=[p for p in [f"{RESULTS}/answers.manifest.json"] if Path(p).exists()],
        beside=[str(p) for p in plans.beside(SCALE, Path(RESULTS)).values()],
        stale=stale(f"{RESULTS}/report/manifest.json"),
    output:
        page=f"{RESULTS}/report/index.html",
        # With the figures in it: Snakemake's report holds the one file. Not in git, as it is twice the same.
        alone=report(
            f"{RESULTS}/report/alone.html",
            caption="../report/page.rst",
            category="Page",
        ),
        manifest=f"{RESULTS}/report/manifest.json",
    log:
        f"logs/{SCALE}/page.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/page.tsv"
    params:
        experiments=PLAN.shown,
    shell:
        f"{STAGE}report{ASKED} --results {RESULTS}"
        " --experiments {params.experiments} --out {output.page} > {log} 2>&1"
