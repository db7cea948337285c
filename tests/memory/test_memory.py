import pytest
import torch
import torch.nn.functional as F

from pipeline.memory import memory
from pipeline.memory.pairs import draw

READ_OUTS = ("value_embeddings", "linear")


def several(toy, read_out, count=3):
    """Different memories, biases included."""
    stack = memory.copies(memory.initial(toy, read_out, 0), count)
    random = torch.Generator().manual_seed(1)
    return {n: (p + torch.randn(p.shape, generator=random)).detach() for n, p in stack.items()}


@pytest.mark.parametrize("read_out", READ_OUTS)
def test_a_stack_is_its_memories_side_by_side(toy, read_out):
    pairs, stack = draw(toy, 0), several(toy, read_out)
    keys = pairs.keys[:30].view(3, 10, 16)
    together = memory.logits(stack, keys, pairs.values, read_out)
    for m in range(3):
        hidden = F.relu(F.linear(keys[m], stack["hidden.weight"][m].T, stack["hidden.bias"][m, 0]))
        output = F.linear(hidden, stack["output.weight"][m].T, stack["output.bias"][m, 0])
        expected = output
        if read_out == "value_embeddings":
            expected = torch.stack([(output * value).sum(1) for value in pairs.values], dim=1)
        assert together.shape == (3, 10, 5)
        assert torch.allclose(together[m], expected, rtol=1e-4, atol=1e-5)


def test_losses_are_in_nats(toy):
    certain = torch.full((2, 3, 5), -1e9)
    certain[..., 1] = 0
    labels = torch.tensor([[1, 1, 1], [1, 1, 1]])
    assert torch.equal(memory.losses(certain, labels), torch.zeros(2, 3))
    none = memory.losses(torch.zeros(2, 3, 5), labels)
    assert torch.allclose(none, torch.full((2, 3), 5.0).log())


@pytest.mark.parametrize(("read_out", "outputs"), [("value_embeddings", 16), ("linear", 5)])
def test_initial_weights(toy, read_out, outputs):
    first = memory.initial(toy, read_out, 0)
    assert first["hidden.weight"].shape == (1, 16, 32) and first["output.weight"].shape == (1, 32, outputs)
    assert first["hidden.weight"].std() == pytest.approx(16**-0.5, rel=0.15)
    assert first["output.weight"].std() == pytest.approx(32**-0.5, rel=0.15)
    assert not first["hidden.bias"].any() and not first["output.bias"].any()
    assert torch.equal(first["hidden.weight"], memory.initial(toy, read_out, 0)["hidden.weight"])
    assert not torch.equal(first["hidden.weight"], memory.initial(toy, read_out, 1)["hidden.weight"])
