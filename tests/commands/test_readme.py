"""The README quotes what was measured."""

import json
import re

import pandas as pd
import pytest

from pipeline import ROOT
from pipeline.commands.readme import numbers
from pipeline.config import scales
from pipeline.config.experiments import distinct_runs, expand
from pipeline.data import source
from pipeline.data import tokenizer as tok
from pipeline.data.drawing import draw
from pipeline.report import summary
from pipeline.store.plan import only


@pytest.mark.committed
def test_the_readmes_numbers_come_from_the_committed_results():
    block = numbers(ROOT / "results" / scales.DEFAULT)
    assert block in (ROOT / "README.md").read_text(), "run `make readme`"


def test_the_block_is_replaced_between_its_markers():
    old = "a\n<!-- results: begin (made) -->\nold\n<!-- results: end -->\nb\n"
    assert summary.insert(old, "new\n") == old.replace("old", "new")
    with pytest.raises(ValueError, match="markers"):
        summary.insert("no markers", "new")


@pytest.mark.committed
def test_token_counts_of_the_paper_scale():
    who = expand(scales.load("paper"))[0].config.population.model_copy(
        update={"individuals": 4000, "unseen": 1}
    )
    meta = draw(who, 0, tok.train(source.schema(who), who.vocabulary)).meta
    text = (ROOT / "README.md").read_text().replace("\n", " ")
    value, name, biography, baseline = re.search(
        r"a value takes ([\d.]+) tokens, a name ([\d.]+) and a biography (\d+); .* baseline is ([\d.]+) nats",
        text,
    ).groups()
    assert meta["tokens_per_value"] == pytest.approx(float(value), abs=0.03)
    assert meta["tokens_per_name"] == pytest.approx(float(name), abs=0.07)
    assert meta["tokens_per_biography"] == pytest.approx(float(biography), abs=0.7)
    assert meta["baseline_nats"] == pytest.approx(float(baseline), abs=5e-4)


@pytest.mark.committed
def test_how_many_runs_the_default_call_trains():
    params = scales.load()
    core = [name for name, e in params.experiments.items() if not e.extended]
    runs, every = (len(distinct_runs(expand(part))) for part in (only(params, core), params))
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    text = " ".join((ROOT / "README.md").read_text().split())
    hosts = {params.experiments[name].joins or name for name in core}
    assert f"the {runs} runs of the {words[len(hosts)]} core experiments" in text
    assert f"trains all {every} runs" in text


@pytest.mark.committed
def test_the_torture_figures():
    result = json.loads((ROOT / "results" / "torture.json").read_text())
    assert result["identical"] and result["last_call_succeeded"]
    assert f"killed the smoke workflow {result['kills']} times" in (ROOT / "README.md").read_text()


def test_the_interval_of_a_share_is_one_of_shares():
    near, far = pd.Series([0.99, 1.0, 0.995]), pd.Series([0.4, 0.5, 0.6])
    assert f"{summary._share(near):.3f}".endswith(", 1.000]")
    assert f"{summary._share(1 - near):.3f}".startswith("0.005 [0.000,")
    assert summary._share(far) == summary._mean(far)


def test_a_finding_is_told_with_verdicts_what_is_red_and_its_figure():
    claim = {"title": "A claim that is red", "verdict": "smaller at this scale"}
    finding = {"title": "Title", "says": [("It is 2.", claim)], "missing": [], "red": [claim], "figure": None}
    assert summary._finding(2, finding, "results/x") == [
        *("### 2. Title", ""),
        "- It is 2. *Smaller at this scale.*",
        *("- Not reproduced: a claim that is red.", ""),
    ]
    shown = summary._finding(1, finding | {"figure": "phases/three_phases"}, "results/x")
    assert shown[-2].endswith("](results/x/figures/phases/three_phases.png)") and shown[-3] == ""


def test_other_scales_are_told_with_what_is_different_there():
    def claim(name: str, verdict: str, origin: str = "P") -> dict:
        return {"id": name, "title": f"It is {name}", "verdict": verdict, "origin": origin}

    here = [claim("C1", "undecided"), claim("C2", "reproduced"), claim("C3", "not run")]
    there = [claim("C1", "reproduced"), claim("C2", "reproduced"), claim("C3", "undecided")]
    there += [claim("C4", "not run"), claim("ours", "reproduced", "O")]
    assert summary._by_scale(here, {}) == []
    _, _, told, _ = summary._by_scale(here, {"larger": there})
    assert told == (
        "- `larger`: of 3 claims 2 reproduced, 1 undecided. "
        "Other than here: it is C1 (undecided here, reproduced there)."
    )
    assert summary._by_scale(here[:1], {"same": here[:1]})[2].endswith(" All as here.")
