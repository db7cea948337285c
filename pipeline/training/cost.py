"""What a run costs by formula: tokens, and floating-point operations (FLOP) of its model."""

from pipeline.config import run as cfg


def weights_of(model: cfg.Model, vocabulary: int) -> int:
    """Weights that multiply every token, the embedding's among them."""
    mixer = 4 * model.width**2
    if model.mixer == "rg_lru":
        r = model.recurrent_width
        mixer = 3 * model.width * r + 2 * r * r // model.heads + cfg.TAPS * r
    return model.layers * (mixer + 2 * model.mlp_ratio * model.width**2) + vocabulary * model.width


def flops_per_token(model: cfg.Model, vocabulary: int, context: float) -> float:
    """Training FLOPs a token: 6 a weight, and 12 x layers x width x context / 2 for causal attention (forward
    and backward). A recurrence's own, element by element, are not counted."""
    attention = model.layers * model.width * context if model.mixer == "attention" else 0
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
        # Credit takes forward and backward passes: three times the forward one.
        sequences += len(run.slots) * (run.observe.sequences + 3 * (run.observe.credit or 0))
    passes = 2 if run.patching else 1
    # At most: logits are computed where a value is predicted only.
    return passes * sequences * biography * flops_per_token(run.model, vocabulary, biography) / 3
