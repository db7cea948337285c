"""End of the plateau, best exponent and final loss under other data distributions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from pipeline.findings import averages, numbers, style
from pipeline.findings.averages import Array
from pipeline.findings.cells import (
    CELL,
    MissingExperimentError,
    best_setting,
    default_steps,
    experiment,
    families,
    power_laws,
    whole_power_laws,
)
from pipeline.findings.distributions.panels import BEST, draw_best
from pipeline.findings.statistics import Interval
from pipeline.paper import published
from pipeline.tables.read import Tables

PAPER_STEPS = 16_000


def power_law(tables: Tables) -> pd.DataFrame:
    """Runs of the power laws, with the uniform ones in the same conditions as exponent 0."""
    experiment(tables, "power_law")
    return power_laws(tables)


def plateau_ends(tables: Tables) -> pd.DataFrame:
    """Mean over seeds, individuals (descending) x exponent; NaN where a seed never leaves the plateau."""
    rows = power_law(tables)
    rows = rows[rows.steps == default_steps(tables, rows)]
    ends = rows.groupby(["individuals", "alpha"]).plateau_end.agg(lambda e: e.mean(skipna=False))
    return ends.unstack("alpha").sort_index(ascending=False)


def compared(tables: Tables) -> pd.DataFrame:
    """Whole runs of power laws in the cells where several exponents were tried."""
    return whole_power_laws(tables).groupby(CELL).filter(lambda runs: runs.alpha.nunique() > 1)


def best_alpha(tables: Tables) -> pd.DataFrame:
    """Exponent with the lowest final loss, individuals (descending) x steps; NaN where no two were tried."""
    loss = compared(tables).groupby([*CELL, "alpha"]).known_loss.mean()
    best = loss.unstack("alpha").idxmin(axis=1)
    return best.unstack("steps").sort_index(ascending=False)


def final_runs(tables: Tables) -> pd.DataFrame:
    """Whole runs of the number of steps at which most families were trained; of several, with most runs."""
    rows = families(tables)
    several = rows.groupby("steps").agg(families=("distribution", "nunique"), runs=("run", "nunique"))
    return rows[rows.steps == several.sort_values(["families", "runs"]).index[-1]]


def facts(tables: Tables) -> dict[str, str]:
    ends = plateau_ends(tables)
    # A row in which no cell left the plateau has no shortest one.
    best = ends.dropna(how="all").idxmin(axis=1).sort_index()
    told = ", ".join(f"exponent {a:g} at {n:,} individuals" for n, a in best.items()) or "no run left it"
    laws, final = power_law(tables), final_runs(tables)
    return {
        "steps": f"{default_steps(tables, laws):,}",
        "final_steps": f"{final.steps.iloc[0]:,}",
        "paper_steps": f"{PAPER_STEPS:,}",
        "shortest": told,
        "seeds": averages.seeds_sentence(laws, compared(tables), final),
    }


@dataclass(frozen=True)
class Grid:
    """A heat map: values (individuals, columns)."""

    values: Array
    individuals: Array
    columns: Array

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Grid":
        values = table.to_numpy(float)
        return cls(values, table.index.to_numpy(float), table.columns.to_numpy(float))

    @classmethod
    def of_paper(cls, panel: str, columns: str, values: str) -> "Grid":
        points = published.points(panel)
        return cls(points[values], points["individuals"], points[columns])

    @property
    def relative(self) -> Array:
        """Values as multiples of the first column, which is the uniform distribution."""
        return self.values / self.values[:, :1]

    @property
    def rows(self) -> list[str]:
        return [numbers.short(n) for n in self.individuals]


def _ends(ax: Axes, ends: Grid, norm: Normalize) -> AxesImage:
    texts = [["–" if np.isnan(e) else f"{e:,.0f}" for e in row] for row in ends.values]
    ax.set(xlabel="power-law exponent α", ylabel="individuals")
    return style.heat_map(ax, ends.relative, texts, ends.rows, [f"{a:g}" for a in ends.columns], norm)


def _best(ax: Axes, best: Grid, norm: Normalize) -> AxesImage:
    texts = [["" if np.isnan(a) else f"{a:g}" for a in row] for row in best.values]
    ax.set(xlabel="training steps", ylabel="individuals")
    return style.heat_map(ax, best.values, texts, best.rows, [numbers.short(x) for x in best.columns], norm)


def _final(ax: Axes, tables: Tables) -> None:
    """Final loss of the best setting of each family against the number of individuals."""
    for family, rows in final_runs(tables).groupby("distribution"):
        best = {n: best_setting(runs) for n, runs in rows.groupby("individuals")}
        draw_best(ax, list(best), [Interval.geometric(runs.loss_over_b) for runs in best.values()], family)


def _final_paper(ax: Axes) -> None:
    points = published.points("4_right")
    for family, name in BEST.items():
        y = points[family] / published.baseline()
        style.draw_paper(ax, points["individuals"], y, color=style.FAMILIES[family], label=name)
        ax.plot(points["individuals"], y, style.MARKERS[family], markersize=4, color=style.FAMILIES[family])


def draw(tables: Tables) -> Figure:
    ends, best = Grid.of(plateau_ends(tables)), Grid.of(best_alpha(tables))
    paper_ends = Grid.of_paper("4_left", "alpha", "plateau_end")
    paper_best = Grid.of_paper("4_mid", "steps", "alpha")
    if ends.columns[0] != 0:
        raise MissingExperimentError("power_law has no uniform runs (alpha 0) to compare with")
    fig, axes = style.new_figure(2, 3, 14.5, 8.2, width_ratios=(1.25, 1, 1.25))
    axes[1, 2].sharey(axes[0, 2])
    both = np.concatenate([ends.relative.ravel(), paper_ends.relative.ravel()])
    ratios = Normalize(np.nanmin(both), np.nanmax(both))
    alphas = Normalize(0, max(1.0, ends.columns.max()))
    _final(axes[0, 2], tables)
    _final_paper(axes[1, 2])
    for (left, middle, right), who, end, alpha in zip(
        axes, ("here", "paper"), (ends, paper_ends), (best, paper_best), strict=True
    ):
        fig.colorbar(_ends(left, end, ratios), ax=left, label="relative to uniform (α = 0)")
        left.set_title(f"End of the plateau (steps), {who}", loc="left", fontweight="bold")
        fig.colorbar(_best(middle, alpha, alphas), ax=middle, label="exponent α")
        middle.set_title(f"Best exponent, {who}", loc="left", fontweight="bold")
        style.baseline(right, label="baseline")
        style.plain_log(right, "xy")
        right.set_xticks(end.individuals, end.rows)
        right.set(xlabel="individuals", ylabel="final loss / baseline")
        style.legend_above(right, f"Final loss, {who}", columns=2)
    return fig
