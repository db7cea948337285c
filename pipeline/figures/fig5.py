"""Figure 5: hallucination during learning, and the path of fine-tuning through the two losses."""

from matplotlib.figure import Figure

from pipeline.analysis import reference
from pipeline.analysis.tables import Tables
from pipeline.figures import figm, fine_tuning, selection, style


def facts(tables: Tables) -> dict[str, str]:
    rows = selection.experiment(tables, "phases")
    sizes, replay = fine_tuning.sizes(tables), fine_tuning.replay(tables)
    paper = reference.curve("5_left", "new").values[-1] / reference.baseline()
    return {
        "time": selection.time_axis(rows, reference.curve("5_left", "known")).sentence,
        "new_loss": f"{(rows.new_loss / rows.baseline).mean():.2f}",
        "paper_new_loss": f"{paper:.2f}",
        "thin": "; thin lines are single seeds" if sizes.rows.seed.nunique() > 1 else "",
        "new": selection.short(replay.rows.new.iloc[0]),
        "seeds": selection.seeds_sentence(rows, sizes.rows, replay.rows),
    }


def draw(tables: Tables) -> Figure:
    fig, axes = style.new_figure(1, 3, 14, 5.4)
    left, middle, right = axes[0]
    figm.draw_groups(left, tables, "loss")
    style.legend_above(left, "Pre-training", columns=2)
    fine_tuning.draw_paths(middle, tables, fine_tuning.sizes(tables))
    fine_tuning.draw_paths(right, tables, fine_tuning.replay(tables))
    return fig
