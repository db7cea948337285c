"""Figure 3: attention of other ages patched in, and where attention goes, through training."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.mechanism import attention_panels
from pipeline.findings.mechanism.patching_panels import Patches, draw_losses
from pipeline.findings.statistics import Interval
from pipeline.paper import published
from pipeline.tables.read import Tables

# Statistic, layer, name of the paper's curve.
SHOWN = (
    ("name_to_name", 1, "name->name", style.BLUE),
    ("attribute_to_name", -1, "attr->name", style.GREEN),
    ("attribute_to_text", -1, "attr->text", style.RED),
)


def facts(tables: Tables) -> dict[str, str]:
    patches = Patches.of(tables)
    rows = patches.rows[patches.rows.start == 0]
    losses = (rows.known_loss / rows.baseline).groupby(rows.reference)
    finals = losses.agg(lambda loss: Interval.geometric(loss).centre)
    best, worst = finals.idxmin(), finals.idxmax()
    return {
        "time": patches.time.sentence,
        "best": f"{finals[best]:.2g}",
        "best_age": patches.ages([best])[0],
        "worst": f"{finals[worst]:.2g}",
        "worst_age": patches.ages([worst])[0],
        "seeds": averages.seeds_sentence(patches.unpatched, *(runs for _, runs in rows.groupby("reference"))),
    }


def _statistics(ax: Axes, tables: Tables, patches: Patches) -> None:
    time = patches.time
    for statistic, layer, name, colour in SHOWN:
        steps, values = attention_panels.seed_attention(tables, patches.unpatched, layer, statistic)
        where = "first layer" if layer == 1 else "last layer"
        look = {"color": colour, "label": f"{attention_panels.LABELS[statistic]}, {where}"}
        mean = averages.average(values, log=False)
        style.draw_average(ax, steps / time.unit, mean, seeds=values, **look)
        paper = published.curve("3_right", name)
        style.draw_paper(ax, paper.steps / time.paper, paper.values, color=colour, label="_")
    style.paper_entry(ax, "paper")
    ax.axvline(1, color=style.GREY, linewidth=1, zorder=1)
    ax.set(xlabel=time.label, ylabel="share of attention", ylim=(-0.03, 1.03))
    style.legend_above(ax, "Where attention goes", columns=2)


def draw(tables: Tables) -> Figure:
    patches = Patches.of(tables)
    fig, axes = style.new_figure(1, 2, 13.5, 6.2)
    left, right = axes[0]
    draw_losses(left, tables, patches, patches.rows[patches.rows.start == 0], "3_mid")
    style.legend_above(left, "Attention patched in from step (its age)", columns=3)
    _statistics(right, tables, patches)
    return fig
