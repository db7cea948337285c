# Shared by the steps of the DAG: which sources decide what, and which files a run reads.


def source(*patterns):
    """Python and text files that decide what a step computes; an edit runs it again."""
    return sorted(
        str(f.relative_to(cfg.ROOT)) for p in patterns for f in cfg.ROOT.glob(p)
    )


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


def runs_on(wildcards):
    """Runs whose people are this population."""
    return [
        name for name, run in RUNS.items() if run.population_id == wildcards.population
    ]


def references_on(wildcards):
    """Weights that the patched runs among them need besides their own."""
    bases = {
        RUNS[name].base.id for name in runs_on(wildcards) if RUNS[name].kind == "patch"
    }
    return expand(
        f"{RESULTS}/runs/{{base}}/{{name}}",
        base=sorted(bases),
        name=["snapshots.safetensors", "manifest.json"],
    )


def folder_of(name):
    """Parameter: the folder of the input of that name."""
    return lambda wildcards, input: str(Path(input[name][0]).parent)


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


def figure_files():
    return expand(
        f"{RESULTS}/figures/{{figure}}.{{kind}}",
        figure=FIGURES,
        kind=["svg", "png", "manifest.json"],
    )


POPULATIONS = sorted({run.population_id for run in RUNS.values()})
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
