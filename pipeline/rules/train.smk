# Contract: trains one run of any kind; a fine-tuning run starts from the weights of its base, a patched one from
# a snapshot of its base and with the attention of another.
#   in    its population; for fine-tuning and patching the base's folder
#   out   results/<scale>/runs/<id>/{config.json, curve.csv, training.csv, weights.safetensors,
#         manifest.json}, of an observed run also the tables of its probes and snapshots.safetensors
#   runs  pipeline.stages.train
#   state results/<scale>/state/<id>/ while it trains, apart from the outputs, which Snakemake clears
# A run's id holds the hash of its resolved parameters: an edit of params.yaml asks for other ids, so it
# re-trains exactly the runs that depend on it, and nothing old can be taken for something new.
# Which tables and snapshots an observed run leaves is in its manifest, and pipeline/store/current.py looks for
# them: Snakemake knows only what all runs leave.


rule train:
    input:
        population=population_of,
        base=base_of,
        stale=stale(f"{RESULTS}/runs/{{run}}/manifest.json"),
    output:
        config=f"{RESULTS}/runs/{{run}}/config.json",
        curve=f"{RESULTS}/runs/{{run}}/curve.csv",
        training=f"{RESULTS}/runs/{{run}}/training.csv",
        weights=f"{RESULTS}/runs/{{run}}/weights.safetensors",
        manifest=f"{RESULTS}/runs/{{run}}/manifest.json",
    log:
        f"logs/{SCALE}/train/{{run}}.log",
    wildcard_constraints:
        run=one_of(RUNS),
    # The longest first: at the end short ones keep all cores at work.
    priority: lambda wildcards: int(RUNS[wildcards.run].kind == "pretrain")
    group:
        shared_place
    threads: 1
    resources:
        # How many processes share the run's batches: of a machine's, never of the run's identity.
        processes=1,
    params:
        population=folder_of("population"),
        base=lambda wildcards, input: (
            f"--base {Path(input.base[0]).parent}" if input.base else ""
        ),
        out=subpath(output.weights, parent=True),
        state=f"{RESULTS}/state/{{run}}",
    shell:
        f"{LAUNCH}"
        " --processes {resources.processes} pipeline.stages.train"
        f"{ASKED}"
        " --run {wildcards.run}"
        " --population {params.population} {params.base} --out {params.out}"
        " --state {params.state} --threads {threads} > {log} 2>&1"
