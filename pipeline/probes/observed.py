"""All probes that an observed run asks for, by the tables that they fill."""

from importlib import import_module

from pipeline.config.probes import keys_of
from pipeline.config.run import Observation
from pipeline.data.sampler import Sampler
from pipeline.model.transformer import Transformer

MODULES = "pipeline.probes.*"  # also tells that all of them decide what training computes


def measure(
    observe: Observation, model: Transformer, sampler: Sampler, first: int, count: int
) -> dict[str, list[dict[str, float | str]]]:
    """Rows of each table, on biographies of people from `first` on. Each probe measures by a function of its
    module, `measure(model, sampler, first, count, sequences)`; those of one table have the same rows."""
    out = {}
    for table, probes in observe.tables.items():
        rows: dict[tuple, dict[str, float | str]] = {}
        for name in probes:
            probe = import_module(MODULES.replace("*", name))
            for row in probe.measure(model, sampler, first, count, observe.asked[name]):
                rows.setdefault(tuple(row[key] for key in keys_of(table)), {}).update(row)
        out[table] = list(rows.values())
    return out
