"""Fine-tuning on rare or on frequent people who were seen in pre-training."""

import pandas as pd
from matplotlib.figure import Figure

from pipeline.findings import averages, style
from pipeline.findings.cells import experiment
from pipeline.paper import published
from pipeline.tables.read import Tables

LOOK = {"rare": ("fine-tuned on rare people", style.BLUE), "frequent": ("on frequent people", style.ORANGE)}
PARTS = {"head": "frequent people", "tail": "rare people"}


def tuned(tables: Tables) -> dict[str, pd.DataFrame]:
    """Runs by whom they are fine-tuned on; those that the plan has."""
    rows = experiment(tables, "finetune_seen")
    both = {"rare": rows[rows.skip > 0], "frequent": rows[rows.skip == 0]}
    return {who: runs for who, runs in both.items() if len(runs)}


def facts(tables: Tables) -> dict[str, str]:
    found = tuned(tables)
    told = []
    for who, runs in found.items():
        accuracy = averages.seed_curves(tables, runs, "tail", "accuracy")[1].mean(0)
        told.append(f"from {accuracy[0]:.2g} to {accuracy[-1]:.2g} if {LOOK[who][0]}")
    first = next(iter(found.values())).iloc[0]
    return {
        "rare": ", ".join(told),
        "individuals": f"{first.individuals:,}",
        "steps": f"{first.steps:,}",
        "paper_steps": f"{published.curve('P_tail_acc', 'rare').steps[-1]:,.0f}",
        "seeds": averages.seeds_sentence(*found.values()),
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(2, 2, 11, 7.6, sharex=True)
    for row, (part, people) in zip(axes, PARTS.items(), strict=True):
        for ax, measure, short in zip(row, ("loss", "accuracy"), ("loss", "acc"), strict=True):
            for who, (label, colour) in LOOK.items():
                paper = published.curve(f"P_{part}_{short}", who)
                x, y = paper.steps / paper.steps[-1], paper.relative(measure)
                style.draw_paper(ax, x, y, color=colour, label="_")
                if who not in tuned(tables):
                    continue
                steps, mean = averages.mean_curve(tables, tuned(tables)[who], part, measure)
                style.draw_average(ax, steps / steps[-1], mean, color=colour, label=label)
            if measure == "loss":
                style.plain_log(ax)
                ax.set_ylabel(f"{people}: loss / baseline")
            else:
                style.share_axis(ax)
                ax.set_ylabel(f"{people}: accuracy")
            ax.set_xlabel("share of fine-tuning")
            ax.tick_params(labelbottom=True)
    style.paper_entry(axes[0, 0], "paper")
    style.legend_of_all(fig, axes[0, 0])
    return fig
