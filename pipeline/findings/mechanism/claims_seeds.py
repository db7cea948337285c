"""Judge of whether the circuit of a seed decides when it comes to know: ours, the paper compares no seeds."""

from pipeline.findings.judging import Result, judge
from pipeline.findings.mechanism.seeds import seeds
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("circuits")
def early_circuits_end_plateaus_early(tables: Tables, *, least: float) -> Result:
    """Over seeds: rank correlation between the step at which attention from attribute to name is half-way up,
    in the last layer, and t(0.99).
    """
    rows = seeds(tables)
    quantity = "rank correlation of the step of half-way attention with t(0.99)"
    return [Check.correlation("rank", quantity, rows.circuit, rows.plateau_end, low=least)], rows
