# Contract: pre-trains and fine-tunes the toy associative memory of one seed; no training run is involved.
#   in    the toy's parameters (they are in its id)
#   out   results/<scale>/toy/<id>/{toy.csv, manifest.json}
#   runs  pipeline.stages.toy


rule toy_memory:
    input:
        stale=stale(f"{RESULTS}/toy/{{toy}}/manifest.json"),
    output:
        table=f"{RESULTS}/toy/{{toy}}/toy.csv",
        manifest=f"{RESULTS}/toy/{{toy}}/manifest.json",
    log:
        f"logs/{SCALE}/toy/{{toy}}.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/toy/{{toy}}.tsv"
    threads: 1
    params:
        seed=lambda wildcards: TOY[wildcards.toy],
        out=subpath(output.table, parent=True),
    shell:
        f"{STAGE}toy{ASKED}" " --seed {params.seed}" " --out {params.out} > {log} 2>&1"
