"""Judge of where errors on values go: the paper argues it (section 3), and we measure it.

b is the no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b.
"""

from pipeline.findings.curves import first_phase_end
from pipeline.findings.judging import OutOfRegimeError, Result, judge
from pipeline.findings.mechanism.credit import in_last_layer, observed
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("credit")
def errors_come_to_reach_names(tables: Tables, *, plateau: float) -> Result:
    """In the states that enter the last layer: the ratio of the gradient at names to the gradient at template
    text, at t(0.99) over the end of the first phase, where the loss first comes down to `plateau` x b.
    """
    rows = observed(tables)
    if rows.plateau_end.isna().any():
        raise OutOfRegimeError("a run is still on its plateau at its end")
    begin = [first_phase_end(tables, row, plateau) for row in rows.itertuples()]
    growth = in_last_layer(tables, rows, rows.plateau_end) / in_last_layer(tables, rows, begin)
    return [
        Check.ratio("growth", "names over text at t(0.99) / at the end of the first phase", growth, low=1)
    ], rows
