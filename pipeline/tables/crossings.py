"""Where a learning curve changes: the end of the plateau, and the step that reaches an accuracy."""

import numpy as np
from numpy.typing import ArrayLike

PLATEAU_RATIO = 0.99


def first_crossing(steps: ArrayLike, values: ArrayLike, level: float, *, rising: bool) -> float:
    """First step at which the curve passes `level`, linear between measurements; NaN if it never does.

    A curve that is already past the level at its first point crosses there.
    """
    x, y = np.asarray(steps, float), np.asarray(values, float)
    assert x.shape == y.shape and (np.diff(x) > 0).all(), "steps must ascend, one value each"
    past = y >= level if rising else y <= level
    if not past.any():
        return float("nan")
    k = int(past.argmax())
    if k == 0:
        return float(x[0])
    share = (level - y[k - 1]) / (y[k] - y[k - 1])
    return float(x[k - 1] + share * (x[k] - x[k - 1]))


def plateau_end(steps: ArrayLike, loss: ArrayLike, baseline: float, ratio: float = PLATEAU_RATIO) -> float:
    """Step at which the attribute loss falls below `ratio` x the no-knowledge baseline.

    The paper does not define it; 0.99 is what its figures imply (Fig 2 right, Fig 4 left). Counted
    from step 0, so that the first phase is included. NaN if the run never leaves the plateau.
    """
    return first_crossing(steps, loss, ratio * baseline, rising=False)


def half_accuracy(steps: ArrayLike, accuracy: ArrayLike) -> float:
    """Step at which half of the values are recalled; NaN if that never happens."""
    return first_crossing(steps, accuracy, 0.5, rising=True)
