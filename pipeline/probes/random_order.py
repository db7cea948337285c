"""Recall where sentences come in random order, of a run trained on a fixed one (paper, Figure A right).

The run's own evaluation keeps the order of training. There, the place of a sentence tells what comes next.
"""

from pipeline.config.probes import PROBES
from pipeline.data.sampler import Sampler
from pipeline.model.transformer import Transformer
from pipeline.probes import recall

# As in the table of curves: loss, nats per value; accuracy, share of values that are fully right.
COLUMNS = PROBES["random_order"].columns


def measure(
    model: Transformer, sampler: Sampler, first: int, count: int, sequences: int
) -> list[dict[str, float]]:
    """One row, of COLUMNS, on `sequences` held-out biographies of people from `first` on."""
    seen = recall.measure(model, sampler.in_random_order(), first, count, sequences).summary()
    return [{name: seen[name] for name in COLUMNS}]
