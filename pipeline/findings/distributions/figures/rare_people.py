"""Accuracy at the end by how often people are met, under a power law and under uniform sampling."""

from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.distributions.rare_people import arms, by_part
from pipeline.findings.statistics import Interval
from pipeline.tables.read import Tables


def facts(tables: Tables) -> dict[str, str]:
    uniform, law = arms(tables)
    rows = by_part(tables, law)
    last = rows[rows.part == rows.part.max()]
    return {
        "alpha": f"{law.alpha.iloc[0]:g}",
        "steps": f"{law.steps.iloc[0]:,}",
        "uniform": f"{Interval.share(uniform.known_accuracy):.3f}",
        "law": f"{Interval.share(law.known_accuracy):.3f}",
        "rarest": f"{Interval.share(last.accuracy):.3f}",
        "met": f"{last.exposures.mean():.3g}",
        "seeds": f"Not in the paper. {averages.seeds_sentence(law.reset_index())}",
    }


def draw(tables: Tables) -> Figure:
    uniform, law = arms(tables)
    rows = by_part(tables, law)
    fig, axes = style.new_figure(1, 1, 7, 4.8)
    (ax,) = axes[0]
    parts = [of for _, of in rows.groupby("part")]
    style.error_bars(
        ax,
        [of.exposures.mean() for of in parts],
        [Interval.share(of.accuracy) for of in parts],
        fmt="s-",
        color=style.FAMILIES["power_law"],
        label="power law, tenths of the people",
    )
    everyone = uniform.batch * uniform.steps / uniform.individuals
    for runs, name, family in ((uniform, "uniform", "uniform"), (law, "power law", "power_law")):
        style.error_bars(
            ax,
            [everyone.mean()],
            [Interval.share(runs.known_accuracy)],
            fmt="o",
            markerfacecolor="white",
            color=style.FAMILIES[family],
            label=f"{name}, everyone",
        )
    style.plain_log(ax, "x")
    style.share_axis(ax)
    ax.set(xlabel="how often a person is met in the run", ylabel="accuracy at the end")
    style.legend_of_all(fig, ax)
    return fig
