"""Every figure draws from tables alone, says what its axes are, and shows the paper beside ours."""

import functools
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from pipeline import ROOT
from pipeline.config.errors import ConfigError
from pipeline.findings import averages, cells, drawing, figures, numbers, style, time_axis
from pipeline.findings.cells import uniform_like
from pipeline.findings.distributions.figures import (
    head_and_tail,
    imbalance,
    short_runs,
    sizes_and_budgets,
    warm_ups,
)
from pipeline.findings.mechanism import attention_panels
from pipeline.findings.mechanism import patching_panels as patching
from pipeline.findings.mechanism.figures import frozen_attention
from pipeline.paper import published
from pipeline.tables.gather import write
from pipeline.tables.read import Tables
from tests.findings.synthetic_tables import BASELINE, build, part_of, without

FIGURES = figures.load()
CONFIDENCE = "hallucination/confidence"  # quick to draw
# Panels with a curve of the paper's, where it is not all of them.
OVERLAID = {
    "distributions/imbalance": 1,  # the paper's panels are below ours
    "mechanism/frozen_attention": 1,  # its map is beside ours
    "groups/in_turn": 4,  # the paper has no two groups
    "groups/constant_rate": 4,
    "groups/many": 2,  # its panels are beside ours
    "groups/patched_attention": 1,  # it shows final losses alone
    **dict.fromkeys(
        [
            "distributions/warm_ups",  # its maps are beside ours
            "distributions/head_and_tail",  # this and what follows are ours
            "mechanism/credit",
            "mechanism/circuits_by_seed",
            "distributions/rare_people",
            "distributions/circuits_or_facts",
            "fine_tuning/cures",
            "fine_tuning/exposures",
            "fine_tuning/forgetting",
            "hallucination/growing_population",
            "distributions/curricula",
            "groups/attention",  # was not read from the paper
        ],
        0,
    ),
}


def draw(name, tables):
    return drawing.draw(FIGURES[name], tables)


def caption_of(name, tables):
    return drawing.caption(FIGURES[name], tables)


def panels(fig):
    return [ax for ax in fig.axes if ax.get_label() != "<colorbar>"]


def text_of(fig):
    """Its words, however they are broken into lines."""
    return " ".join(" ".join(t.get_text() for t in fig.findobj(lambda a: hasattr(a, "get_text"))).split())


@pytest.fixture(scope="module")
def drawn(tables):
    """The figures of the tables by name, each drawn once."""
    return functools.cache(functools.partial(draw, tables=tables))


@pytest.fixture(scope="module")
def alone():
    """Tables of one seed that stays on the plateau."""
    tables = build(seeds=1)
    tables.summary["plateau_end"] = np.nan
    return tables


@pytest.mark.parametrize("name", FIGURES)
def test_panels_are_labelled_and_show_the_paper(name, drawn):
    fig = drawn(name)
    for ax in panels(fig):
        assert ax.get_xlabel() and ax.get_ylabel()
    assert "paper" in text_of(fig)
    overlaid = [ax for ax in panels(fig) if ax.findobj(lambda a: a.get_gid() == "paper")]
    assert len(overlaid) == OVERLAID.get(name, len(panels(fig)))


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off(name, drawn):
    fig = drawn(name)
    fig.draw_without_rendering()
    width, height = fig.canvas.get_width_height()
    for ax in fig.axes:
        box = ax.get_tightbbox()
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1


@pytest.mark.parametrize("name", FIGURES)
def test_captions_are_filled(name, tables):
    caption = caption_of(name, tables)
    assert "{" not in caption and "nan" not in caption


@pytest.mark.parametrize("name", FIGURES)
def test_one_seed_and_no_plateau_end_still_draw(name, alone):
    fig = draw(name, alone)
    assert "1 seed" in text_of(fig)
    assert "nan" not in caption_of(name, alone)
    fig.draw_without_rendering()


@pytest.mark.parametrize(
    ("name", "experiment"), [(n, e) for n, figure in FIGURES.items() for e in figure.needs]
)
def test_a_figure_says_which_experiment_it_misses(name, experiment, tables):
    lacking = without(tables, experiment)
    fig = draw(name, lacking)
    assert not fig.axes and "is not drawn" in text_of(fig) and experiment in text_of(fig)
    assert experiment in caption_of(name, lacking)


