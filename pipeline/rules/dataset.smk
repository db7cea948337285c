# Contract: draws a population and trains its tokenizer.
#   in    the parameters of the population (they are in its id), the pools and templates
#   out   results/<scale>/populations/<id>/{people.safetensors, population.json, tokenizer.json, manifest.json}
#   runs  pipeline.stages.dataset


rule dataset:
    input:
        stale=stale(f"{RESULTS}/populations/{{population}}/manifest.json"),
    output:
        people=f"{RESULTS}/populations/{{population}}/people.safetensors",
        meta=f"{RESULTS}/populations/{{population}}/population.json",
        tokenizer=f"{RESULTS}/populations/{{population}}/tokenizer.json",
        manifest=f"{RESULTS}/populations/{{population}}/manifest.json",
    log:
        f"logs/{SCALE}/dataset/{{population}}.log",
    benchmark:
        f"logs/{SCALE}/benchmarks/dataset/{{population}}.tsv"
    params:
        out=subpath(output.people, parent=True),
    shell:
        f"{LAUNCH} --cpu pipeline.stages.dataset{ASKED}"
        " --population {wildcards.population}"
        " --out {params.out} > {log} 2>&1"
