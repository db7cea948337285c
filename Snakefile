"""The reproduction as a DAG: populations -> runs -> measurements -> tables -> claims, figures, page.

snakemake --cores all                          the core experiments of the default ("laptop") scale
snakemake --cores all patching                 an experiment by name, or several
snakemake --cores all everything               the extended experiments too
snakemake --cores all --config scale=smoke     another scale: smoke, paper or paper-grid
"""

import json
import os
import sys
from pathlib import Path

from snakemake.cli import get_argument_parser
from snakemake.utils import min_version

from pipeline.config import experiments, scales
from pipeline.config.errors import ConfigError
from pipeline.files import ROOT
from pipeline import devices, preload
from pipeline import plan as plans
from pipeline.artefacts import ArtefactError
from pipeline.figures import FIGURES
from pipeline.processes import KEEP_MEMORY, PARENT, LockedError, lock

min_version("9.0")

GIVEN, _ = get_argument_parser().parse_known_args()
try:
    if unknown := set(config) - {"scale"}:
        raise ConfigError(
            f"--config {', '.join(sorted(unknown))}: unknown key, allowed: scale"
        )
    SCALE = config.get("scale", scales.DEFAULT)
    RESULTS = f"results/{SCALE}"
    # A job's own Snakemake on a cluster is not given the targets, but what was made of them.
    main = workflow.is_main_process
    targets = GIVEN.targets if main else os.environ[plans.EXPERIMENTS].split()
    PLAN = plans.plan(scales.load(SCALE), Path(RESULTS), targets)
    if main:
        print(PLAN.note, end="", file=sys.stderr)
    if main and GIVEN.dryrun:
        # Numpy and the tokenizer are spared the calls that compute.
        from pipeline import costs

        print(costs.table(PLAN.making, Path(RESULTS)), end="", file=sys.stderr)
except (ConfigError, ArtefactError) as error:
    # One line instead of Snakemake's traceback: the mistake is the reader's, not the workflow's.
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)

PARAMS = PLAN.making
PLANNED = experiments.expand(PARAMS)
RUNS = experiments.distinct_runs(PLANNED)
TOY = experiments.toys(PARAMS)


# Jobs die with the Snakemake that started them, so that the next call finds nobody at work.
os.environ[PARENT] = str(os.getpid())
os.environ[plans.EXPERIMENTS] = " ".join(PLAN.made)
os.environ.update(KEEP_MEMORY | os.environ)


envvars:
    "PIPELINE_EXPERIMENTS",


onstart:
    # Instead of Snakemake's lock (`nolock` in the profile), which a killed Snakemake leaves behind.
    global LOCK
    try:
        LOCK = lock(ROOT / ".snakemake" / f"{SCALE}.lock")
    except LockedError:
        print(
            f"error: another Snakemake works on {RESULTS}; wait for it or stop it",
            file=sys.stderr,
        )
        sys.exit(1)
    if workflow.local_exec:
        # Each job that ends would leave a timer that has all ready jobs looked at once a second, to the end: a
        # tenth of a core after fifty jobs.
        workflow.scheduler.job_rate_limiter = None
        launched = sum(
            "pipeline.launch" in (job.rule.shellcmd or "")
            for job in workflow.dag.needrun_jobs()
        )
        if launched > 2 and not devices.visible():
            preload.start(f".snakemake/{SCALE}.socket")


wildcard_constraints:
    run="[a-z0-9.]+-n[0-9]+-s[0-9]+-[0-9a-f]{10}",
    population="n[0-9]+-s[0-9]+-[0-9a-f]{10}",
    experiment="[a-z][a-z0-9_]*",
    toy="s[0-9]+-[0-9a-f]{10}",


include: "pipeline/rules/common.smk"
include: "pipeline/rules/dataset.smk"
include: "pipeline/rules/train.smk"
include: "pipeline/rules/evaluate.smk"
include: "pipeline/rules/toy.smk"
include: "pipeline/rules/analyse.smk"


rule all:
    default_target: True
    input:
        rules.page.output.page,
        # What git does not track is named too, or a fresh clone, which has the committed figures and
        # tables, would find nothing to do.
        expand(f"{RESULTS}/runs/{{run}}/weights.safetensors", run=RUNS),
        expand(f"{RESULTS}/toy/{{toy}}/toy.csv", toy=TOY),


# Which experiments are in is settled above.
for target in plans.targets(PLAN.params):

    rule:
        name:
            target
        input:
            rules.all.input,
