"""The time axis that runs of different lengths share, here and in the paper."""

from dataclasses import dataclass

import pandas as pd

from pipeline.paper import published


@dataclass(frozen=True)
class TimeAxis:
    """Steps are divided by `unit` here and by `paper` in the paper: in both the step of `what`."""

    unit: float
    paper: float
    what: str
    label: str
    sentence: str


def time_axis(uniform: pd.DataFrame, paper: published.Curve | None = None) -> TimeAxis:
    """Time in plateau lengths of the `uniform` runs, or in run lengths if none of them leaves the plateau.

    paper: the loss of the paper's run; by default its default run (Figure 2 left).
    """
    paper = paper or published.curve("2_left", "loss")
    ends = uniform.plateau_end.dropna()
    unit, theirs, what = ends.mean(), paper.plateau_end(), "end of the plateau"
    if ends.empty:
        unit, theirs, what = float(uniform.steps.max()), float(paper.steps[-1]), "length of the run"
    why = " as no run here left the plateau" if ends.empty else ""
    return TimeAxis(
        unit,
        theirs,
        what,
        f"step / {what}\n(here {unit:,.0f} steps, paper {theirs:,.0f})",
        f"Time is relative to the {what}{why}: {unit:,.0f} steps here, {theirs:,.0f} in the paper.",
    )
