# Shared by the steps of the DAG: which sources decide what, and which files a run reads.


def source(*patterns):
    """Python and text files that decide what a step computes; an edit runs it again."""
    return sorted(str(f.relative_to(ROOT)) for p in patterns for f in ROOT.glob(p))


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


def as_is(value):
    """Parameter: a value as one string, in which braces are no wildcards."""
    return lambda wildcards: json.dumps(value, sort_keys=True)


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

DATA_SOURCE = source(
    "pipeline/data/*.py", "pipeline/data/pools/*.txt", "pipeline/data/templates/*.txt"
)
TRAIN_SOURCE = DATA_SOURCE + source(
    "pipeline/model/*.py",
    "pipeline/training/*.py",
    "pipeline/probes/*.py",
    "pipeline/stages/train.py",
)
