# Shared by the steps of the DAG: which results are out of date, and which files a run reads.


def stale(manifest):
    """Input: nothing for a result that is up to date or missing; for another a file that is newer than it, named
    after the reason. Whether it is up to date is told by its manifest (pipeline/store/current.py) and not by
    times, so Snakemake needs to be told."""

    def mark(wildcards):
        reason = FOUND.stale.get(Path(manifest.format(**dict(wildcards))))
        return [str(MARKS / reason)] if reason else []

    return mark


def population_of(wildcards):
    folder = f"{RESULTS}/populations/{RUNS[wildcards.run].population_id}"
    return [f"{folder}/{name}" for name in POPULATION_FILES]


def base_of(wildcards):
    run = RUNS[wildcards.run]
    weights = "snapshots" if run.patching else "weights"
    folder = f"{RESULTS}/runs/{run.base.id}"
    return [
        f"{folder}/{name}"
        for name in ("config.json", f"{weights}.safetensors", "manifest.json")
    ]


def runs_in(wildcards):
    """Runs of an experiment by id, with those that they start from."""
    return experiments.distinct_runs(
        plan for plan in PLANNED if plan.experiment == wildcards.experiment
    )


def populations_in(wildcards):
    """Folders of their people."""
    ids = sorted({run.population_id for run in runs_in(wildcards).values()})
    return expand(f"{RESULTS}/populations/{{population}}", population=ids)


def references_in(wildcards):
    """Weights that the patched runs among them need besides their own."""
    bases = {run.base.id for run in runs_in(wildcards).values() if run.kind == "patch"}
    return expand(
        f"{RESULTS}/runs/{{base}}/{{name}}",
        base=sorted(bases),
        name=["snapshots.safetensors", "manifest.json"],
    )


def measured_in(wildcards):
    """What an experiment's tables are gathered from."""
    if wildcards.experiment == experiments.TOY:
        return expand(
            f"{RESULTS}/toy/{{toy}}/{{name}}",
            toy=TOY,
            name=["toy.csv", "manifest.json"],
        )
    runs = runs_in(wildcards)
    observed = [name for name, run in runs.items() if run.observe]
    return [
        *expand(
            f"{RESULTS}/runs/{{run}}/{{name}}",
            run=runs,
            name=["curve.csv", "manifest.json"],
        ),
        *expand(f"{RESULTS}/runs/{{run}}/attention.csv", run=observed),
        f"{RESULTS}/evaluations/{wildcards.experiment}/final.csv",
        f"{RESULTS}/evaluations/{wildcards.experiment}/manifest.json",
    ]


def folder_of(name, up=0):
    """Parameter: the folder of the input of that name, or one `up` from it."""
    return lambda wildcards, input: str(Path(input[name][0]).parents[up])


def runs_of(kind, observed=False):
    return [
        name
        for name, run in RUNS.items()
        if run.kind == kind and (run.observe is not None) == observed
    ]


def one_of(runs):
    """Wildcard constraint; a pattern that matches nothing where a scale has no such run."""
    return "|".join(runs) or "(?!)"


POPULATION_FILES = [
    "people.safetensors",
    "population.json",
    "tokenizer.json",
    "manifest.json",
]
