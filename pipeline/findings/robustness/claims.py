"""Judges of robustness: optimiser, batch, model, mixer and templates (paper, Figures A and C).

b is the no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b.
Each judge pairs settings by seed; where a plan has several learning rates, a setting is at its best one.
"""

import math
from collections.abc import Callable

import pandas as pd

from pipeline.findings.cells import censored_plateau_end
from pipeline.findings.curves import first_phase_end
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.robustness.settings import Settings, by_templates, in_random_order, settings
from pipeline.findings.statistics import Interval
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables

_EXACT = 1e-6  # for ratios of learning rates


def _by_seed(by_value: Settings, measure: Callable[[pd.DataFrame], pd.Series]) -> pd.DataFrame:
    """(seeds, settings): `measure` of the runs, over the seeds that all settings have."""
    columns = {
        value: pd.Series(measure(runs).to_numpy(), index=runs.seed) for value, runs in by_value.items()
    }
    return pd.DataFrame(columns).dropna()


def _used(*several: Settings) -> pd.DataFrame:
    return pd.concat([runs for by_value in several for runs in by_value.values()]).drop_duplicates("run")


def _at_least(number: int, by_value: Settings, what: str) -> None:
    if len(by_value) < number:
        raise NotMeasuredError(f"fewer than {number} {what} in the plan")


def _rates(tables: Tables) -> Settings:
    """Settings of the learning rate, by its ratio to the default."""
    default = tables.of("phases").learning_rate.iloc[0]
    return {rate / default: runs for rate, runs in settings(tables, "learning_rate").items()}


@judge("phases", "learning_rate", "weight_decay", "batch_size", "model_size", "mixer")
def phases_appear_everywhere(
    tables: Tables, *, lowest_rate: float, highest_rate: float, loss: float, share: float, final_loss: float
) -> Result:
    """Time to `loss` x b over t(0.99), and final loss over b, in the worst setting of each seed (Figure C).

    The first says that there is a plateau, the second that it is left. Learning rates are those from
    `lowest_rate` to `highest_rate` times the default. A run that stays on its plateau counts with its length.
    """
    several = {
        ("learning rate x", ratio): runs
        for ratio, runs in _rates(tables).items()
        if lowest_rate - _EXACT <= ratio <= highest_rate + _EXACT
    }
    _at_least(2, several, "moderate learning rates")
    for name in ("weight_decay", "batch_size", "model_size", "mixer"):
        several |= {(name.replace("_", " "), value): runs for value, runs in settings(tables, name).items()}

    def first_phase(runs: pd.DataFrame) -> pd.Series:
        ends = censored_plateau_end(runs)
        reached = [first_phase_end(tables, row, loss) for row in runs.itertuples()]
        return pd.Series(reached, runs.index).fillna(runs.steps).clip(upper=ends) / ends

    early, final = _by_seed(several, first_phase), _by_seed(several, lambda runs: runs.loss_over_b)
    worst = [" ".join(map(str, table.mean().idxmax())) for table in (early, final)]
    return (
        [
            Check.ratio("early", f"largest share of t(0.99) to {loss:g} b", early.max(axis=1), high=share),
            Check.ratio("final", "largest final loss / b", final.max(axis=1), high=final_loss),
        ],
        _used(several),
        f"{len(several)} settings, shortest plateau with {worst[0]}, highest loss with {worst[1]}",
    )


@judge("phases", "batch_size")
def plateau_in_data_by_batch(tables: Tables, *, constant: float, growth: float) -> Result:
    """t(0.99) x batch: of the second smallest batch over the smallest, and of the largest over it (Figure C).

    A run that stays on its plateau counts with its length.
    """
    by_batch = settings(tables, "batch_size")
    _at_least(3, by_batch, "batch sizes")
    data = _by_seed(by_batch, lambda runs: censored_plateau_end(runs) * runs.batch)
    smallest, second, *_, largest = data.columns
    trend = ", ".join(f"{data[batch].mean():,.0f} at {batch}" for batch in data)
    return (
        [
            Check.ratio(
                "constant",
                f"data to t(0.99), batch {second} over {smallest}",
                data[second] / data[smallest],
                1 / constant,
                constant,
            ),
            Check.ratio(
                "growth",
                f"data to t(0.99), batch {largest} over {smallest}",
                data[largest] / data[smallest],
                low=growth,
            ),
        ],
        _used(by_batch),
        f"biographies to t(0.99): {trend}",
    )


