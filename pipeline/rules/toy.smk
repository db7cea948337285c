# Contract: pre-trains and fine-tunes the toy associative memory of one seed; no training run is involved.
#   in    the toy's parameters (they are in its id)
#   out   results/<scale>/toy/<id>.csv
#   runs  pipeline.stages.toy


rule toy:
    input:
        source=source(
            "pipeline/toy/*.py", "pipeline/data/random.py", "pipeline/stages/toy.py"
        ),
    output:
        f"{RESULTS}/toy/{{toy}}.csv",
    log:
        f"logs/{SCALE}/toy/{{toy}}.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/toy/{{toy}}.tsv"
    threads: 1
    params:
        scale=SCALE,
        seed=lambda wildcards: TOY[wildcards.toy],
    shell:
        "exec python -m pipeline.stages.toy --scale {params.scale} --seed {params.seed}"
        " --out {output} > {log} 2>&1"
