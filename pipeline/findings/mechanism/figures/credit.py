"""How much of the errors on values reaches names and template text, through training."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.mechanism.attention_panels import layer_colour, seed_attention
from pipeline.findings.mechanism.credit import in_last_layer, observed
from pipeline.findings.statistics import Interval
from pipeline.findings.time_axis import time_axis
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    rows = observed(tables)
    return {
        "ratio": f"{Interval.geometric(in_last_layer(tables, rows, rows.plateau_end)):.2g}",
        "time": time_axis(rows).sentence,
        "seeds": averages.seeds_sentence(rows),
    }


def draw(tables: Tables) -> Figure:
    rows = observed(tables)
    time = time_axis(rows)
    fig, axes = style.new_figure(1, 2, 12, 5)
    left, right = axes[0]
    for statistic, name, colour in (("name", "names", style.BLUE), ("text", "template text", style.ORANGE)):
        steps, values = seed_attention(tables, rows, -1, f"credit_to_{statistic}")
        style.draw_average(
            left, steps / time.unit, averages.average(values, log=True), color=colour, label=name
        )
    layers = int(rows.layers.iloc[0])
    for layer in range(1, layers + 1):
        steps, names = seed_attention(tables, rows, layer, "credit_to_name")
        _, text = seed_attention(tables, rows, layer, "credit_to_text")
        mean, label = averages.average(names / text, log=True), f"layer {layer} of {layers}"
        style.draw_average(right, steps / time.unit, mean, color=layer_colour(layer, layers), label=label)
    for ax, title in (
        (left, "Gradient in the states that enter the last layer"),
        (right, "Names over text, in the states that enter"),
    ):
        style.plain_log(ax)
        ax.axvline(1, color=style.GREY, linewidth=1, zorder=1)
        ax.set_xlabel(time.label)
        style.legend_above(ax, title)
    right.axhline(1, color=style.GREY, linewidth=1, zorder=1)
    left.set_ylabel("norm per token (nats)")
    right.set_ylabel("ratio of norms")
    return fig
