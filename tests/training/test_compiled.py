"""Compiled kernels against the plain ones: losses, gradients and predictions, with batches of any length."""

import shutil
import subprocess

import pytest
import torch

from pipeline.config import run as cfg
from pipeline.model.packing import gather, pack
from pipeline.model.transformer import Transformer
from pipeline.probes.recall import predictions
from pipeline.training import compiler, hardware


def batch(lengths: list[int], seed: int):
    torch.manual_seed(seed)
    tokens = torch.randint(50, (len(lengths), max(lengths) + 1))
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    packing = pack(real)
    return gather(tokens[:, :-1], packing), gather(tokens[:, 1:], packing), packing


@pytest.mark.skipif(compiler.trouble() is not None, reason=str(compiler.trouble()))
def test_one_compilation_serves_all_batches_and_computes_the_same():
    torch._dynamo.reset()
    torch.manual_seed(0)
    model = Transformer(cfg.Model(layers=1, width=32, heads=2), vocabulary=50, context=64)
    fast, fast_predictions = hardware.compiled(model.forward), hardware.compiled(predictions)

    def gradients(loss):
        model.zero_grad()
        loss.sum().backward()
        return [p.grad.clone() for p in model.parameters()]

    torch._dynamo.utils.counters.clear()
    for seed, lengths in enumerate(([40, 37, 29, 12], [33, 33, 30, 31], [61, 5, 17, 44])):
        tokens, targets, packing = batch(lengths, seed)
        ours, plain = fast(tokens, targets, packing), model(tokens, targets, packing)
        torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-5)
        for a, b in zip(gradients(ours), gradients(plain), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
        rows = torch.arange(0, len(tokens), 3 + seed)
        with torch.no_grad():
            measured = fast_predictions(model, tokens, packing, rows, targets[rows])
            torch.testing.assert_close(
                measured, predictions(model, tokens, packing, rows, targets[rows]), rtol=1e-4, atol=1e-5
            )
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2, "one a function"


def test_nothing_is_compiled_where_the_linker_would_not_find_torch(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("PIPELINE_COMPILE", raising=False)
    monkeypatch.setattr(torch, "__file__", "/home/someone/a new folder/.venv/torch/__init__.py")
    assert not hardware.worth_compiling(1e18)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where kernels would be kept, on a machine whose runs repay compiling."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("PIPELINE_COMPILE", "1")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "kernels"))
    return tmp_path / "kernels"


@pytest.mark.skipif(shutil.which("g++") is None, reason="no compiler")
def test_a_compiler_is_tried_once(folder, monkeypatch):
    calls = []
    original = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: calls.append(a) or original(*a, **k))
    monkeypatch.delenv("CXX", raising=False)
    assert compiler.trouble() is None and compiler.trouble() is None
    assert len(calls) == 1 and not list(folder.iterdir())


@pytest.mark.parametrize("broken", ["missing", "compiler", "product", "unwritable"])
def test_kernels_are_plain_where_compiled_ones_cannot_be_loaded(folder, monkeypatch, capsys, broken):
    """A product that does not load is what a folder mounted `noexec` gives."""
    tool = folder.with_name("compiler")
    tool.write_text({"product": '#!/bin/sh\necho no library > "$6"\n'}.get(broken, "#!/bin/sh\nexit 1\n"))
    if broken != "missing":
        tool.chmod(0o755)
    if broken == "unwritable":
        folder.write_text("a file")
    monkeypatch.setenv("CXX", str(tool))
    assert not hardware.worth_compiling(1e18)
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        line.startswith("warning: plain kernels")
        and str(tool if broken in ("missing", "compiler") else folder) in line
    )
