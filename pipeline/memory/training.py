"""Pre-training of a memory on old pairs, its fine-tuning on new ones (paper, appendix F; Figures Q, R)."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR

from pipeline.config.memory import Phase, ReadOut, Toy
from pipeline.memory import memory
from pipeline.memory.pairs import Pairs, draw, finetuning_batches, pretraining_batches


def _optimiser(toy: Toy, phase: Phase, parameters: memory.Parameters) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        parameters.values(),
        lr=phase.learning_rate,
        betas=(toy.beta1, toy.beta2),
        weight_decay=toy.weight_decay,
        fused=True,
    )


def _step(
    optimiser: torch.optim.AdamW,
    parameters: memory.Parameters,
    pairs: Pairs,
    batch: Tensor,
    read_out: ReadOut,
) -> None:
    """One update of each memory on its own row of `batch` (M, B), indices of pairs."""
    loss = memory.losses(
        memory.logits(parameters, pairs.keys[batch], pairs.values, read_out), pairs.labels[batch]
    )
    optimiser.zero_grad()
    # A sum over memories: none sees another's gradient.
    loss.mean(1).sum().backward()
    optimiser.step()


def pretrain(toy: Toy, pairs: Pairs, read_out: ReadOut, seed: int) -> memory.Parameters:
    """One memory trained on the old pairs, cosine to a rate of 0."""
    parameters = memory.copies(memory.initial(toy, read_out, seed), 1)
    optimiser = _optimiser(toy, toy.pretraining, parameters)
    schedule = CosineAnnealingLR(optimiser, toy.pretraining.steps)
    for batch in pretraining_batches(toy, seed):
        _step(optimiser, parameters, pairs, batch[None], read_out)
        schedule.step()
    return parameters


def finetune(
    toy: Toy, pairs: Pairs, read_out: ReadOut, seed: int, base: memory.Parameters
) -> Iterator[tuple[int, memory.Parameters]]:
    """Step and memories, one a condition, at each measured step; all start from `base` at a constant rate.

    The optimiser starts afresh, as in fine-tuning of the language model here; the paper does not say.
    """
    parameters = memory.copies(base, len(toy.conditions))
    optimiser = _optimiser(toy, toy.finetuning, parameters)
    measured = set(toy.measuring.steps(toy.finetuning.steps))
    for step, batch in enumerate(finetuning_batches(toy, seed)):
        if step in measured:
            yield step, parameters
        _step(optimiser, parameters, pairs, batch, read_out)
    yield toy.finetuning.steps, parameters


@torch.no_grad()
def measure(toy: Toy, pairs: Pairs, read_out: ReadOut, parameters: memory.Parameters) -> list[dict]:
    """For each condition, mean loss (nats) and accuracy on all old pairs and on the condition's new ones."""
    rows = []
    for m, (new, weight) in enumerate(toy.conditions):
        row = {"new": new, "weight": weight}
        one = {name: p[m : m + 1] for name, p in parameters.items()}
        for group, these in (("old", slice(0, pairs.old)), ("new", slice(pairs.old, pairs.old + new))):
            keys, labels = pairs.keys[None, these], pairs.labels[None, these]
            logits = memory.logits(one, keys, pairs.values, read_out)
            row[f"{group}_loss"] = memory.losses(logits, labels).mean().item()
            row[f"{group}_accuracy"] = (logits.argmax(-1) == labels).float().mean().item()
        rows.append(row)
    return rows


def run(toy: Toy, seed: int) -> list[dict]:
    """Every read-out and condition of one seed: a row a measured step."""
    pairs = draw(toy, seed)
    rows = []
    for read_out in toy.read_outs:
        base = pretrain(toy, pairs, read_out, seed)
        for step, parameters in finetune(toy, pairs, read_out, seed, base):
            setting = {"read_out": read_out, "seed": seed, "pairs": toy.pairs, "values": toy.values}
            rows += [setting | {"step": step} | row for row in measure(toy, pairs, read_out, parameters)]
    return rows
