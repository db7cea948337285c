"""Judges of the regimes that claims need: manipulation checks, which say whether the runs put a claim to the
test.

They look at phases, circuits, knowledge and sizes, and never at an effect that a claim is about. b is the
no-knowledge baseline, t(0.99) the step at which the loss on known people falls below 0.99 b.
"""

import math

from pipeline.findings.cells import default_runs, observed_runs, of_any
from pipeline.findings.curves import first_phase_end
from pipeline.findings.judging import NotMeasuredError, OutOfRegimeError, Result, judge
from pipeline.findings.verdict import Check
from pipeline.tables.read import Tables


@judge("phases")
def plateau_stands_apart(tables: Tables, *, loss: float, share: float) -> Result:
    """Step at which the loss on known people first comes down to `loss` x b, over t(0.99), in the default
    run: the paper's plateau takes most of the time to t(0.99). A run that never gets there counts as its
    whole length.
    """
    rows = default_runs(tables)
    if rows.plateau_end.isna().any():
        raise OutOfRegimeError("a default run is still on its plateau at its end")
    ends = [first_phase_end(tables, row, loss) for row in rows.itertuples()]
    reached = [steps if math.isnan(end) else end for end, steps in zip(ends, rows.steps, strict=True)]
    return [
        Check.ratio("apart", f"step of {loss:g} b / t(0.99)", reached / rows.plateau_end, high=share)
    ], rows


@judge("attention")
def attention_has_moved(tables: Tables, *, over_text: float, over_start: float) -> Result:
    """Last layer, at the end of the observed default run: attention from the attribute to the name over that
    to the template text, and over attention to the name at step 0.
    """
    rows = observed_runs(tables)
    seen = [tables.layer_of("attention", run, -1) for run in rows.run]
    name = [s.attribute_to_name.iloc[-1] for s in seen]
    text = [n / s.attribute_to_text.iloc[-1] for n, s in zip(name, seen, strict=True)]
    risen = [n / s.attribute_to_name.iloc[0] for n, s in zip(name, seen, strict=True)]
    return [
        Check.ratio("over_text", "attention to the name / to the text at the end", text, low=over_text),
        Check.ratio("risen", "attention to the name at the end / at step 0", risen, low=over_start),
    ], rows


@judge("phases")
def people_are_known(tables: Tables, *, accuracy: float) -> Result:
    """Final accuracy on known people of the default run, from which fine-tuning starts."""
    rows = default_runs(tables)
    return [Check.share("known", "final accuracy on known people", rows.known_accuracy, low=accuracy)], rows


@judge("finetune_sizes")
def many_new_people_a_batch(tables: Tables, *, smallest_share: float, least: float) -> Result:
    """New people over the batch of fine-tuning, in the smallest of the sets of `smallest_share` or more of
    the old people: the sets in which the paper sees a collapse. With replay or without.
    """
    rows = of_any(tables, ("finetune_sizes", "finetune_replay"))
    rows = rows[rows.new >= smallest_share * rows.individuals].drop_duplicates("run")
    if rows.empty:
        raise NotMeasuredError(f"no fine-tuning set of {smallest_share:g} of the pre-training people or more")
    smallest = (rows.new / rows.batch).groupby(rows.seed).min()
    return [Check.of("many", "new people / batch, smallest set", smallest, low=least)], rows
