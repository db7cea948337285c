"""Which experiments of a scale are run and reported: the core ones, and of the others what is there."""

from pathlib import Path

from pipeline import config as cfg
from pipeline.artefacts import MANIFEST


def chosen(params: cfg.Params, runs: Path, everything: bool = False) -> cfg.Params:
    """`params` with its core experiments and, with `everything`, the extended ones.

    Without it, an extended experiment stays in if all of its runs are in the folder `runs`: what was
    measured once is not dropped from the tables, and what was begun is not finished unasked.
    """
    if everything:
        return params
    missing = {
        plan.experiment
        for plan in cfg.expand(params)
        for run in (plan.config.base, plan.config)
        if run and not (runs / run.id / MANIFEST).exists()
    }
    kept = {
        name: experiment
        for name, experiment in params.experiments.items()
        if not experiment.extended or (experiment.joins or name) not in missing
    }
    return params.model_copy(update={"experiments": kept})
