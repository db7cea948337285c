"""A byte-level BPE tokenizer, trained on the run's own pools and templates (Hugging Face `tokenizers`).

The paper uses a 32k English SentencePiece model that is not public. A vocabulary of the size given in
the parameters is trained instead, small enough that a value still takes several tokens.
"""

from collections.abc import Iterator

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from pipeline.config.population import Pools
from pipeline.data.pools import ATTRIBUTES, pool, templates
from pipeline.data.population import BOS, PAD, value_text

SAMPLES = 20_000


def _corpus(pools: Pools) -> Iterator[str]:
    """Sentences with names and values drawn uniformly from the pools, the same for every seed."""
    rng = np.random.default_rng(0)
    given, surnames = pool("given_names")[: pools.given_names], pool("surnames")[: pools.surnames]
    values = {a: value_text(a, pools) for a in ATTRIBUTES}
    # Everything once: the alphabet then covers all that will ever be encoded, without the 256 bytes.
    yield from (f" {word}" for words in (given, surnames, *values.values()) for word in words)
    yield from (s for a in ATTRIBUTES for t in templates(a) for s in t if s)
    for k in range(SAMPLES):
        attribute = ATTRIBUTES[k % len(ATTRIBUTES)]
        before, between, after = templates(attribute)[rng.integers(25)]
        first, middle = (given[i] for i in rng.integers(len(given), size=2))
        name = f" {first} {middle} {surnames[rng.integers(len(surnames))]}"
        value = f" {values[attribute][rng.integers(len(values[attribute]))]}"
        # One segment a line: BPE never sees a pair that straddles a placeholder's edge.
        yield from (s for s in (before, name, between, value, after) if s)


def train(pools: Pools, vocabulary: int) -> Tokenizer:
    """Train the tokenizer. Raises ValueError when the pools cannot fill the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _corpus(pools),
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=[PAD, BOS],
            show_progress=False,
        ),
    )
    return tokenizer
