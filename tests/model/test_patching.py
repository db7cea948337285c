"""Attention patching against the unpatched model, and against its definition layer by layer."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.config import run as cfg
from pipeline.model.patching import PatchedTransformer
from pipeline.model.transformer import Transformer

SIZE = (cfg.Model(layers=3, width=24, heads=3), 50, 20)


def transformer(seed: int) -> Transformer:
    torch.manual_seed(seed)
    return Transformer(*SIZE)


def patched(model: Transformer, reference: Transformer) -> PatchedTransformer:
    out = PatchedTransformer(*SIZE, reference.state_dict())
    out.load_state_dict(model.state_dict())
    return out


@pytest.fixture
def tokens():
    return torch.randint(50, (4, 13), generator=torch.Generator().manual_seed(1))


def test_patched_with_its_own_patterns_a_model_computes_the_same_bits(tokens):
    model = transformer(0)
    own = patched(model, model)
    assert torch.equal(own.hidden(tokens), model.hidden(tokens))
    assert torch.equal(own(tokens[:, :-1], tokens[:, 1:]), model(tokens[:, :-1], tokens[:, 1:]))


def test_the_same_in_bf16(tokens):
    model = transformer(0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(patched(model, model).hidden(tokens), model.hidden(tokens))


def test_patterns_are_those_of_the_layers_inputs(tokens):
    """softmax of masked, scaled products of rotated queries and keys; rows sum to 1 and see no future."""
    model = transformer(0)
    x, place = model._embed(tokens)
    for block, pattern in zip(model.blocks, model.patterns(tokens), strict=True):
        q, k, v = block.attention.qkv(block.attention_norm(x)).chunk(3, -1)
        heads = [z.view(4, 13, 3, 8).transpose(1, 2) for z in (q, k, v)]

        def turn(z):
            a, b = z.chunk(2, -1)
            return torch.cat((a * place.cos - b * place.sin, b * place.cos + a * place.sin), -1)

        scores = turn(heads[0]) @ turn(heads[1]).transpose(2, 3) / 8**0.5
        expected = scores.masked_fill(torch.ones(13, 13).triu(1).bool(), -torch.inf).softmax(-1)
        assert not pattern.requires_grad
        torch.testing.assert_close(pattern.view(4, 3, 13, 13), expected)
        x = block(x, place)


def test_the_reference_decides_where_to_look_and_nothing_else(tokens):
    """Every layer of the patched model mixes its own values by the twin's patterns."""
    model, reference = transformer(0), transformer(1)
    x = model.embedding(tokens)
    for block, pattern in zip(model.blocks, reference.patterns(tokens), strict=True):
        v = block.attention.qkv(block.attention_norm(x))[..., 48:].view(4, 13, 3, 8).transpose(1, 2)
        mixed = (pattern.view(4, 3, 13, 13) @ v).transpose(1, 2).reshape(4, 13, 24)
        x = x + block.attention.out(mixed)
        x = x + block.down(F.gelu(block.up(block.mlp_norm(x)), approximate="tanh"))
    torch.testing.assert_close(patched(model, reference).hidden(tokens), model.norm(x))


def test_queries_keys_and_the_reference_get_no_gradient(tokens):
    model = patched(transformer(0), transformer(1))
    model(tokens[:, :-1], tokens[:, 1:]).mean().backward()
    for name, parameter in model.named_parameters():
        if name.endswith("qkv.weight"):
            queries_and_keys, values = parameter.grad[:48], parameter.grad[48:]
            assert not queries_and_keys.any() and values.any(1).all()
        else:
            assert parameter.grad.any(), name
    assert all(p.grad is None and not p.requires_grad for p in model._twin[0].parameters())


def test_the_reference_is_no_part_of_the_weights_but_moves_along():
    model = patched(transformer(0), transformer(1))
    plain = transformer(0)
    assert list(model.state_dict()) == list(plain.state_dict())
    assert len(list(model.parameters())) == len(list(plain.parameters()))
    assert model.double()._twin[0].embedding.weight.dtype == torch.float64
