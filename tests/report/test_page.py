"""The page holds every claim, figure and run, and needs nothing outside itself."""

import base64
import functools
import itertools
import json
import math
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline.config.experiments import TOY, Params
from pipeline.costs import units
from pipeline.costs.estimate import amount
from pipeline.findings import figures, ledger
from pipeline.findings.verdict import (
    OUT_OF_REGIME,
    REPRODUCED,
    SMALLER,
    UNDECIDED,
    VERDICTS,
    Aim,
    Check,
    as_json,
    decide,
)
from pipeline.report import checks, headlines, page, rows, small_multiple
from pipeline.store import code
from pipeline.store.artefacts import ArtefactError, manifest_of, seal
from pipeline.store.files import write_atomically
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests import params
from tests.findings.synthetic_tables import build

DRAWN = ["phases/three_phases", "hallucination/confidence"]
OURS = "ours-too"  # a claim that is not the paper's


PLAIN = Aim(kind="direction")
SIZED = Aim(kind="direction", paper=3, margin=0.5, margin_from="one seed")


TREND = {
    "sizes": [1024, 2048, 4096],
    "ratios": [{"estimate": x, "interval": [x - 0.1, x + 0.1]} for x in (0.8, 0.75, 0.7)],
    "seeds": 3,
    "slope": {"estimate": -0.1, "interval": [-0.2, 0.0]},
    "at_paper": {"estimate": 0.5, "interval": [0.4, 0.7]},
    "paper": 0.66,
    "holds": True,
}


def told(check: Check, aim: Aim = PLAIN) -> dict:
    (part,) = decide([check], {check.key: aim})
    return as_json(part)


def claims(run: str) -> list[dict]:
    """The paper's, of all verdicts in turn, and one of ours that is reproduced."""
    given = [
        told(Check.of("a", "a", [0.9, 1.0, 1.1], high=2)),
        told(Check.of("b", "b", [2.9, 3.0, 3.1], low=2), SIZED),
    ]
    open_ = told(Check.ratio("c", "c", [0.8, 1.0, 1.3], low=1))
    known = told(Check.of("known", "final accuracy", [0.5, 0.51, 0.52], low=0.99))
    judged = [(f"C{k}", VERDICTS[k % 7], "P") for k in range(1, 54)] + [(OURS, VERDICTS[0], ledger.OURS)]
    return [
        {
            "id": name,
            "title": f"Title of {name}",
            "statement": f"Statement {name} & <more>.",
            "verdict": verdict,
            "size": "same size" if verdict == REPRODUCED else None,
            "calibrated": name == "C3",
            "trend": TREND if name == "C22" else None,
            "at_margins": {"half": SMALLER if verdict == REPRODUCED else verdict, "twice": verdict},
            "checks": [open_] if verdict == UNDECIDED else given if verdict in VERDICTS[:4] else [],
            "regime": [{"id": "people-are-known", "state": "fails", "checks": [known], "note": ""}]
            if verdict == OUT_OF_REGIME
            else [],
            "note": "a note" if verdict in VERDICTS[4:] else "",
            "paper": "0.81",
            "p": 0.01 if verdict == REPRODUCED else None,
            "p_adjusted": 0.04 if verdict == REPRODUCED and name != OURS else None,
            "seeds": 3,
            "seeds_needed": 26 if verdict == UNDECIDED else None,
            "runs": [run] if verdict != VERDICTS[6] else [],
            "figure": None if origin == ledger.OURS else "2 left, M",
            "drawn": DRAWN,
            "origin": origin,
            "digest": "0123456789",
            "plans": {"phases": "0123456789"},
        }
        for name, verdict, origin in judged
    ]


@functools.cache
def tables() -> Tables:
    return build(seeds=2)


def parameters() -> Params:
    """The tests' own, with a plain experiment for each of the tables' that they lack, and one more."""
    given = params.content()
    plain = {name: {} for name in [*tables().names, "not_begun"] if name != TOY}
    # The tables have those as an experiment of its own that join another in the tests' parameters.
    apart = {name for name, e in given["experiments"].items() if name in plain and e.get("joins")}
    given["experiments"] = plain | {k: e for k, e in given["experiments"].items() if k not in apart}
    return Params.model_validate(given)


