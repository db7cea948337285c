"""When the circuit of a seed forms, and when it leaves its plateau."""

import pandas as pd

from pipeline.findings.cells import experiment
from pipeline.tables.crossings import first_crossing
from pipeline.tables.read import Tables


def half_way(tables: Tables, run: str) -> float:
    """The step at which attention from the position before a value to name tokens, in the last layer, is
    half-way from its lowest to its later highest value."""
    seen = tables.layer_of("attention", run, -1)
    rising = seen.iloc[seen.attribute_to_name.argmin() :]
    middle = (rising.attribute_to_name.iloc[0] + rising.attribute_to_name.max()) / 2
    return first_crossing(rising.step, rising.attribute_to_name, middle, rising=True)


def seeds(tables: Tables) -> pd.DataFrame:
    """The runs of `circuits`, one a seed, with the step of half-way attention (`circuit`)."""
    rows = experiment(tables, "circuits")
    return rows.assign(circuit=[half_way(tables, run) for run in rows.run])
