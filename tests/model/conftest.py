"""What the tests of every model share."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from pipeline.model.transformer import Transformer


@pytest.fixture
def losses_of() -> Callable[[Transformer], tuple[Tensor, Tensor]]:
    """Losses of a model of 50 tokens on some tokens, in fp32 and under bf16; both are float32."""

    def measure(model: Transformer) -> tuple[Tensor, Tensor]:
        tokens = torch.randint(50, (4, 16))
        exact = model(tokens[:, :-1], tokens[:, 1:])
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(tokens[:, :-1], tokens[:, 1:])
        assert rough.dtype == torch.float32
        return exact, rough

    return measure