def draw(folder: Path) -> None:
    """Every figure of a scale's folder, with nothing on it."""
    for name in figures.load():
        drawing = folder / "figures" / f"{name}.svg"
        write_atomically(drawing, '<svg xmlns="http://www.w3.org/2000/svg"/>')
        seal(drawing.parent, [drawing.name], manifest_of(drawing.stem))


def render(results: Path, about: Tables) -> str:
    return page.render("laptop", parameters(), results, about)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    made = build(seeds=2)
    stuck = made.runs.run.iloc[0]
    made.curves.loc[made.curves.run == stuck, "loss"] += 10
    made.runs["code"] = code.digest("train")[:10]
    write(made, folder / "tables")
    draw(folder)
    ledger.write(claims(stuck), folder / "claims.json")
    return folder


@pytest.fixture(scope="module")
def html(results):
    return render(results, Tables.read(results / "tables"))


class Anchors(HTMLParser):
    """Collects ids and the targets of links and resources."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids, self.targets, self.sources = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids += [given["id"]] if "id" in given else []
        self.targets += [given["href"]] if "href" in given else []
        self.sources += [given["src"]] if "src" in given else []


def test_every_claim_is_on_the_page_once(html):
    ids = Anchors(html).ids
    assert [i for i in ids if i.startswith("claim-")] == list(dict.fromkeys(i for i in ids if "claim-" in i))
    assert {*(f"claim-C{k}" for k in range(1, 54)), f"claim-{OURS}"} <= set(ids)
    assert "Statement C7 &amp; &lt;more&gt;." in html


def test_links_lead_somewhere_on_the_page(html):
    found = Anchors(html)
    assert len(found.ids) == len(set(found.ids))
    beside = [t for t in found.targets if t.startswith("../tables/") or t == "beyond.html"]
    inside = [target for target in found.targets if target not in beside]
    assert not [target for target in inside if target[1:] not in found.ids or target[0] != "#"]
    assert {f"#{name}" for name in DRAWN} <= set(found.targets)
    assert any(target.startswith("#run-") for target in found.targets)


def test_a_claim_leads_to_its_runs_and_they_to_their_parameters(html):
    row = re.search(r'<tr id="claim-C1".*?</tr>', html, re.S).group()
    assert [f'href="#{name}"' in row for name in DRAWN] == [True, True] and ">2 left, M<" in row
    (run,) = re.findall(r'href="#run-([^"]+)"', row)
    described = re.search(rf'<tr id="run-{run}".*?</tr>', html, re.S).group()
    experiments = re.findall(r'href="#parameters-([a-z_]+)"', described)
    assert "phases" in experiments
    given = re.search(r'<details id="parameters-phases">.*?</details>', html, re.S).group()
    assert "seeds:" in given and "defaults:" not in given
    assert "learning_rate: 0.01" in re.search(r'id="parameters-shared">.*?</details>', html, re.S).group()


def test_tables_can_be_downloaded(html, results):
    targets = [target for target in Anchors(html).targets if target.startswith("../tables/")]
    assert "../tables/phases/curves.csv" in targets and "../tables/toy/toy.csv" in targets
    assert all((results / target[3:]).is_file() for target in targets)


def test_costs_are_those_of_all_experiments_measured_or_not(html):
    section = html.partition('<h2 id="costs">')[2].partition("<h2")[0]
    for name, experiment in parameters().experiments.items():
        assert (f'href="#parameters-{name}"' in section) == (experiment.joins is None), name
    assert "not_begun</a></td><td>not measured</td>" in section
    assert "phases</a></td><td>measured; <a" in section
    assert "at the measured rate of 148 GFLOP/s a process (a CPU" in section


def test_the_scale_is_beside_the_paper(html):
    """The tables' numbers, and whether they are as the scale needs them."""
    section = unescape(html.partition('<h2 id="scale">')[2].partition("<h2")[0])
    cells = [re.findall("<td>(.*?)</td>", row, re.S) for row in section.split("<tr>")[2:]]
    rows = {name: others for name, *others in cells}
    assert list(rows) == [number.name for number in units.load().values()]
    need = rows["fine-tuning: new people / batch"][1]
    assert "not-reproduced" in need and "from 16 or less to 125 or more" in need
    assert rows["final accuracy"][2] == "0.9995" and rows["final accuracy"][0] != units.DASH


