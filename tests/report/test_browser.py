"""The committed page in a real browser, from disk: filters, links, and values under the pointer."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from pipeline import ROOT
from pipeline.config import scales

CHROMIUM = shutil.which("chromium")
REPORT = ROOT / "results" / scales.DEFAULT / "report"
EXPLORED = "phases/three_phases"

pytestmark = [
    pytest.mark.committed,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here (Debian: apt-get install chromium)"),
]

WATCH = 'const failures = []; addEventListener("error", (event) => failures.push(event.message));'
READER = (Path(__file__).with_name("reader.js")).read_text(encoding="utf-8").replace("FIGURE", EXPLORED)


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What a script on the page, beside the committed figures, leaves as its title."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "figures").symlink_to(REPORT.parent / "figures")
    return reader(folder, (REPORT / "index.html").read_text())


def reader(folder: Path, page: str):
    """The same, of any page."""
    (folder / "report").mkdir()
    path = folder / "report" / "index.html"

    def title(script: str, width: int, dark: bool = False) -> Any:
        watched = page.replace("<head>", f"<head><script>{WATCH}</script>")
        path.write_text(watched.replace("</body>", f"<script>{script}</script></body>"))
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},1000"]
        command += [f"--user-data-dir={folder}/profile", "--virtual-time-budget=60000", "--dump-dom"]
        command += ["--blink-settings=preferredColorScheme=0"] if dark else []
        done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=100)
        found = re.search(r"<title>([\[{].*?)</title>", done.stdout, re.S)
        assert found, done.stderr[-2000:]
        return json.loads(unescape(found[1]))

    return title


@pytest.fixture(scope="module")
def seen(read):
    return {width: read(READER, width) for width in (1280, 390)}


def test_a_button_hides_the_claims_of_its_verdict_and_shows_them_again(seen):
    found = seen[1280]
    assert found["before"] == found["again"] and found["pressed"] == "false"
    assert found["filtered"] > 0 and found["after"] == found["before"] - found["filtered"]


def test_a_heading_sorts_by_its_column(seen):
    found = seen[1280]

    def numbers(told: list[str]) -> list[float]:
        return [float(text.split()[0]) * (1e6 if text.endswith("M") else 1e3) for text in told]

    up, down = numbers(found["ascending"]), numbers(found["descending"])
    assert up == sorted(up) and down == sorted(down, reverse=True) and up[0] < up[-1]
    assert found["sorted"] == "descending"


def test_every_link_within_the_page_leads_somewhere(seen):
    assert seen[1280]["broken"] == []


def test_a_link_unfolds_what_it_leads_to(seen):
    assert seen[1280]["unfolded"]
    assert seen[1280]["folded"] and seen[1280]["run_unfolded"], "a run lies in a folded table"


def test_values_under_the_pointer_are_those_of_the_drawing(seen):
    script = (REPORT.parent / "figures" / f"{EXPLORED}.js").read_text()
    panel = json.loads(script.partition("=")[2].rstrip().rstrip(";"))[0]
    drawn = {
        f"{c['label'] or c['kind']}:": {
            x: [c[name][k] for name in ("y", "low", "high") if name in c] for k, x in enumerate(c["x"])
        }
        for c in panel["curves"]
    }
    found = seen[1280]
    assert found["offered"] and found["plots"] >= 2
    for values in (found["hovered"], found["moved"]):
        at = float(values[0])
        told = {
            name: [float(number) for number in re.findall(r"[-\d.e]+", value)]
            for name, value in zip(found["names"][1:], values[1:], strict=True)
            if value != "–"
        }
        assert told, "one of the curves has a point there"
        for name, value in told.items():
            curve = drawn[f"{name.rstrip(':')}:"]
            nearest = sorted(curve, key=lambda x: abs(x - at))[
                :2
            ]  # curves are measured at steps of their own
            assert any(value == pytest.approx(curve[x], rel=1e-3) for x in nearest)
        assert any(len(value) == 3 for value in told.values()), "a mean has its interval"
    assert float(found["moved"][0]) > float(found["hovered"][0])


def test_a_hidden_mean_takes_its_interval_with_it(seen):
    assert seen[1280]["hidden"] == [False, True, True]


def test_no_script_fails(seen):
    assert seen[1280]["errors"] == [] == seen[390]["errors"]


def test_seeds_can_be_switched_on(seen):
    assert seen[1280]["with_seeds"] > len(seen[1280]["names"])


def test_nothing_is_wider_than_a_telephone(seen):
    assert not seen[390]["wide"] and seen[390]["plots"] >= 2


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_nobody_is_kept_out(read, width, dark):
    """No violation of WCAG 2.1, levels A and AA, that axe-core finds."""
    axe = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
    ask = """
      addEventListener("load", async () => {
        document.querySelector("button.explore").click();
        for (const [k, fold] of document.querySelectorAll("details").entries()) fold.open ||= k % 5 === 0;
        await new Promise((done) => setTimeout(done, 400));
        const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
        const told = found.violations.map((v) => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)]);
        document.title = JSON.stringify({ told, passed: found.passes.length });
      });
    """
    found = read(axe.replace("</script>", "<\\/script>") + ask, width, dark)
    assert found["told"] == [] and found["passed"] > 20


# A page about a table of facts: its links, what is wider than the window, and its ROC curve.
OF_FACTS = """
addEventListener("load", () => {
  const links = [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1));
  const last = document.querySelector("details a[href^='#run-']");
  location.hash = last.getAttribute("href");
  setTimeout(() => {
    const curve = document.querySelector(".roc polyline").getBoundingClientRect();
    document.title = JSON.stringify({
      failures,
      broken: links.filter((id) => !document.getElementById(id)),
      links: links.length,
      wider: document.documentElement.scrollWidth - innerWidth,
      curve: [curve.width, curve.height],
      unfolded: !!document.querySelector("#runs ~ details[open]"),
    });
  }, 300);
});
"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scale", ["cities", "countries"])
def test_a_page_about_a_table(tmp_path, scale, width):
    page = (ROOT / "results" / scale / "report" / "index.html").read_text()
    found = reader(tmp_path, page)(OF_FACTS, width)
    assert found["failures"] == [] and found["broken"] == [] and found["links"] > 20
    assert found["wider"] <= 0, "nothing makes the page scroll sideways"
    assert min(found["curve"]) > 50
    assert found["unfolded"], "a link to a run unfolds the table that it lies in"
