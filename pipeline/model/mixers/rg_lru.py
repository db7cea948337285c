"""The recurrent sequence mixer: the block of Hawk with its RG-LRU (De et al. 2024, arXiv 2402.19427).

The paper puts it in the place of attention (Figure C, "ssm") and leaves open how wide it is. Here it is as
in Griffin's report: 4/3 of the model's width, so that its matrices weigh what attention's do, with as many
gate blocks as attention would have heads. Linear layers have no biases, as in the rest of the model.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.config import run as cfg
from pipeline.config.mixers import TAPS, recurrent_width
from pipeline.model.mixers.mixer import Mixer, Positions
from pipeline.model.packing import Packing, gather, spread

_C = 8.0
_LEAST_DECAY, _LARGEST_DECAY = 0.9, 0.999  # of a^c at the start
# sqrt(1 - a^2) is infinitely steep at a = 1: below this its gradient is cut off.
_LEAST_SQUARE = 1e-6


def _double(a: Tensor, b: Tensor) -> Tensor:
    """All h_t = a_t h_(t-1) + b_t, h_(-1) = 0, of a, b (B, T, R), in log2(T) passes over the sequence.

    After a pass, a_t and b_t stand for the last 2, 4, 8, ... steps up to t. Products of decays only shrink:
    nothing overflows, as it can where they are divided out of a cumulative sum.
    """
    shift, t = 1, a.shape[1]
    while shift < t:
        b = torch.cat([b[:, :shift], torch.addcmul(b[:, shift:], a[:, shift:], b[:, :-shift])], 1)
        a = torch.cat([a[:, :shift], a[:, shift:] * a[:, :-shift]], 1)
        shift *= 2
    return b


# One operation to torch.compile: fused, each pass would compute the ones before it again, and a mixer took
# minutes to compile.
@torch.library.custom_op("pipeline::scan", mutates_args=())
def scan(a: Tensor, b: Tensor) -> Tensor:
    """All h_t = a_t h_(t-1) + b_t (B, T, R), element by element, from h = 0; a in [0, 1]."""
    h = _double(a, b)
    return h.clone() if h is b else h


@scan.register_fake
def _(a: Tensor, b: Tensor) -> Tensor:
    return torch.empty_like(b)


def _save(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
    ctx.save_for_backward(inputs[0], output)


def _gradients(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """The same recurrence backwards in time; only decays and states are kept for it."""
    a, h = ctx.saved_tensors
    later = F.pad(a[:, 1:], (0, 0, 0, 1))  # the decay of the step after
    g = scan(later.flip(1), gradient.flip(1)).flip(1)
    return g * F.pad(h[:, :-1], (0, 0, 1, 0)), g


scan.register_autograd(_gradients, setup_context=_save)


class RGLRU(nn.Module):
    """Real-gated linear recurrent unit over `width` channels, whose gates mix those of a block."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.blocks = blocks
        n = width // blocks
        # Of both gates, recurrence before input: one product for the two.
        self.gates = nn.Parameter(torch.randn(blocks, n, 2 * n) * n**-0.5)
        self.gate_bias = nn.Parameter(torch.zeros(2 * width))
        decay = torch.empty(width).uniform_(_LEAST_DECAY, _LARGEST_DECAY)  # a^c
        self.decay = nn.Parameter(torch.logit(decay ** (1 / _C)))  # Lambda, a = sigmoid(Lambda)

    def forward(self, x: Tensor) -> Tensor:
        """States h (B, T, R) of x (B, T, R), in the precision of x, computed in fp32 at least."""
        b, t, r = x.shape
        exact = torch.promote_types(x.dtype, torch.float32)
        # (blocks, B T, n) @ (blocks, n, 2 n), and back to the order of the channels.
        by_block = x.reshape(b * t, self.blocks, -1).transpose(0, 1)
        gates = torch.bmm(by_block, self.gates.to(x.dtype)).view(self.blocks, b, t, 2, -1)
        gates = gates.permute(1, 2, 3, 0, 4).reshape(b, t, 2 * r).to(exact) + self.gate_bias
        recurrence, take = torch.sigmoid(gates).chunk(2, -1)
        log_a = _C * recurrence * F.logsigmoid(self.decay)
        scale = (-torch.expm1(2 * log_a)).clamp(min=_LEAST_SQUARE).sqrt()
        return scan(log_a.exp(), scale * take * x.to(exact)).to(x.dtype)


class Recurrence(Mixer):
    """Hawk's temporal mixing: a GELU branch gates a branch of causal convolution and RG-LRU."""

    def __init__(self, model: cfg.Model) -> None:
        super().__init__()
        r = recurrent_width(model.width, model.heads)
        self.branches = nn.Linear(model.width, 2 * r, bias=False)
        self.taps = nn.Parameter(torch.randn(TAPS, r) * TAPS**-0.5)
        self.unit = RGLRU(r, model.heads)
        self.out = nn.Linear(r, model.width, bias=False)

    def forward(
        self, x: Tensor, place: Positions, pattern: Tensor | None = None, packing: Packing | None = None
    ) -> Tensor:
        """As Mixer.forward; the recurrence needs no positions, and takes no pattern."""
        gate, y = self.branches(x).chunk(2, -1)
        y = spread(y, packing)
        # As products of shifted sequences: the library's convolution would be compiled anew for every length.
        t, earlier = y.shape[1], F.pad(y, (0, 0, TAPS - 1, 0))
        y = sum(earlier[:, k : k + t] * tap.to(y.dtype) for k, tap in enumerate(self.taps.unbind()))
        return self.out(F.gelu(gate, approximate="tanh") * gather(self.unit(y), packing))


build = Recurrence
