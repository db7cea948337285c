"""A stack of associative memories: multi-layer perceptrons with one hidden layer of ReLU units.

Paper, appendix F. It leaves open how a value is read out of the network; there are two ways here:
"value_embeddings", the scalar product of the output with each value's vector, and "linear", an output a
value. Its initial weights are not stated either: LeCun's normal ones, without biases.

Parameters have a leading axis of memories (M), which train side by side in batched products: one memory
alone would leave the processor waiting for Python.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.config.memory import ReadOut, Toy
from pipeline.memory.pairs import WEIGHTS, generator

Parameters = dict[str, Tensor]


def initial(toy: Toy, read_out: ReadOut, seed: int) -> Parameters:
    """One memory (M = 1) with random weights of variance 1 / inputs, and biases of 0."""
    random = generator(seed, WEIGHTS)
    outputs = toy.dimension if read_out == "value_embeddings" else toy.values

    def weights(inputs: int, outputs: int) -> Tensor:
        return torch.randn(1, inputs, outputs, generator=random) / inputs**0.5

    return {
        "hidden.weight": weights(toy.dimension, toy.hidden),
        "hidden.bias": torch.zeros(1, 1, toy.hidden),
        "output.weight": weights(toy.hidden, outputs),
        "output.bias": torch.zeros(1, 1, outputs),
    }


def copies(parameters: Parameters, count: int) -> Parameters:
    """`count` copies of one memory, to be trained."""
    return {name: p.detach().repeat(count, 1, 1).requires_grad_() for name, p in parameters.items()}


def logits(parameters: Parameters, keys: Tensor, values: Tensor, read_out: ReadOut) -> Tensor:
    """(M, B, V) from keys (M, B, D) and the values' vectors (V, D)."""
    hidden = torch.baddbmm(parameters["hidden.bias"], keys, parameters["hidden.weight"]).relu()
    output = torch.baddbmm(parameters["output.bias"], hidden, parameters["output.weight"])
    return output @ values.T if read_out == "value_embeddings" else output


def losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy (M, B) in nats of logits (M, B, V) and labels (M, B)."""
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape)
