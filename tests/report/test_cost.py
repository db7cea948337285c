"""The estimates of what a scale costs agree with what a run announces, and the documents with them."""

import pytest

from pipeline import config as cfg
from pipeline.report import cost
from pipeline.training.loop import Trainer

DOCUMENTS = ("cluster.md", "dvc.md", "gpus-and-nodes.md")


def test_a_run_costs_what_it_announces(run, population):
    estimated = cost.cost([run], cost.size(run))
    assert estimated.steps == run.training.steps
    assert estimated.training == pytest.approx(Trainer(run, population).flops, rel=0.1)


def test_evaluation_is_forward_passes_of_all_slots_and_the_end(run):
    each = cost.Size(tokens=10, flops=3, parameters=1)
    sequences = len(run.slots) * run.evaluation.sequences + run.evaluation.final_sequences
    assert cost.cost([run], each).evaluation == pytest.approx(2 * sequences * 10 * 3 / 3)
    assert cost.hours(3600e12, peak=10, share=0.1) == pytest.approx(1)


def test_the_documents_say_what_the_paper_scale_costs():
    made, found = cost.blocks(cfg.load("paper")), set()
    for name in DOCUMENTS:
        text = (cfg.ROOT / "docs" / name).read_text()
        assert cost.insert(text, made) == text, f"{name}: run `make readme`"
        found |= {block for block in made if f"<!-- {block}: begin" in text}
    assert found == set(made)