def test_families_without_a_common_cell_are_no_figure(tables):
    runs = tables.runs.assign(steps=tables.runs.steps.mask(tables.runs.distribution == "celebrities", 700))
    fig = draw("distributions/short_runs", Tables(tables.experiments, runs, tables.curves, tables.summary))
    assert "share no (individuals, steps)" in text_of(fig)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_equal_tables_give_equal_files(kind, tables, tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        style.save(draw("phases/three_phases", tables), file, kind)
    assert files[0].read_bytes() == files[1].read_bytes() != b""


def test_compact_drawings_keep_their_shapes_and_words():
    svg = '<g>\n  <path d="M 1.23456 -2.0\nL 3.5 40"/>\n  <text x="1.23456">a  b &gt; c</text>\n</g>'
    assert style.compact(svg) == '<g><path d="M 1.23 -2 L 3.5 40"/><text x="1.23456">a  b &gt; c</text></g>'


@pytest.fixture(scope="module")
def written(tables, tmp_path_factory):
    """A folder with the tables of one experiment."""
    folder = tmp_path_factory.mktemp("tables")
    write(part_of(tables, "phases"), folder)
    return folder


def test_command_line_writes_every_file(written, tmp_path):
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    command = [sys.executable, "-m", "pipeline.stages.figures", "--figures", CONFIDENCE]
    subprocess.run([*command, "--tables", tmp_path, "--out", tmp_path / "out"], check=True)
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")) == [
        f"{CONFIDENCE}.{kind}" for kind in ("js", "manifest.json", "png", "svg")
    ]
    (tmp_path / "phases" / "summary.csv").unlink()
    broken = subprocess.run(
        [*command, "--tables", tmp_path, "--out", tmp_path], capture_output=True, text=True, check=False
    )
    assert broken.returncode == 2 and broken.stderr.count("\n") == 1 and "summary.csv" in broken.stderr


def test_listing_figures_does_not_load_matplotlib():
    code = "import sys, pipeline.findings.figures; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_geometric_mean_and_interval():
    mean = averages.average(np.array([[1.0], [10.0], [100.0]]), log=True)
    assert mean.centre == pytest.approx(10)
    # Student's t with two degrees of freedom: 4.303 standard errors of ln 10 / sqrt(3).
    assert mean.high == pytest.approx(10 * np.exp(4.3027 * np.log(10) / np.sqrt(3)), rel=1e-3)
    alone = averages.average(np.array([[2.0]]))
    assert alone.centre == 2 and np.isnan(alone.low)


def test_the_interval_of_a_share_stays_within_it():
    seeds = np.array([[0.01, 0.4, 0.9], [0.2, 0.5, 1.0]])
    plain, share = averages.average_of("entropy", seeds), averages.average_of("accuracy", seeds)
    assert (plain.low[0] < 0) and (plain.high[2] > 1) and np.array_equal(plain.centre, share.centre)
    assert np.array_equal(share.low, plain.low.clip(0)) and np.array_equal(share.high, plain.high.clip(max=1))


def test_uniform_runs_of_another_learning_rate_are_no_counterpart(tables):
    rows = cells.experiment(tables, "celebrities")
    assert (uniform_like(tables, rows).individuals == 1024).all()
    runs = tables.runs.assign(learning_rate=tables.runs.learning_rate.where(tables.runs.alpha.isna(), 1.0))
    other = Tables(tables.experiments, runs, tables.curves, tables.summary)
    rows = cells.experiment(other, "power_law")
    assert (uniform_like(other, rows[rows.alpha > 0]).empty) and not rows.empty


def test_grids_follow_the_tables():
    tables = build(lengths=(450, 900))
    assert list(imbalance.best_alpha(tables).columns) == [450, 900, 1800]
    assert imbalance.plateau_ends(tables).shape == (3, 4)


def test_families_meet_in_a_shared_cell(tables):
    here = short_runs.cell(tables)
    assert (here.individuals, here.steps) == (1024, 900)
    assert [panel.varied for panel, _, _ in short_runs.panels(here)] == [
        "alpha",
        "weight",
        "subset",
        "warm_up_steps",
    ]


def test_patched_runs_are_coloured_by_age_here_as_in_the_paper(tables):
    patches = patching.Patches.of(tables, "patching")
    assert patches.ages([0, 200]) == ["0 (0)", f"200 ({200 / patches.time.unit:.2g})"]
    (left, _) = panels(draw("mechanism/attention_circuits", tables))
    ours = {line.get_label(): line.get_color() for line in left.get_lines()}
    assert ours["0 (0)"] == patches.colour(0) and ours["never"] == style.BLACK
    theirs = [line.get_color() for line in left.get_lines() if line.get_gid() == "paper"]
    assert theirs[0] == patches.colour(0) and theirs[-1] == patches.colour(16_000 / patches.time.paper)


def test_final_losses_by_reference_and_start(tables):
    rows = patching.Patches.of(tables, "freezing", "patching").rows
    final = frozen_attention._final(rows)
    assert list(final.index) == [800, 200, 45, 20, 0] and list(final.columns) == [0, 45, 200, 400]
    runs = rows.query("reference == 800 and start == 400")
    expected = np.exp(np.log(runs.known_loss / BASELINE).mean())
    assert final.loc[800, 400] == pytest.approx(expected) and np.isnan(final.loc[0, 400])


