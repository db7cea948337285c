# Contract: measures the final weights of all runs of an experiment on the larger held-out set.
#   in    its populations; config.json and weights.safetensors of its runs and of those that they start from;
#         for patched ones the base's snapshots.safetensors
#   out   results/<scale>/evaluations/<experiment>/{final.csv, manifest.json}
#   runs  pipeline.stages.evaluate
# One job an experiment rather than a run: an evaluation is shorter than the start of its process. It goes
# before runs that wait, so that an experiment that is trained is measured while others still train.


rule evaluate:
    input:
        population=lambda wildcards: expand(
            "{folder}/{name}", folder=populations_in(wildcards), name=POPULATION_FILES
        ),
        runs=lambda wildcards: expand(
            f"{RESULTS}/runs/{{run}}/{{name}}",
            run=runs_in(wildcards),
            name=["config.json", "weights.safetensors", "manifest.json"],
        ),
        stale=stale(f"{RESULTS}/evaluations/{{experiment}}/manifest.json"),
    output:
        final=f"{RESULTS}/evaluations/{{experiment}}/final.csv",
        manifest=f"{RESULTS}/evaluations/{{experiment}}/manifest.json",
    log:
        f"logs/{SCALE}/evaluate/{{experiment}}.log",
    priority: 2
    params:
        populations=populations_in,
        runs=lambda wildcards: [f"{RESULTS}/runs/{run}" for run in runs_in(wildcards)],
        out=subpath(output.final, parent=True),
    shell:
        f"{LAUNCH} pipeline.stages.evaluate"
        " --populations {params.populations}"
        " --runs {params.runs} --out {params.out} > {log} 2>&1"
