"""Which runs are compared: the settings of a family, cells of a grid, and their uniform counterparts."""

from collections.abc import Sequence

import pandas as pd

from pipeline.config import distributions
from pipeline.config.experiments import TOY
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES
from pipeline.tables.read import Tables

# What distinguishes two distributions; NaN where a family has no such parameter.
SETTING = ["distribution", *distributions.LABELS]
CELL = ["individuals", "steps"]
# The experiments on power laws alone, and all that compare families of distributions.
POWER_LAWS = ("power_law", "power_law_exponents", "power_law_fewer", "power_law_sizes")
FAMILIES = (*POWER_LAWS, "celebrities", "celebrity_weights", "warm_up", "families", "warm_up_grid")
# The default run's: the first seeds, and those that `everything` adds.
DEFAULT_RUNS = ("phases", "phases_again")
# Runs over numbers of people: the same two.
SIZES = ("population_size", "population_size_again")
# Runs that agree in these differ in seed and distribution only, as far as they go: some end early.
UNTIL_THE_END = [
    *CELL,
    *("batch", "learning_rate", "schedule", "weight_decay"),
    *("layers", "width", "heads", "mixer", "templates", "shuffled"),
]
CONDITIONS = [*UNTIL_THE_END, "ends_below"]


class MissingExperimentError(ValueError):
    """The tables have no runs of an experiment that the figure needs."""


def require(tables: Tables, *experiments: str) -> None:
    """Raises MissingExperimentError, which names one that has no runs."""
    for name in experiments:
        if name not in tables:
            target = TOY if name in (TOY_SIZES, TOY_REPLAY) else name
            raise MissingExperimentError(
                f"experiment {name!r} has no runs in the tables; `snakemake --cores all {target}` makes "
                "them, if it is among the scale's experiments"
            )


def experiment(tables: Tables, name: str) -> pd.DataFrame:
    """One row a run, each run once; the uniform distribution counts as a power law of exponent 0."""
    require(tables, name)
    rows = tables.of(name).drop_duplicates("run")
    return rows.assign(alpha=rows.alpha.mask(rows.distribution == "uniform", 0.0))


def one_per_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """The first run of each condition, setting and seed: experiments share most runs, or repeat them
    with other checkpoints."""
    return rows.drop_duplicates([*CONDITIONS, *SETTING, "seed"])


def uniform_like(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Pre-training runs under the uniform distribution, of any experiment, in the conditions of `rows`."""
    every = tables.every_run
    uniform = every[(every.kind == "pretrain") & (every.distribution == "uniform")]
    shared = uniform.merge(rows[CONDITIONS].drop_duplicates(), on=CONDITIONS)
    return one_per_seed(shared).assign(alpha=0.0)


def with_uniform(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` and the uniform runs in their conditions, which count as power laws of alpha 0."""
    rows = rows.assign(alpha=rows.alpha.mask(rows.distribution == "uniform", 0.0))
    return one_per_seed(pd.concat([rows, uniform_like(tables, rows)]))


def of_any(tables: Tables, experiments: Sequence[str]) -> pd.DataFrame:
    """Runs of those of the experiments that have any, of which a scale may lack some."""
    found = [name for name in experiments if name in tables]
    return pd.concat([tables.of(name) for name in found or experiments[:1]])


def default_runs(tables: Tables) -> pd.DataFrame:
    """Every seed of the default run."""
    return of_any(tables, DEFAULT_RUNS)


def observed_runs(
    tables: Tables, core: str = "attention", measured: str = "attribute_to_name"
) -> pd.DataFrame:
    """Every seed of the default run in which this was measured, each run once: those of the core's
    experiment on it, and those that `everything` adds."""
    rows = of_any(tables, (core, *DEFAULT_RUNS[1:])).drop_duplicates("run")
    return rows[rows.run.isin(tables.observed["attention"].dropna(subset=measured).run)]


def numbers_of_people(tables: Tables) -> pd.DataFrame:
    """Every seed of the runs over numbers of people, each run once."""
    return of_any(tables, SIZES).drop_duplicates("run")


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Runs that were trained to their end, and so have final values."""
    return rows[rows.ends_below == 0]


def families(tables: Tables) -> pd.DataFrame:
    """Whole runs of every family, with the uniform ones in their conditions."""
    return with_uniform(tables, whole(of_any(tables, FAMILIES)))


def whole_power_laws(tables: Tables) -> pd.DataFrame:
    """Those of power laws, of any experiment; uniform ones have alpha 0."""
    return families(tables).dropna(subset="alpha")


def power_laws(tables: Tables) -> pd.DataFrame:
    """Runs of the experiments on power laws alone, and the uniform ones in their conditions.

    A run that ends after its plateau has the t(0.99) of the whole run, which stands for both if it is there.
    """
    rows = of_any(tables, POWER_LAWS)
    every = pd.concat([with_uniform(tables, rows), uniform_like(tables, rows.assign(ends_below=0.0))])
    return every.sort_values("ends_below", kind="stable").drop_duplicates([*UNTIL_THE_END, *SETTING, "seed"])


def default_steps(tables: Tables, rows: pd.DataFrame) -> int:
    """Length of the default run where `rows` have it, else their longest."""
    default = tables.of("phases").steps if "phases" in tables else ()
    known = rows.steps[rows.steps.isin(default)]
    return int((rows.steps if known.empty else known).max())


def censored_plateau_end(rows: pd.DataFrame) -> pd.Series:
    """End of the plateau in steps; the whole run, a lower bound, where a run is still on it."""
    return rows.plateau_end.fillna(rows.steps)


def plateau_shares(uniform: pd.DataFrame) -> dict[tuple[int, int], float]:
    """Share of the run that the plateau takes, mean over seeds, by (individuals, steps); 1 if it is not left.

    It says at any scale how short data is relative to the population, which is where distributions differ.
    """
    share = censored_plateau_end(uniform) / uniform.steps
    return share.groupby([uniform.individuals, uniform.steps]).mean().to_dict()


def best_setting(rows: pd.DataFrame) -> pd.DataFrame:
    """Runs of the setting with the lowest final loss on known people, mean over seeds; of whole runs."""
    settings = [runs for _, runs in whole(rows).groupby(SETTING, dropna=False)]
    return min(settings, key=lambda runs: runs.known_loss.mean())


def in_cell(rows: pd.DataFrame, cell: tuple[int, int]) -> pd.DataFrame:
    return rows[(rows.individuals == cell[0]) & (rows.steps == cell[1])]