def test_attention_is_that_of_the_layer(tables):
    rows = cells.experiment(tables, "attention")
    first, last = (attention_panels.seed_attention(tables, rows, k, "sharpness")[1] for k in (1, -1))
    np.testing.assert_allclose(first - last, 0.04)
    assert len(first) == 3


@pytest.mark.parametrize("column", [(1, "old_accuracy"), (3, "new_accuracy")])
def test_the_toys_lines_are_means_over_seeds_of_their_row(tables, column):
    panel, measure = column
    rows = np.array(panels(draw("memory/over_time", tables))).reshape(4, 4)
    end = tables.toy[tables.toy.step == tables.toy.step.max()]
    order = [(name, replay) for replay in (False, True) for name in ("linear", "value_embeddings")]
    for row, (read_out, replay) in zip(rows, order, strict=True):
        mine = end[(end.read_out == read_out) & ((end.weight > 0) == replay)]
        means = mine.groupby("weight" if replay else "new")[measure].mean()
        lines = [line for line in row[panel].lines if len(line.get_xdata()) and line.get_gid() != "paper"]
        assert [line.get_ydata()[-1] for line in lines] == pytest.approx(means.tolist())
        assert all(line.get_xdata()[-1] == 1 for line in lines)


@pytest.mark.parametrize("name", ["memory/trajectories", "memory/over_time"])
def test_a_loss_below_single_precision_is_drawn(name, tables):
    """A geometric mean over seeds has no place for a loss of zero."""
    toy = tables.toy.assign(new_loss=tables.toy.new_loss.where(tables.toy.step < 50, 0.0))
    fig = draw(name, Tables(tables.experiments, tables.runs, tables.curves, tables.summary, toy=toy))
    drawn = [
        line.get_ydata()
        for ax in panels(fig)
        for line in ax.lines
        if ax.get_yscale() == "log" and len(line.get_xdata()) and line.get_transform() == ax.transData
    ]
    assert drawn and all((np.asarray(y, float) > 0).all() for y in drawn)


def test_settings_are_shown_at_the_rate_of_the_lowest_training_loss(tables):
    panel = panels(draw("robustness/settings", tables))[5]
    (drawn,) = (line for line in panel.get_lines() if line.get_label() == "4 × 192")
    rows = cells.experiment(tables, "model_size").query("width == 192")
    ends = {
        rate: np.mean([tables.training_of(run).loss_per_token.iloc[-1] for run in runs.run])
        for rate, runs in rows.groupby("learning_rate")
    }
    shown = rows[rows.learning_rate == min(ends, key=ends.get)]
    assert drawn.get_ydata()[-1] == pytest.approx(np.exp(np.log(shown.known_loss / BASELINE).mean()))


def test_batches_are_compared_on_an_axis_of_biographies(tables):
    panel = panels(draw("robustness/settings", tables))[3]
    ends = [line.get_xdata()[-1] for line in panel.get_lines() if line.get_label().isdigit()]
    assert len(ends) == 5 and max(ends) - min(ends) < 0.01 * max(ends)
    assert "biographies" in panel.get_xlabel()


def test_training_losses_are_at_the_middle_of_their_windows(tables):
    left, right = panels(draw("robustness/templates", tables))
    log = tables.training_of(cells.experiment(tables, "phases").run.iloc[0])
    time = time_axis.time_axis(cells.experiment(tables, "phases"), published.curve("2_left", "loss"))
    ours = left.get_lines()[0].get_xdata() * time.unit
    assert ours[0] == pytest.approx(log.step[0] / 2)
    assert ours[3] == pytest.approx(log.step[2:4].mean())
    ours = [line for line in right.get_lines() if "order" in line.get_label()]
    assert [len(line.get_xdata()) for line in ours] == [5, 1, 1]
    mixed, own = (line.get_ydata()[0] for line in ours[1:])
    assert mixed > 1 > own


def test_synthetic_losses_pass_the_baseline(tables):
    rows = cells.experiment(tables, "phases")
    assert (rows.known_loss < 0.1 * BASELINE).all()


@pytest.mark.parametrize(
    ("value", "text"), [(0.125, "1/8"), (2.0, "2"), (1 / 3, "1/3"), (0.4, "0.4"), (0.0, "0")]
)
def test_ratios_read_like_the_papers(value, text):
    assert numbers.ratio(value) == text


