"""A byte-level BPE tokenizer, trained on the run's own words and templates (Hugging Face `tokenizers`).

The paper uses a 32k English SentencePiece model that is not public. A vocabulary of the size given in
the parameters is trained instead, small enough that a value still takes several tokens.
"""

from collections.abc import Iterator

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from pipeline.data.schema import BOS, PAD, Schema

SAMPLES = 20_000


def _corpus(said: Schema) -> Iterator[str]:
    """Sentences with names and values drawn uniformly from their lists, the same for every seed."""
    rng = np.random.default_rng(0)
    lists = [*dict.fromkeys(said.words), *(a.values for a in said.attributes)]
    # Everything once: the alphabet then covers all that will ever be encoded, without the 256 bytes.
    yield from (f" {word}" for words in lists for word in words)
    yield from (s for a in said.attributes for t in a.templates for s in t if s)
    for k in range(SAMPLES):
        attribute = said.attributes[k % len(said.attributes)]
        before, between, after = attribute.templates[rng.integers(len(attribute.templates))]
        name = "".join(f" {words[rng.integers(len(words))]}" for words in said.words)
        value = f" {attribute.values[rng.integers(len(attribute.values))]}"
        # One segment a line: BPE never sees a pair that straddles a placeholder's edge.
        yield from (s for s in (before, name, between, value, after) if s)


def train(said: Schema, vocabulary: int) -> Tokenizer:
    """Train the tokenizer. Raises ValueError when the lists cannot fill the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        _corpus(said),
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=[PAD, BOS],
            show_progress=False,
        ),
    )
    return tokenizer
