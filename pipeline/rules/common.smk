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
    """What vouches for the run that it starts from; nothing of a run that starts from none."""
    base = RUNS[wildcards.run].base
    files = ("manifest.json", "config.json", "weights.safetensors") if base else ()
    return [f"{RESULTS}/runs/{base.id}/{name}" for name in files]


def shared_place(wildcards):
    """Group: a cluster's job may hold several runs of a kind, if its profile says so. A run and those that
    start from it never share one: they would go one after another."""
    run = RUNS[wildcards.run]
    kind = f"observed-{run.kind}" if run.observe else run.kind
    return kind if kind in workflow.group_settings.group_components else None


def runs_in(wildcards):
    """Runs of an experiment by id, with those that they start from."""
    return experiments.distinct_runs(
        plan for plan in PLANNED if plan.experiment == wildcards.experiment
    )


def populations_in(wildcards):
    """Folders of their people."""
    ids = sorted({run.population_id for run in runs_in(wildcards).values()})
    return expand(f"{RESULTS}/populations/{{population}}", population=ids)


def measured_in(wildcards):
    """What an experiment's tables are gathered from."""
    if wildcards.experiment == experiments.TOY:
        return expand(
            f"{RESULTS}/toy/{{toy}}/{{name}}",
            toy=TOY,
            name=["toy.csv", "manifest.json"],
        )
    return [
        *expand(
            f"{RESULTS}/runs/{{run}}/{{name}}",
            run=runs_in(wildcards),
            name=["curve.csv", "manifest.json"],
        ),
        f"{RESULTS}/evaluations/{wildcards.experiment}/final.csv",
        f"{RESULTS}/evaluations/{wildcards.experiment}/manifest.json",
    ]


def folder_of(name, up=0):
    """Parameter: the folder of the input of that name, or one `up` from it."""
    return lambda wildcards, input: str(Path(input[name][0]).parents[up])


def one_of(runs):
    """Wildcard constraint; a pattern that matches nothing where a scale has no such run."""
    return "|".join(runs) or "(?!)"


POPULATION_FILES = [
    "people.safetensors",
    "population.json",
    "tokenizer.json",
    "manifest.json",
]
