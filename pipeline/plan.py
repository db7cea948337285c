"""Which experiments of a scale are run and reported: the core ones, and of the others what is there."""

from pathlib import Path

from pipeline import config as cfg
from pipeline.artefacts import MANIFEST


def chosen(params: cfg.Params, results: Path, everything: bool = False) -> cfg.Params:
    """`params` with its core experiments and, with `everything`, the extended ones.

    Without it, an extended experiment stays in if all of its runs are in the folder `results`: what was
    measured once is not dropped from the tables, and what was begun is not finished unasked. The toy that
    is left out has no seeds.
    """
    if everything:
        return params
    missing = {
        plan.experiment
        for plan in cfg.expand(params)
        for run in (plan.config.base, plan.config)
        if run and not (results / "runs" / run.id / MANIFEST).exists()
    }
    kept = {
        name: experiment
        for name, experiment in params.experiments.items()
        if not experiment.extended or (experiment.joins or name) not in missing
    }
    made = [(results / "toy" / params.toy.id(seed) / MANIFEST).exists() for seed in params.toy.seeds]
    seeds = [] if params.toy.extended and not all(made) else params.toy.seeds
    toy = params.toy.model_copy(update={"seeds": seeds})
    return params.model_copy(update={"experiments": kept, "toy": toy})
