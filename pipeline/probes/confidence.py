"""How sure a model is of its answers, as a histogram. It tells at which confidence answers about people
that it knows can be told from those about never-seen ones (paper, section 5: it is confident about both)."""

import numpy as np
import torch
from torch import Tensor

BIN, LEAST, MOST = 0.25, -8.0, 16.0  # of log-odds: confidences of interest lie within 1e-4 of one
EDGES = np.arange(LEAST, MOST, BIN)  # lower ones


class Histogram:
    """Values counted by the confidence of the model: the product over a value's tokens of the largest
    probability, each given the true tokens before it. Where the answer is right this is the probability of
    that answer."""

    def __init__(self) -> None:
        self.values = np.zeros(len(EDGES), np.int64)
        self.right = np.zeros(len(EDGES), np.int64)

    def add(self, log_confidence: Tensor, right: Tensor) -> None:
        """More values: logarithms of their confidences (n,), and whether each answer is right (n,)."""
        log_p = log_confidence.double().clamp(max=-1e-12)
        odds = log_p - torch.log(-torch.expm1(log_p))
        place = ((odds - LEAST) / BIN).floor().clamp(0, len(EDGES) - 1).long().cpu().numpy()
        self.values += np.bincount(place, minlength=len(EDGES))
        self.right += np.bincount(place[right.bool().cpu().numpy()], minlength=len(EDGES))

    def rows(self) -> list[dict[str, float]]:
        """Of the bins that anything is in: log_odds, the lower edge; values; right, how many of these are."""
        there = np.flatnonzero(self.values)
        return [
            {"log_odds": float(EDGES[k]), "values": int(self.values[k]), "right": int(self.right[k])}
            for k in there
        ]