@judge("phases", "model_size", "population_size")
def plateau_depends_on_data_more_than_on_size(
    tables: Tables, *, size_change: float, population_factor: float, population_range: float
) -> Result:
    """t(0.99) of the largest model over that of the smallest, and of the largest population over that of the
    smallest (Figures 2 right and C). Where sizes of the population have another range than the paper's
    `population_range`, their ratio is raised to it as a power law.
    """
    by_size, by_people = settings(tables, "model_size"), settings(tables, "population_size")
    _at_least(2, by_size, "model sizes")
    _at_least(2, by_people, "population sizes")
    sizes, people = (_by_seed(by_value, lambda r: r.plateau_end) for by_value in (by_size, by_people))
    if sizes.empty or people.empty:
        raise OutOfRegimeError("a run is still on its plateau at its end")
    fewest, most = people.columns[0], people.columns[-1]
    power = math.log(population_range) / math.log(float(most) / float(fewest))
    ratio = people[most] / people[fewest]
    largest = sizes[sizes.columns[-1]] / sizes[sizes.columns[0]]
    more, larger = (Interval.geometric(ratios).centre for ratios in (ratio, largest))
    return (
        [
            Check.ratio(
                "size", "t(0.99), largest model over smallest", largest, 1 - size_change, 1 + size_change
            ),
            Check.ratio(
                "people",
                f"t(0.99), {population_range:g} times the people",
                ratio**power,
                low=population_factor,
            ),
        ],
        _used(by_size, by_people),
        f"x{more:.3g} from {fewest} to {most} people; x{larger:.3g} with "
        f"{sizes.columns[-1] / sizes.columns[0]:.3g} times the weights",
    )


@judge("phases", "learning_rate")
def large_rate_prolongs_the_plateau(
    tables: Tables, *, factor: float, longer: float, final_loss: float
) -> Result:
    """t(0.99) at the smallest rate of `factor` times the default or more over that at the default, and the
    final loss there over b (Figure C). A run that stays on its plateau counts with its length.
    """
    rates = _rates(tables)
    large = [ratio for ratio in rates if ratio >= factor - _EXACT]
    if not large:
        raise NotMeasuredError(f"no learning rate of {factor:g} times the default in the plan")
    chosen = {"default": rates[1.0], "large": rates[large[0]]}
    ends, final = (_by_seed(chosen, what) for what in (censored_plateau_end, lambda runs: runs.loss_over_b))
    return [
        Check.ratio(
            "longer",
            f"t(0.99) at x{large[0]:g} over the default",
            ends.large / ends.default,
            low=longer,
            at_least=chosen["large"].plateau_end.isna(),
        ),
        Check.ratio("loss", f"final loss / b at x{large[0]:g}", final.large, low=final_loss),
    ], _used(chosen)


def _final_losses(by_value: Settings, best: int, highest: float) -> pd.DataFrame:
    """(seeds, settings) of the final loss on known people over b; the setting `best` must have learned."""
    found = _by_seed(by_value, lambda runs: runs.loss_over_b)
    if not (reached := found[best].mean()) < highest:
        raise OutOfRegimeError(f"final loss {reached:.3g} b with {best} templates in random order")
    return found


@judge("templates")
def random_order_is_necessary(tables: Tables, *, lowest: float, final_loss: float) -> Result:
    """Lowest loss over b in the whole run, with sentences in a fixed order in training and in random order in
    the measurement (Figure A right); with the largest number of templates that both orders have. Visible
    where random order in training ends below `final_loss`.
    """
    random, fixed = by_templates(tables)
    both = sorted(set(random) & set(fixed))
    if not both:
        raise NotMeasuredError("no number of templates in both orders in the plan")
    most = both[-1]
    chosen = {most: random[most]}
    with_random = _final_losses(chosen, most, final_loss)[most]
    runs = fixed[most].set_index("run")
    seen = in_random_order(tables, {most: fixed[most]}).get(most, pd.Series(dtype=float))
    if not set(runs.index) <= set(seen.index.get_level_values(0)):
        raise NotMeasuredError("runs in a fixed order were not measured on sentences in random order")
    of_run = seen.groupby(level="run")
    return (
        [Check.ratio("fixed", f"lowest loss / b, fixed order, {most} templates", of_run.min(), low=lowest)],
        _used(chosen, {most: fixed[most]}),
        f"final loss {of_run.last().mean():.3g} b; with random order in training {with_random.mean():.3g} b",
    )


@judge("templates")
def template_diversity_saturates(
    tables: Tables, *, gain: float, last_change: float, final_loss: float
) -> Result:
    """Final loss over b with sentences in random order: with one training template minus that with the most,
    and the same from the last step in their number (Figure A right). Visible where the most end below
    `final_loss`.
    """
    random, _ = by_templates(tables)
    _at_least(3, random, "numbers of templates")
    numbers = sorted(random)
    most, before, fewest = numbers[-1], numbers[-2], numbers[0]
    loss = _final_losses(random, most, final_loss)
    trend = ", ".join(f"{loss[n].mean():.3g} with {n}" for n in numbers)
    whole, last = (loss[n] - loss[most] for n in (fewest, before))
    return (
        [
            Check.of("gain", f"loss / b with {fewest} - with {most} templates", whole, low=gain),
            Check.of(
                "last", f"loss / b with {before} - with {most} templates", last, -last_change, last_change
            ),
        ],
        _used(random),
        f"final loss / b {trend}",
    )