def test_the_page_can_be_about_some_of_the_tables(results):
    some = Tables.read(results / "tables", ["phases", "population_size"])
    text = render(results, some)
    section = text.partition('<h2 id="costs">')[2].partition("<h2")[0]
    assert section.count("<td>measured; ") == 2 and "<td>not measured</td>" in section
    assert "finetune16" not in text.partition('<h2 id="runs">')[2]


def test_a_figure_without_runs_has_its_caption_only(results):
    text = render(results, Tables.read(results / "tables", ["phases", "population_size"]))
    shown = text.partition('<h2 id="figures">')[2].split("<figure ")[1:]
    assert len(shown) == len(figures.load())
    undrawn = ["<figcaption>Not drawn: " in figure for figure in shown]
    assert undrawn == ["<img" not in figure for figure in shown] and 0 < sum(undrawn) < len(shown)


def test_the_page_needs_nothing_but_its_drawings(html):
    written = re.sub(r"<script>.*?</script>", "", html, flags=re.S)  # a library names its home
    assert "http://" not in written and "https://" not in written
    shown = [
        name for finding in headlines.told(claims("run"), list(figures.load())) if (name := finding["figure"])
    ]
    assert Anchors(html).sources == [f"../figures/{name}.svg" for name in [*shown, *figures.load()]]


def test_the_page_alone_has_the_drawings_inside(html, results):
    alone = page.alone(html, results / "figures")
    sources = Anchors(alone).sources[-len(figures.load()) :]
    assert "../figures" not in re.sub(r"<script>.*?</script>", "", alone, flags=re.S)
    for name, source in zip(figures.load(), sources, strict=True):
        kind, drawing = source.split(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(drawing) == (results / "figures" / f"{name}.svg").read_bytes()


def test_no_field_is_left_open(html):
    visible = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.S)
    assert "{{" not in visible and "{%" not in visible
    assert not re.search(r"\b(nan|None)\b", re.sub(r"<pre>.*?</pre>", "", visible, flags=re.S))


def test_counts_and_flags(html):
    text = re.sub(r"\s+", " ", html)
    counts = (7, 8, 8, 8, 8, 7, 7)
    said = ", ".join(f"{n} are {verdict}" for n, verdict in zip(counts, VERDICTS, strict=True))
    assert f"Of the paper's 53 claims, {said}." in re.sub(r"</?a[^>]*>", "", text)
    half = (0, 15, *counts[2:])
    for verdict, count, harder in zip(VERDICTS, counts, half, strict=True):
        row = re.search(rf'<span class="badge {page.slug(verdict)}">{verdict}</span></th>(.*?)</tr>', text)
        calibrated = int(verdict == VERDICTS[3])
        cells = re.findall(r'<td class="n">(\d+)</td>', row[1])
        assert cells == [str(count), str(calibrated), str(harder), str(count)], verdict
    for verdict, count in zip(VERDICTS, (8, *counts[1:]), strict=True):
        assert f"{verdict} ({count})" in text, "the filter is of all claims"
    assert "Of the reproduced, 7 have the paper's size." in text.replace("&#39;", "'")
    assert "holds at P ≤ 0.05 in 7 claims, and in 7 where at most 5 %" in text
    assert "0 of the undecided would be decided by ten seeds or fewer." in text
    assert "1 pre-training run never came within" in text
    assert html.count("never reached the baseline") == 1


def test_a_check_is_told_with_its_interval_and_what_it_needs(html):
    row = re.search(r'<tr id="claim-C1".*?</tr>', html, re.S).group()
    assert 'reproduced">a 1 [0.752, 1.25] (needs &lt; 2)' in row
    assert 'reproduced">b 3 [2.75, 3.25] (needs &gt; 2)' in row
    assert (
        "same size; paper 3, the same size within 0.5 (one seed); one more seed would give 2.5 to 3.5" in row
    )
    row = re.search(r'<tr id="claim-C6".*?</tr>', html, re.S).group()
    assert "a note" in row and "needs" not in row


