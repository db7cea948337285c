"""A scale's numbers without a unit that its tables tell, over seeds: the measured ones of units.yaml."""

import math

import pandas as pd

from pipeline.config.experiments import Params, expand
from pipeline.costs import estimate, units
from pipeline.costs.units import Found
from pipeline.findings.cells import DEFAULT_RUNS, default_runs, uniform_like
from pipeline.findings.curves import first_phase_end
from pipeline.findings.statistics import UNDEFINED, Interval
from pipeline.tables.read import Tables

# Of the default run, observed; and where families of distributions are compared.
OBSERVED, FAMILIES = ("phases", "attention"), "power_law"
READS = tuple(dict.fromkeys([*DEFAULT_RUNS, *OBSERVED, FAMILIES]))


def _found(interval: Interval, digits: int = 3) -> Found:
    """Of a run that is still on its plateau at its end, NaN: it meets no requirement."""
    return Found((interval.centre,), f"{interval:.{digits}g}")


def _ends(rows: pd.DataFrame) -> dict[str, Found]:
    """What the end of the plateau tells of the default runs."""
    ends = rows.plateau_end
    out = {
        "exposures": _found(Interval.geometric(ends * rows.batch / rows.individuals)),
        "length": _found(Interval.geometric(rows.steps / ends)),
        "accuracy": _found(Interval.share(rows.known_accuracy), digits=4),
    }
    if len(rows) > 1:
        spread = float(ends.std(skipna=False) / ends.mean(skipna=False))
        out["spread"] = Found((spread,), UNDEFINED if math.isnan(spread) else "")
    return out


def _first_phase(tables: Tables, rows: pd.DataFrame) -> dict[str, Found]:
    """How early the loss comes down to the plateau."""

    def steps(ratio: float) -> list[float]:
        return [first_phase_end(tables, run, ratio) for run in rows.itertuples()]

    ratios = {"at_1_10": 1.10, "at_1_06": 1.06}
    return {key: _found(Interval.geometric(steps(r) / rows.plateau_end)) for key, r in ratios.items()}


def _families(tables: Tables, default: pd.DataFrame) -> dict[str, Found]:
    """Of the uniform runs beside the families' on the default number of people, the shortest ones."""
    rows = tables.of(FAMILIES)
    rows = rows[rows.individuals == default.individuals.iloc[0]]
    uniform = uniform_like(tables, rows[rows.steps == rows.steps.min()])
    ratio = Interval.geometric(uniform.steps / uniform.plateau_end)
    return {"families_length": _found(ratio)} if ratio.seeds else {}


def _attention(tables: Tables) -> dict[str, Found]:
    """Where attention goes in the end, in the first experiment of OBSERVED that has it."""
    seen = set(tables.observed["attention"].run)
    for name in OBSERVED:
        runs = [run for run in tables.of(name).run.unique() if run in seen]
        if runs:
            break
    else:
        return {}
    wanted = {"attribute_to_name": -1, "attribute_to_text": -1, "name_to_name": 1}
    return {
        key: _found(Interval.share([tables.layer_of("attention", run, layer)[key].iloc[-1] for run in runs]))
        for key, layer in wanted.items()
    }


def measured(tables: Tables) -> dict[str, Found]:
    """The numbers by key; those that these tables do not tell are left out."""
    rows = default_runs(tables)
    if rows.empty:
        return {}
    return {**_ends(rows), **_first_phase(tables, rows), **_families(tables, rows), **_attention(tables)}


def beside_the_paper(scale: str, params: Params, tables: Tables | None) -> list[units.Row]:
    """All numbers of a scale, those of its plan and those that its tables tell, beside the paper's."""
    of_plan = units.planned(params) | estimate.tokens(expand(params)[0].config)
    return units.rows(scale, of_plan | (measured(tables) if tables else {}))
