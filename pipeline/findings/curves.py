"""What a run's learning curves tell beyond its summary. `run` is a row of `Tables.of`."""

import math
from typing import Any

from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables


def first_phase_end(tables: Tables, run: Any, ratio: float) -> float:
    """Step at which the loss on known people first comes down to `ratio` times the no-knowledge baseline; NaN
    if it never does. The paper's has come down to 1.10 at 360 steps, 0.12 t(0.99)."""
    curve = tables.curve(run.run)
    return first_crossing(curve.step, curve.loss, ratio * run.baseline, rising=False)


def chance(tables: Tables, run: Any, start: float) -> float:
    """Mean accuracy on never-seen people on the plateau, from `start` x t(0.99) to t(0.99): what guessing
    gives, measured because pools of values differ between scales."""
    curve = tables.curve(run.run, "new")
    return curve.accuracy[curve.step.between(start * run.plateau_end, run.plateau_end)].mean()


def over_chance(tables: Tables, run: Any, start: float, accuracy: float) -> float:
    """An accuracy in units of chance; NaN where nothing was guessed."""
    guessed = chance(tables, run, start)
    return accuracy / guessed if guessed > 0 else math.nan