def test_cells_of_both_scales_lie_on_one_axis(tables):
    people, steps = sizes_and_budgets.lines(tables)
    assert {n for n, _ in people.hardness} == {512, 1024, 2048} and {s for _, s in people.hardness} == {900}
    assert {s for _, s in steps.hardness} == {450, 900, 1800} and {n for n, _ in steps.hardness} == {1024}
    for line in (people, steps):
        hardness, paper = line.paper
        assert all(len(values) == len(hardness) for of in paper.values() for values in of.values())
    assert steps.paper[0][0] == pytest.approx(0.75, abs=0.01)  # 4,000 steps at 64k individuals
    assert people.hardness[2048, 900] > people.hardness[1024, 900] == steps.hardness[1024, 900]


def test_grids_of_warm_ups_hold_what_other_experiments_share(tables):
    (small, few), (large, many) = warm_ups.grids(tables)
    assert small == (1024, 900) and large == (2048, 900)
    assert list(few.columns) == [100, 150, 300] and list(many.columns) == [100, 150]
    assert list(many.index) == [256, 128, 64] and np.isnan(few.loc[64, 300])


def test_one_frequency_varies_at_a_time(tables):
    sweeps = head_and_tail.sweeps(tables)
    assert {part: len(runs) for part, runs in sweeps.items()} == {"head": 6, "tail": 6}
    for part, other in (("head", "tail"), ("tail", "head")):
        rows = sweeps[part]
        assert rows[part].nunique() == 2 and np.ptp(rows[other] / rows[other].iloc[0]) < 1e-9


@pytest.mark.parametrize(
    "settings",
    [
        b"text.usetex: True\nlines.linewidth: 9\nfont.size: 30\nsvg.hashsalt: other\nsavefig.bbox: tight\n",
        b"lines.linewidth: thick\nno such thing\nfont.size\n\xff\xfe",
    ],
    ids=["other", "broken"],
)
def test_figures_do_not_depend_on_settings_of_the_users(written, tmp_path, settings):
    """Neither in the working folder nor at home, nor on a backend that is not there."""
    (tmp_path / "home" / "matplotlib").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "home" / "matplotlib"):
        (folder / "matplotlibrc").write_bytes(settings)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": str(tmp_path / "home"),
        "MPLBACKEND": "nowhere",
    }
    command = [sys.executable, "-m", "pipeline.stages.figures", "--tables", written]
    command += ["--figures", CONFIDENCE, "--out", tmp_path / "out"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "environment: left out MPLBACKEND\n", done.stderr
    for kind in ("svg", "png"):
        style.save(draw(CONFIDENCE, Tables.read(written)), tmp_path / f"here.{kind}", kind)
        drawn = tmp_path / "out" / f"{CONFIDENCE}.{kind}"
        assert drawn.read_bytes() == (tmp_path / f"here.{kind}").read_bytes()


def test_the_page_does_not_depend_on_them_either(tmp_path):
    """It takes captions from the modules that draw."""
    (tmp_path / "matplotlibrc").write_bytes(b"\xff\xfe")
    command = [sys.executable, "-c", "import pipeline.stages.report"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


def test_the_file_is_refused_in_one_line(tmp_path):
    """Where it names a module that is not there, lacks something, or is no mapping of chapters."""
    (tmp_path / "phases" / "figures").mkdir(parents=True)
    (tmp_path / "phases" / "figures" / "one.py").touch()
    path, entry = tmp_path / "figures.yaml", "title: T, needs: [phases], caption: C"
    for text, message in {
        f"phases: {{one: {{{entry}}}}}": "",
        f"phases: {{two: {{{entry}}}}}": "phases/two: there is no phases/figures/two.py",
        "phases: {one: {title: T, needs: [phases]}}": "phases/one.caption: Field required",
        "phases: {one: {title: T, needs: [], caption: C}}": "phases/one.needs: ",
        f"phases: {{one: {{{entry}, colour: red}}}}": "phases/one.colour: ",
        "phases: {one: }": "phases/one.title: Field required",
        "phases: [one]": "a mapping of chapters is needed",
    }.items():
        path.write_text(text)
        figures.load.cache_clear()
        if not message:
            assert list(figures.load(path)) == ["phases/one"]
            continue
        with pytest.raises(ConfigError, match=rf"^figures\.yaml: {re.escape(message)}[^\n]*$"):
            figures.load(path)
    figures.load.cache_clear()


def test_every_module_of_a_figure_is_in_the_file():
    found = (ROOT / "pipeline" / "findings").glob("*/figures/[!_]*.py")
    assert {f"{path.parents[1].name}/{path.stem}" for path in found} == set(FIGURES)


def test_a_heading_has_the_papers_number_or_says_that_there_is_none():
    assert FIGURES["phases/three_phases"].heading.startswith("Figure 2. Three phases")
    assert FIGURES["mechanism/credit"].heading.startswith("Not in the paper: ")
