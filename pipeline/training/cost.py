"""What a run costs by formula: tokens, and floating-point operations (FLOP) of its model."""

from pipeline.config import run as cfg
from pipeline.config.mixers import MIXERS
from pipeline.config.probes import PROBES


def weights_of(model: cfg.Model, vocabulary: int) -> int:
    """Weights that multiply every token, the embedding's among them."""
    mixer = MIXERS[model.mixer].weights(model.width, model.heads)
    return model.layers * (mixer + 2 * model.mlp_ratio * model.width**2) + vocabulary * model.width


def flops_per_token(model: cfg.Model, vocabulary: int, context: float) -> float:
    """Training FLOPs a token: 6 a weight, and 12 x layers x width x context / 2 for causal attention (forward
    and backward). A recurrence's own, element by element, are not counted."""
    attention = model.layers * model.width * context if MIXERS[model.mixer].attends else 0
    return 6 * (weights_of(model, vocabulary) + attention)


def tokens_of(run: cfg.RunConfig, biography: float) -> float:
    """Tokens that a run trains on, given the mean length of a biography; padding is not counted."""
    return run.training.batch * (run.training.steps - run.first_step) * biography


def flops_of(run: cfg.RunConfig, vocabulary: int, biography: float) -> float:
    """FLOPs of a run's training."""
    # Forward is a third of training; the twin of a patched run goes forward only.
    passes = 4 / 3 if run.patching else 1
    return passes * tokens_of(run, biography) * flops_per_token(run.model, vocabulary, biography)


def evaluation_flops_of(run: cfg.RunConfig, vocabulary: int, biography: float) -> float:
    """FLOPs of its measurements at most: at every slot, and once more of the final weights."""
    measured = run.evaluation
    sequences = len(run.groups) * (len(run.slots) * measured.sequences + measured.final_sequences)
    if run.evaluation.apart:
        sequences += len(run.slots) * run.evaluation.apart * len(run.parts)
    if run.observe:
        passes_a_slot = sum(PROBES[name].passes * count for name, count in run.observe.asked.items())
        sequences += len(run.slots) * passes_a_slot
    passes = 2 if run.patching else 1
    # At most: logits are computed where a value is predicted only.
    return passes * sequences * biography * flops_per_token(run.model, vocabulary, biography) / 3
