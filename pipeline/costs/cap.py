"""A limit on the hours that a call may take: which of its experiments fit."""

from pathlib import Path

from pipeline.config.errors import ConfigError
from pipeline.config.experiments import Params
from pipeline.costs import estimate
from pipeline.store.current import Survey
from pipeline.store.plan import only


def hours_of(given: object) -> float:
    """The limit that a call names. Raises ConfigError for what is none."""
    try:
        hours = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        hours = 0.0
    if not 0 < hours < float("inf"):
        raise ConfigError(f"hours: given {given!r}, allowed: a number above 0")
    return hours


class Cap:
    """Keeps, in the order of the file, each experiment that fits into what those before it leave of the
    hours. Runs that are there cost nothing, and a run of several experiments counts once. Whole experiments
    are kept: fewer seeds would leave no interval."""

    def __init__(self, params: Params, found: Survey, hours: float, cores: int, default: Path) -> None:
        """default: the tables of the default scale, which tell the rate where none of this scale does. Raises
        ConfigError where neither does."""
        self.params, self.found, self.hours, self.cores = params, found, hours, cores
        rate = estimate.measured_rate(found.results / "tables") or estimate.measured_rate(default)
        if rate is None:
            raise ConfigError("hours: no run has told a rate yet, so none can be kept to; leave it out")
        self.rate = rate

    def hours_for(self, names: list[str]) -> float:
        """What the runs of these take that are not there."""
        costs = estimate.to_do(only(self.params, names), self.found)
        return self.rate.hours(sum(costs.values(), estimate.Cost())) / self.cores

    def __call__(self, names: list[str]) -> list[str]:
        """Those that fit. Raises ConfigError, with what the first takes, where none does."""
        kept: list[str] = []
        for name in names:
            if self.hours_for([*kept, name]) <= self.hours:
                kept.append(name)
        if names and not kept:
            first = self.hours_for(names[:1])
            raise ConfigError(
                f"hours: given {self.hours:g}, allowed: {first:.2g} or more on {self.cores} cores, which "
                f"{names[0]} takes; for less, take fewer seeds or steps"
            )
        return kept
