"""What can be measured of an observed run at each checkpoint: one entry a probe, which is a module of
pipeline/probes.

Recall has none: it is measured of every run (pipeline/probes/recall.py, the table of curves).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """table: what it fills, of a run and of its experiment; keys: what tells the rows of a checkpoint apart;
    columns: what it measures; passes: its cost, in forward passes over a biography. Probes of one table
    measure the same rows, and each adds its columns."""

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    passes: int


PROBES = {
    "attention": Probe(
        table="attention",
        keys=("layer",),
        columns=(
            *("name_to_name", "attribute_to_name", "attribute_to_last_name", "attribute_to_text"),
            "sharpness",
        ),
        passes=1,
    ),
    # Forward and backward: three times the forward pass.
    "credit": Probe("attention", ("layer",), ("credit_to_name", "credit_to_text"), passes=3),
    "by_attribute": Probe("by_attribute", keys=("attribute",), columns=("loss", "accuracy"), passes=1),
    "random_order": Probe("random_order", keys=(), columns=("loss", "accuracy"), passes=1),
}


def keys_of(table: str) -> tuple[str, ...]:
    """What tells the rows of a checkpoint apart in a table of observed runs."""
    return next(probe.keys for probe in PROBES.values() if probe.table == table)


# Columns of the tables of an evaluation, besides that of final values (pipeline/stages/evaluate.py).
OF_FINAL = {
    "confidences": ("run", "group", "log_odds", "values", "right"),
    "parts": ("run", "part", "people", "share"),
    "forgetting": (
        *("run", "step", "accuracy", "shift_removed", "shift_alone", "top_removed"),
        *("rank", "common"),
    ),
}

TABLES = tuple(dict.fromkeys(probe.table for probe in PROBES.values()))
