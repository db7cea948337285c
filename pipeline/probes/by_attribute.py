"""Recall of each attribute by itself: which facts are known first?"""

from pipeline.data.sampler import Sampler
from pipeline.model.transformer import Transformer
from pipeline.probes import recall


def measure(
    model: Transformer, sampler: Sampler, first: int, count: int, sequences: int
) -> list[dict[str, float | str]]:
    """One row an attribute, on `sequences` held-out biographies of people from `first` on. loss: nats a
    value; accuracy: share of values that are fully right."""
    seen = recall.measure(model, sampler, first, count, sequences)
    return [
        {"attribute": name, "loss": loss, "accuracy": accuracy}
        for name, loss, accuracy in zip(
            sampler.names, seen.loss.tolist(), seen.accuracy.tolist(), strict=True
        )
    ]
