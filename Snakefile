"""The reproduction as a DAG: populations -> runs -> measurements -> tables -> claims, figures, page.

snakemake --cores all                          the core experiments of the default ("laptop") scale
snakemake --cores all patching                 an experiment by name, or several
snakemake --cores all everything               the extended experiments too
snakemake --cores all --config scale=smoke     another scale: smoke, paper or paper-grid
snakemake --cores all --config hours=2         of these, in order, the experiments that fit into two hours
"""

import os
import shlex
import signal
import sys
import time
from pathlib import Path

from snakemake.cli import get_argument_parser
from snakemake.utils import min_version

from pipeline.config import experiments, scales
from pipeline.config.errors import ConfigError
from pipeline import ROOT
from pipeline.execution import environment, fork_server, gpu_slots
from pipeline.store import plan as plans
from pipeline.store.locks import LockedError, lock
from pipeline.store.artefacts import ArtefactError
from pipeline.findings import figures
from pipeline.execution.jobs import pass_on_to_jobs
from pipeline.execution.processes import KEEP_MEMORY, PARENT
from pipeline.config.frozen import digest
from pipeline.store.current import REASONS, survey, survey_products

min_version("9.0")

GIVEN, _ = get_argument_parser().parse_known_args()
try:
    if Path.cwd() != ROOT:
        raise ConfigError(
            f"working folder: given {Path.cwd()}, allowed: {ROOT}, from where to call"
        )
    if not os.access(ROOT, os.W_OK):
        raise ConfigError(f"{ROOT}: results and logs cannot be written here; copy it")
    if unknown := set(config) - {"scale", "hours"}:
        raise ConfigError(
            f"--config {', '.join(sorted(unknown))}: unknown key, allowed: scale, hours"
        )
    SCALE = config.get("scale", scales.DEFAULT)
    RESULTS = f"results/{SCALE}"
    # A job's own Snakemake on a cluster is not given the targets, but the call that was made of them.
    main = workflow.is_main_process
    if main:
        params = scales.load(SCALE)
        FOUND = survey(Path(RESULTS), params)
        fits = None
        if "hours" in config:
            from pipeline.costs.cap import Cap, hours_of

            default = Path("results", scales.DEFAULT, "tables")
            hours, cores = hours_of(config["hours"]), workflow.cores or os.cpu_count()
            fits = Cap(params, FOUND, hours, cores, default)
        PLAN = plans.plan(params, Path(RESULTS), GIVEN.targets, FOUND, fits)
        os.environ[plans.CALL] = str(PLAN.write(Path(".snakemake/calls"), SCALE))
        print(PLAN.note, end="", file=sys.stderr)
    else:
        PLAN = plans.Plan.read(Path(os.environ[plans.CALL]))
        FOUND = survey(Path(RESULTS), PLAN.params)
    # Of the paper: a table of facts has answers of its own.
    FIGURES = [] if PLAN.params.on_facts else list(figures.load())
    parameters_digest = digest(PLAN.params.model_dump(mode="json"))
    survey_products(FOUND, PLAN.shown, PLAN.made, parameters_digest, FIGURES)
    if main and GIVEN.dryrun:
        # The tokenizer is spared the calls that compute.
        from pipeline.costs import estimate, units

        print(units.summary(SCALE, PLAN.params), end="", file=sys.stderr)
        print(estimate.table(PLAN.making, FOUND), end="", file=sys.stderr)
except (ConfigError, ArtefactError) as error:
    # One line instead of Snakemake's traceback: the mistake is the reader's, not the workflow's.
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)

PARAMS = PLAN.making
PLANNED = experiments.expand(PARAMS)
RUNS = experiments.distinct_runs(PLANNED)
TOY = experiments.toys(PARAMS)
# How jobs are started: by this interpreter, with the parameters as they are now.
STAGE = f"exec {shlex.quote(sys.executable)} -m pipeline.stages."
LAUNCH = f"exec {shlex.quote(sys.executable)} -m pipeline.execution.launch"
ASKED = f" --scale {SCALE} --call {os.environ[plans.CALL]}"
MARKS = Path(".snakemake/stale") / SCALE
if main:
    FOUND.order_times(Path("logs", SCALE, "benchmarks"))
    MARKS.mkdir(parents=True, exist_ok=True)
    for reason in REASONS:
        # Another content each time: Snakemake takes an input of the same checksum for no newer one.
        (MARKS / reason).write_text(f"{time.time_ns()}\n")


# Jobs die with the Snakemake that started them, so that the next call finds nobody at work.
os.environ[PARENT] = str(os.getpid())
os.environ.update(KEEP_MEMORY | os.environ)
# With it `python -m` would not find the stages in this folder.
os.environ.pop("PYTHONSAFEPATH", None)
environment.drop_unusable()
os.environ.setdefault(environment.PASS, "")


envvars:
    "PIPELINE_CALL",
    "PIPELINE_PASS",


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
    # What a profile's `envvars` names stays in the environment of the stages.
    os.environ[environment.PASS] += " " + " ".join(
        workflow.remote_execution_settings.envvars
    )
    if workflow.local_exec:
        # Each job that ends would leave a timer that has all ready jobs looked at once a second, to the end: a
        # tenth of a core after fifty jobs.
        workflow.scheduler.job_rate_limiter = None
        launched = sum(
            "pipeline.execution.launch" in (job.rule.shellcmd or "")
            for job in workflow.dag.needrun_jobs()
        )
        if launched > 2 and not gpu_slots.visible():
            fork_server.start(f".snakemake/{SCALE}.socket")
        # Snakemake waits for its jobs when it is told to end; runs can save their state and end at once.
        pass_on_to_jobs(signal.SIGTERM)


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
