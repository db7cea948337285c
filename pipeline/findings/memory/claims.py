"""Judge of the toy associative memory (paper, section 5.2 and appendix F; Figures Q, R).

"Known" pairs are the old ones, of pre-training. The paper leaves the read-out open: each is judged.
"""

import math

import pandas as pd

from pipeline.findings.fine_tuning.trajectories import at_least, collapsing, trajectories
from pipeline.findings.hard_cells import by_seed
from pipeline.findings.judging import NotMeasuredError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.crossings import first_crossing
from pipeline.tables.memory import TOY_REPLAY, TOY_SIZES
from pipeline.tables.read import Tables


def _loss_over_half(tables: Tables, rows: pd.DataFrame, points: float) -> pd.Series:
    """Step at which `points` of accuracy on old pairs are lost, over that of half of the new ones; one a run.
    What does not happen counts as happening at the run's end.
    """
    ratios = []
    for row in rows.itertuples():
        old = tables.curve(row.run)
        lost = first_crossing(old.step, old.accuracy, row.first - points, rising=False)
        ratios.append((row.steps if math.isnan(lost) else lost) / row.early_end)
    return pd.Series(ratios, index=rows.index)


def _end_ratio(sizes: pd.DataFrame, replay: pd.DataFrame) -> pd.Series:
    """Final loss on old pairs with replay over that without, at the weight that does worst; one a seed."""
    pairs = replay.merge(sizes, on=["seed", "new"], suffixes=("", "_plain"))
    if pairs.empty:
        raise NotMeasuredError("no run without replay on as many new pairs")
    return (pairs.last_loss / pairs.last_loss_plain).groupby(pairs.seed).max()


@judge(TOY_SIZES, TOY_REPLAY)
def associative_memory_behaves_alike(
    tables: Tables, *, smallest_share: float, points: float, learned: float
) -> Result:
    """For each read-out, the worst in each seed of: step of `points` of accuracy lost on old pairs over that
    of half of the new ones, for sets of `smallest_share` or more; fall of the final accuracy on old pairs and
    growth of the step of half of the new ones from a number of new pairs to the next; and final loss on old
    pairs with replay over that without.
    """
    every_size, every_replay = (trajectories(tables, name) for name in (TOY_SIZES, TOY_REPLAY))
    checks, known = [], []
    for read_out in every_size.read_out.unique():
        sizes, replay = (
            collapsing(rows[rows.read_out == read_out], learned) for rows in (every_size, every_replay)
        )
        last, half = by_seed(sizes, "new", "last"), by_seed(sizes, "new", "early_end")
        if last.shape[1] < 2:
            raise NotMeasuredError("the plan has one number of new pairs")
        deeper, slower = -last.diff(axis=1).iloc[:, 1:], (half / half.shift(axis=1)).iloc[:, 1:]
        large = at_least(sizes, smallest_share)
        speed = _loss_over_half(tables, large, points).groupby(large.seed).max()
        name = read_out.replace("_", " ")
        checks += [
            Check.ratio("speed", f"{name}: largest step of {points:g} lost / half learned", speed, high=1),
            Check.of(
                "deeper", f"{name}: smallest fall of the end with more pairs", deeper.min(axis=1), low=0
            ),
            Check.ratio("slower", f"{name}: smallest slowdown with more pairs", slower.min(axis=1), low=1),
            Check.ratio(
                "replay", f"{name}: largest end with replay / without", _end_ratio(sizes, replay), high=1
            ),
        ]
        known.append(f"{sizes['first'].mean():.3g} ({name})")
    return (
        checks,
        pd.concat([every_size, every_replay]),
        f"accuracy on old pairs at the start {', '.join(known)}",
    )
