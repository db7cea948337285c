"""Packed rows against padded batches: the same losses and gradients, whatever lies in the padding."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import run as cfg
from pipeline.model import packing as packed
from pipeline.model.cross_entropy import cross_entropy
from pipeline.model.packing import gather, pack, spread
from pipeline.model.patching import PatchedTransformer
from pipeline.model.transformer import Transformer

ATTENTION, RECURRENT = (cfg.Model(layers=2, width=24, heads=3, mixer=m) for m in ("attention", "rg_lru"))
lengths = st.lists(st.integers(1, 13), min_size=1, max_size=6)


def real(of: list[int]) -> torch.Tensor:
    return torch.arange(13) < torch.tensor(of)[:, None]


def plain(size: cfg.Model) -> Transformer:
    torch.manual_seed(0)
    return Transformer(size, 50, 20)


def patched() -> Transformer:
    own = PatchedTransformer(ATTENTION, 50, 20, Transformer(ATTENTION, 50, 20).state_dict())
    own.load_state_dict(plain(ATTENTION).state_dict())
    return own


MODELS = {"attention": plain(ATTENTION), "recurrent": plain(RECURRENT), "patched": patched()}


@given(lengths, st.sampled_from([1, 4, 32]))
def test_a_packing_holds_every_real_token_once_in_order(of, rows):
    mask = real(of)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_ROWS", rows)
        p = pack(mask)
    assert torch.equal(p.at, p.at.unique())
    assert set(mask.flatten().nonzero()[:, 0].tolist()) <= set(p.at.tolist())
    assert len(p.at) % rows == 0 or len(p.at) == mask.numel()
    assert len(p.at) - int(mask.sum()) < rows
    x = torch.arange(mask.numel()).view(mask.shape)
    assert torch.equal(gather(x, p), p.at)
    assert torch.equal(spread(gather(x, p), p)[mask], x[mask])
    assert torch.equal((p.row >= 0).flatten().nonzero()[:, 0], p.at)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=10, deadline=None)
@given(lengths, st.data())
def test_states_of_some_rows_are_those_of_all(name, of, data):
    ours, mask = MODELS[name].double(), real(of)
    tokens = torch.randint(50, mask.shape, generator=torch.Generator().manual_seed(1))
    for inputs, packing in ((tokens, None), (gather(tokens, pack(mask)), pack(mask))):
        rows = torch.tensor(data.draw(st.lists(st.integers(0, inputs.numel() - 1), unique=True)), dtype=int)
        every = ours.hidden(inputs, packing).flatten(0, -2)
        torch.testing.assert_close(ours.hidden(inputs, packing, rows), every[rows])


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=10, deadline=None)
@given(lengths, st.sampled_from([1, 32]))
def test_losses_and_gradients_are_those_of_the_padded_batch(name, of, rows):
    ours, mask = MODELS[name].double(), real(of)
    tokens = torch.randint(50, (len(of), 14), generator=torch.Generator().manual_seed(1))
    inputs, targets = tokens[:, :-1], tokens[:, 1:]

    def gradients(loss):
        ours.zero_grad()
        torch.where(mask, loss, 0).sum().backward()
        return [p.grad.clone() for p in ours.parameters() if p.grad is not None]

    whole = ours(inputs, targets)
    expected = gradients(whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_ROWS", rows)
        p = pack(mask)
    loss = spread(ours(gather(inputs, p), gather(targets, p), p), p)
    torch.testing.assert_close(loss[mask], whole[mask], rtol=1e-5, atol=1e-6)
    for a, b in zip(gradients(loss), expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_cross_entropy_is_torchs(dtype):
    torch.manual_seed(0)
    logits = (4 * torch.randn(17, 31)).to(dtype).requires_grad_()
    targets, weights = torch.randint(31, (17,)), torch.randn(17)
    plain = logits.detach().float().requires_grad_()
    expected = F.cross_entropy(plain, targets, reduction="none")
    ours = cross_entropy(logits, targets)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, expected)
    (ours * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(
        logits.grad.float(), plain.grad, rtol=1e-2 if dtype != torch.float32 else 1e-5, atol=1e-6
    )
