"""What a run's learning curve tells beyond its summary."""

from typing import Any

from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables


def first_phase_end(tables: Tables, run: Any, ratio: float) -> float:
    """Step at which the loss on known people first comes down to `ratio` times the no-knowledge baseline.

    run: a row of `Tables.of`. NaN if the loss never does. The paper has 1.10 at 360 steps, 0.12 t(0.99).
    """
    curve = tables.curve(run.run)
    return first_crossing(curve.step, curve.loss, ratio * run.baseline, rising=False)
