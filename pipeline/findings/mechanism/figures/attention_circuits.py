"""Attention of other ages patched in, and where attention goes, through training."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.mechanism.attention_panels import draw_circuits
from pipeline.findings.mechanism.patching_panels import Patches, draw_losses
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    patches = Patches.of(tables, "patching")
    rows = patches.rows[patches.rows.start == 0]
    finals = rows.groupby("reference").loss_over_b.agg(lambda loss: Interval.geometric(loss).centre)
    best, worst = finals.idxmin(), finals.idxmax()
    return {
        "time": patches.time.sentence,
        "best": f"{finals[best]:.2g}",
        "best_age": patches.ages([best])[0],
        "worst": f"{finals[worst]:.2g}",
        "worst_age": patches.ages([worst])[0],
        "seeds": averages.seeds_sentence(patches.unpatched, *(runs for _, runs in rows.groupby("reference"))),
    }


def draw(tables: Tables) -> Figure:
    patches = Patches.of(tables, "patching")
    time = patches.time
    fig, axes = style.new_figure(1, 2, 13.5, 6.2)
    left, right = axes[0]
    draw_losses(left, tables, patches, patches.rows[patches.rows.start == 0], "3_mid")
    style.legend_above(left, "Attention patched in from step (its age)", columns=3)
    draw_circuits(right, tables, patches.unpatched, time.unit, time.paper)
    style.paper_entry(right, "paper")
    right.axvline(1, color=style.GREY, linewidth=1, zorder=1)
    right.set_xlabel(time.label)
    style.legend_above(right, "Where attention goes", columns=2)
    return fig
