"""The estimates of what a scale costs agree with what a run announces, and the documents with them."""

import functools

import pytest

from pipeline import ROOT
from pipeline.config import scales
from pipeline.costs import documents as cost
from pipeline.costs import estimate as costs
from pipeline.training.loop import Trainer

DOCUMENTS = ("cluster.md", "dvc.md", "gpus-and-nodes.md")


def test_a_run_costs_what_it_announces(run, population):
    trainer = Trainer(run, population)
    assert costs.of_run(run).flops == pytest.approx(trainer.flops, rel=0.1)
    matrices = sum(p.numel() for p in trainer.model.parameters() if p.ndim > 1)
    assert costs.parameters_of(run) == pytest.approx(matrices, rel=0.1)


def test_hours_are_flops_over_the_share_of_the_peak():
    assert cost.hours(3600e12, peak=10, share=0.1) == pytest.approx(1)


@pytest.mark.committed
def test_the_documents_say_what_the_paper_scale_costs(monkeypatch):
    # People differ in their templates too, and are spelled alike.
    monkeypatch.setattr(costs.tokenizer, "train", functools.cache(costs.tokenizer.train))
    made, found = cost.blocks(scales.load("paper-grid")), set()
    for name in DOCUMENTS:
        text = (ROOT / "docs" / name).read_text()
        assert cost.insert(text, made) == text, f"{name}: run `make readme`"
        found |= {block for block in made if f"<!-- {block}: begin" in text}
    assert found == set(made)
