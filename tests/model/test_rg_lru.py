"""The recurrent mixer against a plain loop over time: values, gradients, causality, and whole runs."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch._dynamo.testing import CompileCounterWithBackend

from pipeline.config import run as cfg
from pipeline.config.mixers import recurrent_width
from pipeline.data.sampler import PADDING, Sampler
from pipeline.model.mixers.rg_lru import RGLRU, Recurrence, scan
from pipeline.model.transformer import Transformer
from pipeline.probes import attention
from pipeline.training import loop
from pipeline.training.cost import flops_per_token, weights_of

MODEL = cfg.Model(layers=2, width=24, heads=2, mixer="rg_lru")
NO_PLACE = None  # a recurrence needs no positions
# Around the powers of two that the scan's passes go by, and the lengths of biographies.
LENGTHS = (1, 2, 3, 7, 8, 9, 64, 70, 127)


def loop_scan(a, b):
    h, out = torch.zeros_like(b[:, 0]), []
    for t in range(b.shape[1]):
        h = a[:, t] * h + b[:, t]
        out.append(h)
    return torch.stack(out, 1)


def plain_unit(unit: RGLRU, x):
    """Equations 1 to 4 of De et al., one block and one step at a time."""
    n = x.shape[-1] // unit.blocks
    matrices = [torch.block_diag(*unit.gates[..., part]) for part in (slice(0, n), slice(n, 2 * n))]
    bias_r, bias_i = unit.gate_bias.chunk(2)
    h, out = torch.zeros_like(x[:, 0]), []
    for x_t in x.unbind(1):
        r, i = torch.sigmoid(x_t @ matrices[0] + bias_r), torch.sigmoid(x_t @ matrices[1] + bias_i)
        a = torch.sigmoid(unit.decay) ** (8 * r)
        h = a * h + torch.sqrt(1 - a**2) * (i * x_t)
        out.append(h)
    return torch.stack(out, 1)


def plain_mixer(mixer: Recurrence, x):
    gate, y = (x @ w.T for w in mixer.branches.weight.chunk(2))
    taps = mixer.taps
    conv = torch.zeros_like(y)
    for t in range(y.shape[1]):
        for k in range(4):
            if t - 3 + k >= 0:
                conv[:, t] = conv[:, t] + taps[k] * y[:, t - 3 + k]
    return (F.gelu(gate, approximate="tanh") * plain_unit(mixer.unit, conv)) @ mixer.out.weight.T


@pytest.fixture
def mixer():
    torch.manual_seed(0)
    out = Recurrence(MODEL).double()
    torch.nn.init.normal_(out.unit.gate_bias)  # zero at the start
    return out


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Transformer(MODEL, vocabulary=50, context=20)


@pytest.mark.parametrize("length", LENGTHS)
def test_scan_matches_a_loop_in_values_and_gradients(length):
    torch.manual_seed(length)
    a = torch.rand(2, length, 5, dtype=torch.float64)
    a[:, ::5] = 0  # what came before is forgotten
    a[:, 1::5] = 1
    given = [z.requires_grad_() for z in (a, torch.randn_like(a))]
    weight = torch.randn(2, length, 5, dtype=torch.float64)
    results = []
    for f in (scan, loop_scan):
        out = f(*given)
        results.append((out, *torch.autograd.grad((out * weight).sum(), given)))
    for ours, plain in zip(*results, strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-12)


def test_long_and_strongly_forgetting_sequences_stay_finite():
    a = torch.full((1, 4096, 1), 1e-3)
    h = scan(a, torch.ones_like(a))
    assert torch.isfinite(h).all() and h[0, -1, 0] == pytest.approx(1 / (1 - 1e-3))


def test_mixer_matches_the_equations_in_values_and_gradients(mixer):
    x = torch.randn(3, 37, 24, dtype=torch.float64)
    ours, plain = mixer(x, NO_PLACE), plain_mixer(mixer, x)
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-12)
    weight = torch.randn_like(plain)
    parameters = dict(mixer.named_parameters())
    gradients = [torch.autograd.grad((y * weight).sum(), list(parameters.values())) for y in (ours, plain)]
    for name, mine, theirs in zip(parameters, *gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-10, msg=lambda m, n=name: f"{n}: {m}")


def test_nothing_sees_the_future(model):
    tokens = torch.randint(50, (1, 12))
    changed = tokens.clone()
    changed[0, 7:] = (changed[0, 7:] + 1) % 50
    a, b = model.hidden(tokens), model.hidden(changed)
    torch.testing.assert_close(a[:, :7], b[:, :7], rtol=0, atol=0)
    assert not torch.allclose(a[:, 7:], b[:, 7:])


def test_the_past_is_seen_beyond_the_convolution(model):
    tokens = torch.randint(50, (1, 20))
    changed = tokens.clone()
    changed[0, 0] = (changed[0, 0] + 1) % 50
    assert (model.hidden(tokens) - model.hidden(changed))[0, -1].abs().max() > 1e-4


def test_padding_changes_no_loss_and_no_gradient(population, run):
    torch.manual_seed(0)
    batch = Sampler(population, run.distribution, 0).batch(0, 6)
    model = Transformer(MODEL, population.vocabulary, population.longest_biography() + 30)
    real = batch.kind[:, 1:] != PADDING
    found = []
    for more in (0, 30):
        model.zero_grad()
        tokens, mask = F.pad(batch.tokens, (0, more)), F.pad(real, (0, more))
        loss = torch.where(mask, model(tokens[:, :-1], tokens[:, 1:]), 0).sum()
        loss.backward()
        found.append([loss.detach(), *(p.grad.clone() for p in model.parameters())])
    for short, padded in zip(*found, strict=True):
        torch.testing.assert_close(short, padded, rtol=1e-4, atol=1e-4)


def test_decays_start_between_their_bounds():
    decay = torch.sigmoid(RGLRU(4096, 4).decay.detach()) ** 8
    assert 0.9 <= decay.min() < 0.905 and 0.995 < decay.max() <= 0.9991
    assert decay.mean() == pytest.approx((0.9 + 0.999) / 2, abs=0.003)


def test_bf16_stays_close_to_fp32(model, losses_of):
    exact, rough = losses_of(model)
    torch.testing.assert_close(rough, exact, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(("width", "heads"), [(512, 8), (128, 4), (24, 2), (8, 1)])
def test_it_weighs_about_what_attention_does(width, heads):
    model = cfg.Model(layers=1, width=width, heads=heads, mixer="rg_lru")
    r = recurrent_width(width, heads)
    assert r % (8 * heads) == 0 and r <= max(4 * width / 3, 8 * heads)
    mixer = Recurrence(model)
    matrices = sum(p.numel() for p in mixer.parameters() if p.ndim > 1)
    assert matrices + 8 * width**2 == weights_of(model, vocabulary=0)
    if width >= 128:
        assert matrices == pytest.approx(4 * width**2, rel=0.2)
    tokens = 1000
    assert flops_per_token(model, tokens, 70) == 6 * (matrices + 8 * width**2 + tokens * width)


def test_biases_and_decays_are_not_decayed(model):
    decayed, not_decayed = (group["params"] for group in model.parameter_groups(0.1))
    names = {id(p): n for n, p in model.named_parameters()}
    assert {names[id(p)].rsplit(".", 1)[-1] for p in not_decayed} == {"weight", "gate_bias", "decay"}
    assert {"taps", "gates"} <= {names[id(p)].rsplit(".", 1)[-1] for p in decayed}


def test_compiled_it_is_the_same_in_one_graph_for_every_length(mixer):
    """Traced with its gradient; without a compiler's kernels."""
    torch._dynamo.reset()
    counter = CompileCounterWithBackend("aot_eager")
    compiled = torch.compile(mixer, backend=counter)
    for length in (37, 38, 61):
        x = torch.randn(2, length, 24, dtype=torch.float64, requires_grad=True)
        torch._dynamo.maybe_mark_dynamic(x, 1)
        results = []
        for f in (compiled, mixer):
            y = f(x, NO_PLACE)
            results.append((y, *torch.autograd.grad(y.square().sum(), [x, *mixer.parameters()])))
        for a, b in zip(*results, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    assert counter.frame_count == 1


def test_the_scan_is_a_well_behaved_operation():
    for length in (1, 5):
        a, b = (torch.rand(2, length, 3, requires_grad=True) for _ in "ab")
        torch.library.opcheck(scan, (a, b))


@pytest.fixture
def recurrent(run):
    model = cfg.Model(layers=2, width=32, heads=2, mixer="rg_lru")
    training = run.training.model_copy(update={"steps": 60})
    return run.model_copy(update={"model": model, "training": training})


def test_a_run_learns_and_counts_its_cost(recurrent, population):
    result = loop.Trainer(recurrent, population).train()
    known = [e["loss"] for e in result.evaluations if e["group"] == "known"]
    assert known[-1] < 0.75 * known[0]
    assert all(map(math.isfinite, known))
    assert result.cost["parameters"] == sum(p.numel() for p in result.model.parameters())
    again = Transformer(recurrent.model, population.vocabulary, population.longest_biography())
    again.load_state_dict(result.model.state_dict())


def test_attention_cannot_be_measured(recurrent, population):
    model = Transformer(recurrent.model, population.vocabulary, population.longest_biography())
    with pytest.raises(ValueError, match="no attention patterns"):
        attention.measure(model, Sampler(population, recurrent.distribution, 0), 0, 40, 8)
    with pytest.raises(ValueError, match=r"model\.mixer is rg_lru, allowed: attention"):
        cfg.RunConfig.model_validate(recurrent.model_dump() | {"observe": {"sequences": 8}})


def test_the_default_mixer_is_not_written(run):
    assert "mixer" not in run.model_dump()["model"]
    assert cfg.RunConfig.model_validate(run.model_dump()).id == run.id
    other = run.model_copy(update={"model": run.model.model_copy(update={"mixer": "rg_lru"})})
    assert other.id != run.id and cfg.RunConfig.model_validate(other.model_dump()) == other