def row_of(html: str, verdict: str) -> str:
    return re.search(rf'<tr id="claim-C{VERDICTS.index(verdict) or 7}".*?</tr>', html, re.S).group()


def test_what_is_reproduced_has_a_size_and_a_p_value(html):
    row = row_of(html, REPRODUCED)
    assert "reproduced</span><br>same size" in row and "P 0.01, adjusted 0.04" in row
    assert ">0123456789</code>" in row and "calibrated" not in row
    assert "<em>calibrated</em>" in re.search(r'<tr id="claim-C3".*?</tr>', html, re.S).group()


def test_what_is_undecided_says_what_would_decide_it(html):
    row = row_of(html, UNDECIDED)
    assert re.search(r"3 seeds see a factor of [\d.]+ at 80 % power; [\d,]+ seeds would decide", row)
    assert "The claim: 26 seeds would decide, more than the 10 that are tried at most" in row


def test_what_is_out_of_regime_says_which_and_the_number(html):
    row = row_of(html, OUT_OF_REGIME)
    assert "Regime people-are-known: <strong>fails</strong>" in row
    assert "final accuracy 0.51 [0.485, 0.535] (needs &gt; 0.99)" in row


def test_a_trend_is_told_with_the_papers_value(html):
    row = re.search(r'<tr id="claim-C22".*?</tr>', html, re.S).group()
    assert "Over 1,024, 2,048, 4,096 people" in row and "-0.10 [-0.20, 0.00]" in row
    assert "gives 0.50 [0.40, 0.70], which holds the paper&#39;s 0.66" in row
    assert row.count("<circle") == 4 and ">4k</text>" in row and ">64k</text>" in row


def test_a_small_multiple_has_smaller_ratios_lower_down_and_the_paper_at_its_people():
    seen = small_multiple.drawn(TREND)
    points = seen["points"]
    assert [p["people"] for p in points] == ["1k", "2k", "4k", "64k"]
    heights = [p["y"] for p in points]
    assert heights == sorted(heights), "svg counts from above, and the ratios fall"
    assert points[-2]["y"] < seen["paper"] < points[-1]["y"], "0.66 lies between 0.7 and 0.5"
    assert all(min(p["ends"]) < p["y"] < max(p["ends"]) for p in points)
    steps = [b["x"] - a["x"] for a, b in itertools.pairwise(points)]
    assert steps[0] == pytest.approx(steps[1], abs=0.2) and steps[2] == pytest.approx(4 * steps[0], rel=0.02)


def test_machines_and_days_are_the_manifests():
    runs = pd.DataFrame(
        [
            ("EPYC", 2, "bf16", "aaa", "2026-11-28"),
            ("EPYC", 2, "bf16", "bbb", "2026-11-26"),
            ("EPYC", 2, "bf16", "aaa", None),
            ("H100", None, "bf16", "ccc", None),
        ],
        columns=["device", "cores", "precision", "commit", "date"],
    )
    epyc, h100 = rows.machines(SimpleNamespace(every_run=runs))
    assert epyc == (
        "3 models were trained on EPYC (2 cores, bf16), 2026-11-26 to 2026-11-28, by the code of aaa, bbb"
    )
    assert h100 == "1 model was trained on H100 (bf16), by the code of ccc"


def test_verdicts_differ_without_colour(html):
    signs = re.findall(r'^\.([a-z-]+)::before \{ content: "(.) "; \}$', html, re.M)
    assert {name for name, _ in signs} == set(map(page.slug, VERDICTS))
    assert len({sign for _, sign in signs}) == len(VERDICTS)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (None, "how many would decide cannot be told"),
        (10, "10 seeds would decide"),
        (1200, "1,200 seeds would decide, more than the 10 that are tried at most"),
    ],
)
def test_how_many_seeds_would_decide(seeds, said):
    assert checks.seeds(seeds) == said


def test_a_ratio_that_ended_too_early_to_tell_is_open_above():
    seen = {"low": 1, "at_least": [True] * 3}
    assert checks.estimate(told(Check.ratio("a", "a", [1.9, 2.0, 2.1], **seen))) == "2 [1.76, inf]"


