"""What a run's steps add up to, kept on the device: the host, which has to wait for it, asks seldom."""

import torch
from torch import Tensor


class Tally:
    """Sums over steps of (loss per token, loss per value, gradient norm, tokens), in float64 and in order.

    From the first step on whose loss or gradient is not finite nothing is added.
    """

    def __init__(self, device: torch.device, sums: list[float]) -> None:
        self.sums = torch.tensor(sums, dtype=torch.float64, device=device)
        self._failed = torch.full((3,), -1.0, dtype=torch.float64, device=device)  # step, loss, norm

    def add(self, step: int, values: Tensor) -> Tensor:
        """Add a step's values (4,) float64. Returns 1. if this or an earlier step failed, else 0.: what the
        fused optimiser takes as `found_inf`, to leave weights and moments as they are."""
        at = torch.full((1,), step, dtype=torch.float64, device=values.device)
        fails = ~torch.isfinite(values.sum()) & (self._failed[0] < 0)
        self._failed = torch.where(fails, torch.cat([at, values[:1], values[2:3]]), self._failed)
        stopped = self._failed[0] >= 0
        self.sums = torch.where(stopped, self.sums, self.sums + values)
        return stopped.float()

    def read(self) -> tuple[list[float], tuple[int, float, float] | None]:
        """The sums (4), and step, loss per token and gradient norm of the first that failed, if one did.
        Waits for the device."""
        *sums, step, loss, norm = torch.cat([self.sums, self._failed]).tolist()
        return sums, None if step < 0 else (int(step), loss, norm)
