# Contract: measures the final weights of all runs of a population on the larger held-out set.
#   in    the population; config.json and weights.safetensors of its runs; for patched ones the
#         base's snapshots.safetensors
#   out   results/<scale>/evaluations/<population>/{final.csv, manifest.json}
#   runs  pipeline.stages.evaluate
# One job a population rather than a run: an evaluation is shorter than the start of its process.


rule evaluate:
    input:
        population=expand(
            f"{RESULTS}/populations/{{{{population}}}}/{{name}}", name=POPULATION_FILES
        ),
        runs=lambda wildcards: expand(
            f"{RESULTS}/runs/{{run}}/{{name}}",
            run=runs_on(wildcards),
            name=["config.json", "weights.safetensors", "manifest.json"],
        ),
        references=references_on,
        source=TRAIN_SOURCE + source("pipeline/stages/evaluate.py"),
    output:
        final=f"{RESULTS}/evaluations/{{population}}/final.csv",
        manifest=f"{RESULTS}/evaluations/{{population}}/manifest.json",
    log:
        f"logs/{SCALE}/evaluate/{{population}}.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/evaluate/{{population}}.tsv"
    params:
        population=folder_of("population"),
        runs=lambda wildcards: [f"{RESULTS}/runs/{run}" for run in runs_on(wildcards)],
        out=subpath(output.final, parent=True),
    shell:
        "exec python -m pipeline.launch pipeline.stages.evaluate --population {params.population} --runs {params.runs}"
        " --out {params.out} > {log} 2>&1"