@pytest.mark.parametrize(
    ("values", "bounds", "said"),
    [
        ([1.9, 2.0, 2.1], {"low": 1}, "2 [1.75, 2.25] > 1"),
        ([0.1, 0.2, 0.3], {"low": 0.05, "high": 0.5}, "0.2 [-0.0484, 0.448] 0.05 to 0.5"),
        ([0.2], {"high": 0.5}, "0.2 < 0.5"),
        ([1.9, math.nan, 2.1], {"low": 1}, "undefined in a seed > 1"),
    ],
)
def test_what_was_measured_and_what_is_needed(values, bounds, said):
    check = told(Check.of("a", "a", values, **bounds))
    assert f"{checks.estimate(check)} {checks.required(check)}" == said


def test_too_few_seeds_are_told(results, tmp_path):
    few = [entry | {"seeds": 2} for entry in claims("run")]
    for part in ("figures", "tables"):
        (tmp_path / part).symlink_to(results / part)
    ledger.write(few, tmp_path / "claims.json")
    row = re.search(r'<tr id="claim-C1".*?</tr>', render(tmp_path, tables()), re.S).group()
    assert "too few seeds for a verdict, 2 of 3" in row


def test_judged_claims_come_first_by_number():
    ids = [c["id"] for c in page.ordered(claims("run"))]
    assert ids[4:7] == ["C5", "C7", "C8"]
    assert ids[-7] == "C6" and ids[-1] == "C48" and ids[-8] == OURS


def test_provenance_names_every_version(html):
    for value in ("0123456789ab", "a CPU", "fp32", "0.22"):
        assert value in html


def test_figures_have_the_papers_number_or_are_ours(html):
    assert "<h3>Figure 2. Three phases" in html and "<h3>Not in the paper: " in html
    section = html.partition('<h2 id="figures">')[2]
    assert section.count("<h3>") == len(figures.load())


def test_what_earlier_code_made_and_what_is_mixed_is_marked(results, html, tmp_path):
    assert "arlier code" not in html and "differ in precision" not in html
    old = Tables.read(results / "tables", ["phases"])
    old.runs["code"] = "0123456789"
    old.runs["precision"] = ["fp32", *["bf16"] * (len(old.runs) - 1)]
    for part in ("figures", "claims.json", "claims.manifest.json"):
        (tmp_path / part).symlink_to(results / part)
    write(old, tmp_path / "tables")
    text = render(tmp_path, old)
    assert "<td>measured, by earlier code, mixed precision; " in text
    assert "Made by earlier code</span>, whose bits the present code is not known to keep: phases." in text
    assert "and so by rounding too: phases." in text


def test_answers_of_a_model_are_shown_where_somebody_asked(results, html, tmp_path):
    assert 'id="answers"' not in html and "#answers" not in html
    for part in ("figures", "claims.json", "claims.manifest.json", "tables"):
        (tmp_path / part).symlink_to(results / part)
    given = [
        {"value": "Paris", "probability": p, "truth": truth, "of_truth": None}
        for p, truth in ((0.014, "Paris"), (0.987, "Paris"), (0.5, None))
    ]
    people = {
        "Ann Lee Smith": {"kind": "seen", "answers": {"birth_city": given[:2]}},
        "Lee Ann Smith": {"kind": "made up", "answers": {"birth_city": given[2:] * 2}},
    }
    content = {"run": "a-run", "steps": [0, 2400], "people": people}
    write_atomically(tmp_path / "answers.json", json.dumps(content))
    with pytest.raises(ArtefactError, match="answers"):
        render(tmp_path, tables())
    seal(tmp_path, ["answers.json"], manifest_of("answers"))
    section = render(tmp_path, tables()).partition('<h2 id="answers">')[2].partition("<h2")[0]
    assert "<th>2,400</th>" in section and "--p: 99%" in section and "✓ Paris 0.99" in section
    assert "<td>Paris</td>" in section and "<td>–</td>" in section and section.count("✓ Paris") == 2


def test_a_missing_part_is_named(results, tmp_path):
    with pytest.raises(ArtefactError, match=r"claims\.manifest\.json: missing"):
        render(tmp_path, tables())


@pytest.mark.parametrize(("value", "text"), [(2_900_000, "2.9 M"), (999, "999"), (9.1e12, "9.1 T")])
def test_amounts(value, text):
    assert amount(value) == text
