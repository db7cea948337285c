"""The page holds every claim, figure and run, and needs nothing outside itself."""

import base64
import re
from html.parser import HTMLParser

import pytest

from pipeline.config import scales
from pipeline.findings import ledger
from pipeline.findings.figures import FIGURES
from pipeline.report import page
from pipeline.store import code
from pipeline.store.artefacts import ArtefactError, manifest_of, seal
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests.findings.synthetic_tables import build

VERDICTS = ("reproduced", "not reproduced", "not visible at this scale", "not measured yet")


def claims(run: str) -> list[dict]:
    return [
        {
            "id": f"C{k}",
            "statement": f"Statement {k} & <more>.",
            "verdict": VERDICTS[k % 4],
            "value": "a 1 (needs < 2); b 3 (needs > 2)",
            "interval": "a [0.5, 1.5]; b [2.5, 3.5]" if k % 4 < 2 else None,
            "paper": "0.81",
            "seeds": 3,
            "runs": [run] if k % 4 < 3 else [],
            "figure": "2 left, M",
            "origin": "P",
        }
        for k in range(1, 54)
    ]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    tables = build(seeds=2)
    stuck = tables.runs.run.iloc[0]
    tables.curves.loc[tables.curves.run == stuck, "loss"] += 10
    tables.runs["code"] = code.digest("train")[:10]
    (folder / "figures").mkdir()
    write(tables, folder / "tables")
    for name in FIGURES:
        (folder / "figures" / f"{name}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
        seal(folder / "figures", [f"{name}.svg"], manifest_of(name))
    ledger.write(claims(stuck), folder / "claims.json")
    return folder


@pytest.fixture(scope="module")
def html(results):
    return page.render("laptop", scales.load("laptop"), results, Tables.read(results / "tables"))


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
    assert {f"claim-C{k}" for k in range(1, 54)} <= set(ids)
    assert "Statement 7 &amp; &lt;more&gt;." in html


def test_links_lead_somewhere_on_the_page(html):
    found = Anchors(html)
    assert len(found.ids) == len(set(found.ids))
    assert all(target.startswith("#") and target[1:] in found.ids for target in found.targets)
    assert {"#fig2", "#figM"} <= set(found.targets)
    assert any(target.startswith("#run-") for target in found.targets)


def test_a_claim_leads_to_its_runs_and_they_to_their_parameters(html):
    row = re.search(r'<tr id="claim-C1".*?</tr>', html, re.S).group()
    assert 'href="#fig2"' in row
    (run,) = re.findall(r'href="#run-([^"]+)"', row)
    described = re.search(rf'<tr id="run-{run}".*?</tr>', html, re.S).group()
    experiments = re.findall(r'href="#parameters-([a-z_]+)"', described)
    assert "phases" in experiments
    given = re.search(r'<details id="parameters-phases">.*?</details>', html, re.S).group()
    assert "seeds:" in given and "defaults:" not in given
    assert "learning_rate: 0.004" in re.search(r'id="parameters-shared">.*?</details>', html, re.S).group()


def test_costs_are_those_of_all_experiments_measured_or_not(html):
    section = html.partition('<h2 id="costs">')[2].partition("<h2")[0]
    for name in scales.load("laptop").experiments:
        if not scales.load("laptop").experiments[name].joins:
            assert f'href="#parameters-{name}"' in section
    assert "at the measured rate of 148 GFLOP/s a process (a CPU" in section


def test_the_page_can_be_about_some_of_the_tables(results):
    some = Tables.read(results / "tables", ["phases", "population_size"])
    text = page.render("laptop", scales.load("laptop"), results, some)
    section = text.partition('<h2 id="costs">')[2].partition("<h2")[0]
    assert section.count("<td>measured</td>") == 2 and "<td>not measured</td>" in section
    assert "finetune16" not in text.partition('<h2 id="runs">')[2]


def test_the_page_needs_nothing_but_its_drawings(html):
    assert "http://" not in html and "https://" not in html
    sources = Anchors(html).sources
    assert sources == [f"../figures/{name}.svg" for name in FIGURES]


def test_the_page_alone_has_the_drawings_inside(html, results):
    alone = page.alone(html, results / "figures")
    sources = Anchors(alone).sources
    assert len(sources) == len(FIGURES) and "../figures" not in alone
    for name, source in zip(FIGURES, sources, strict=True):
        kind, drawing = source.split(",")
        assert kind == "data:image/svg+xml;base64"
        assert base64.b64decode(drawing) == (results / "figures" / f"{name}.svg").read_bytes()


def test_no_field_is_left_open(html):
    visible = re.sub(r"<(style|script)>.*?</\1>", "", html, flags=re.S)
    assert "{{" not in visible and "{%" not in visible
    assert not re.search(r"\b(nan|None)\b", re.sub(r"<pre>.*?</pre>", "", visible, flags=re.S))


def test_counts_and_flags(html):
    for verdict, count in zip(VERDICTS, (13, 14, 13, 13), strict=True):
        assert f"{verdict} ({count})" in html
    assert "1 pre-training run never came within" in re.sub(r"\s+", " ", html)
    assert html.count("never reached the baseline") == 1


def test_intervals_stand_behind_their_quantities():
    claim = {
        "value": "R² of a fit 0.993 (needs > 0.99); exponent undefined in a seed (needs > 0.7); factor 1.72",
        "interval": "R² of a fit [0.982, 1]",
    }
    assert page.measured(claim) == [
        "R² of a fit 0.993 [0.982, 1] (needs > 0.99)",
        "exponent undefined in a seed (needs > 0.7)",
        "factor 1.72",
    ]


def test_judged_claims_come_first_by_number():
    ids = [c["id"] for c in page.ordered(claims("run"))]
    assert ids[:3] == ["C1", "C2", "C4"] and ids[-13] == "C3" and ids[-1] == "C51"


def test_provenance_names_every_version(html):
    for value in ("0123456789ab", "a CPU", "fp32", "0.22"):
        assert value in html


@pytest.mark.parametrize(
    ("reference", "links"),
    [
        ("2 left, middle", [("2 left", "fig2"), ("middle", "fig2")]),
        ("4 right, H", [("4 right", "fig4"), ("H", "figGHI")]),
        ("S", [("S", "figS")]),
        ("B", [("B", None)]),
        ("none", [("none", None)]),
    ],
)
def test_figures_of_the_paper_lead_to_ours(reference, links):
    assert page.figure_links(reference) == links


def test_each_claim_leads_to_its_figures():
    """Those of our own too, whose names have two letters."""
    links = {claim.id: dict(page.figure_links(claim.figure)) for claim in ledger.load()}
    assert all(None not in figures.values() for figures in links.values())
    assert links["C31"]["HT"] == "figHT" and links["C35"] == {"GR": "figGR"}


def test_what_earlier_code_made_and_what_is_mixed_is_marked(results, html, tmp_path):
    assert "arlier code" not in html and "differ in precision" not in html
    tables = Tables.read(results / "tables", ["phases"])
    tables.runs["code"] = "0123456789"
    tables.runs["precision"] = ["fp32", *["bf16"] * (len(tables.runs) - 1)]
    for part in ("figures", "claims.json", "claims.manifest.json"):
        (tmp_path / part).symlink_to(results / part)
    write(tables, tmp_path / "tables")
    text = page.render("laptop", scales.load("laptop"), tmp_path, tables)
    assert "<td>measured, by earlier code, mixed precision</td>" in text
    assert "Made by earlier code</span>, whose bits the present code is not known to keep: phases." in text
    assert "and so by rounding too: phases." in text


def test_a_missing_part_is_named(results, tmp_path):
    tables = Tables.read(results / "tables")
    with pytest.raises(ArtefactError):
        page.render("laptop", scales.load("laptop"), tmp_path, tables)


@pytest.mark.parametrize(("value", "text"), [(2_900_000, "2.9 M"), (999, "999"), (9.1e12, "9.1 T")])
def test_amounts(value, text):
    assert page.amount(value) == text
