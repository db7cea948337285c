# Contract: trains one run; a fine-tuning run starts from the weights of its base, a patched one from a
# snapshot of its base and with the attention of another.
#   in    its population; for fine-tuning and patching the base's folder
#   out   results/<scale>/runs/<id>/{config.json, curve.csv, training.csv, weights.safetensors,
#         manifest.json}, of an observed run also {attention.csv, snapshots.safetensors}
#   runs  pipeline.stages.train
#   state results/<scale>/state/<id>/ while it trains, apart from the outputs, which Snakemake clears
# A run's id holds the hash of its resolved parameters: an edit of params.yaml asks for other ids, so it
# re-trains exactly the runs that depend on it, and nothing old can be taken for something new.


rule pretrain:
    input:
        population=population_of,
        stale=stale(f"{RESULTS}/runs/{{run}}/manifest.json"),
    output:
        config=f"{RESULTS}/runs/{{run}}/config.json",
        curve=f"{RESULTS}/runs/{{run}}/curve.csv",
        training=f"{RESULTS}/runs/{{run}}/training.csv",
        weights=f"{RESULTS}/runs/{{run}}/weights.safetensors",
        manifest=f"{RESULTS}/runs/{{run}}/manifest.json",
    log:
        f"logs/{SCALE}/pretrain/{{run}}.log",
    wildcard_constraints:
        run=one_of(runs_of("pretrain")),
    # The longest first: at the end short ones keep all cores at work.
    priority: 1
    threads: 1
    resources:
        # How many processes share the run's batches: of a machine's, never of the run's identity.
        processes=1,
    params:
        population=folder_of("population"),
        out=subpath(output.weights, parent=True),
        state=f"{RESULTS}/state/{{run}}",
    shell:
        f"{LAUNCH}"
        " --processes {resources.processes} pipeline.stages.train"
        f"{ASKED}"
        " --run {wildcards.run}"
        " --population {params.population} --out {params.out} --state {params.state}"
        " --threads {threads} > {log} 2>&1"


rule finetune:
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
        f"logs/{SCALE}/finetune/{{run}}.log",
    wildcard_constraints:
        run=one_of(runs_of("finetune")),
    threads: 1
    resources:
        # How many processes share the run's batches: of a machine's, never of the run's identity.
        processes=1,
    params:
        population=folder_of("population"),
        base=folder_of("base"),
        out=subpath(output.weights, parent=True),
        state=f"{RESULTS}/state/{{run}}",
    shell:
        f"{LAUNCH}"
        " --processes {resources.processes} pipeline.stages.train"
        f"{ASKED}"
        " --run {wildcards.run}"
        " --population {params.population} --base {params.base} --out {params.out}"
        " --state {params.state} --threads {threads} > {log} 2>&1"


OBSERVED = {
    "attention": f"{RESULTS}/runs/{{run}}/attention.csv",
    "snapshots": f"{RESULTS}/runs/{{run}}/snapshots.safetensors",
}


use rule pretrain as pretrain_observed with:
    output:
        **{name: path for name, path in rules.pretrain.output.items()},
        **OBSERVED,
    wildcard_constraints:
        run=one_of(runs_of("pretrain", observed=True)),


use rule finetune as finetune_observed with:
    output:
        **{name: path for name, path in rules.finetune.output.items()},
        **OBSERVED,
    wildcard_constraints:
        run=one_of(runs_of("finetune", observed=True)),


use rule finetune as patch with:
    log:
        f"logs/{SCALE}/patch/{{run}}.log",
    wildcard_constraints:
        run=one_of(runs_of("patch")),
