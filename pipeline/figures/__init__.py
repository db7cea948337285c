"""The figures, by name. Drawing code is imported on use: a workflow lists figures without matplotlib.

Each module has `draw(tables)` and `facts(tables)`: the values that its caption template quotes, and how
many seeds it shows.
"""

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.analysis.tables import Tables


@dataclass(frozen=True)
class FigureSpec:
    """A figure of the report. `counterpart`: its figure in the paper."""

    module: str
    counterpart: str
    title: str
    template: str

    def _module(self) -> ModuleType:
        importlib.import_module("pipeline.figures.defaults")  # before a module that imports matplotlib
        return importlib.import_module(self.module)

    def draw(self, tables: "Tables") -> "Figure":
        """The figure; a panel that says why where the plan lacks runs that it needs."""
        from pipeline.figures import style
        from pipeline.figures.selection import MissingExperimentError

        module = self._module()
        with style.context():
            try:
                fig = module.draw(tables)
                style.note(fig, module.facts(tables)["seeds"])
            except MissingExperimentError as why:
                return style.message(f"Figure {self.counterpart} is not drawn: {why}")
        return fig

    def caption(self, tables: "Tables") -> str:
        """The caption with its numbers, which come from the tables and the paper's curves."""
        from pipeline.figures.selection import MissingExperimentError

        try:
            return self.template.format_map(self._module().facts(tables))
        except MissingExperimentError as why:
            return f"Not drawn: {why}."


FIGURES = {
    "fig2": FigureSpec(
        "pipeline.figures.fig2",
        "2",
        "Three phases of learning, and how the plateau grows with the population",
        "Left, middle: attribute loss as a multiple of the no-knowledge baseline ({baseline} nats per value; "
        "paper {paper_baseline}) and attribute accuracy, on held-out templates of known people, "
        "{individuals} individuals. {time} Right: end of the plateau against the number of individuals, raw "
        "axes. {fit} Paper: exponent {paper_exponent}, R² {paper_r_squared}.",
    ),
    "fig3": FigureSpec(
        "pipeline.figures.fig3",
        "3",
        "Attention circuits form during the plateau",
        "Left: attribute loss relative to the baseline of runs whose attention patterns, in all layers and "
        "heads and from step 0 on, are those of the unpatched run (black) at another step; its age is that "
        "step over the end of the plateau. Equal ages have equal colours here (solid) and in the paper "
        "(dashed). Final loss: {best} with attention of step {best_age}, {worst} with that of {worst_age}. "
        "Right: attention from the last token of a name to other name tokens, and from the position before "
        "a value to name tokens and to template text, by the unpatched run; grey: end of the plateau. "
        "{time}",
    ),
    "fig4": FigureSpec(
        "pipeline.figures.fig4",
        "4",
        "The data distribution sets the length of the plateau",
        "Top: measured here ({steps} steps unless the axis says otherwise); bottom: the paper ({paper_steps} "
        "steps). Left: end of the plateau in steps; the colour is its ratio to the uniform distribution "
        "(exponent 0) in the same row, on one colour scale for both; a dash: a seed stayed on it. Shortest "
        "here: {shortest}. Middle: the exponent with the lowest final loss. Right: final loss on known "
        "people relative to the baseline, the best setting of each family; as in the paper, settings are "
        "chosen on the runs that are shown.",
    ),
    "fig5": FigureSpec(
        "pipeline.figures.fig5",
        "5",
        "Hallucination starts with knowledge, and fine-tuning corrupts it",
        "Left: loss on known and on never-seen people, relative to the baseline. {time} Final loss on "
        "never-seen people: {new_loss} times the baseline (paper {paper_new_loss}). Middle, right: the path "
        "of a fine-tuning run through the losses on pre-training people and on new people, both relative to "
        "the baseline (grey lines), from the grey dot on{thin}. Middle: no replay, by "
        "number of new people; right: {new} new people, by weight of a replayed person relative to a new "
        "one. A colour is the same ratio here (solid) and in the paper (dashed).",
    ),
    "figM": FigureSpec(
        "pipeline.figures.figm",
        "M",
        "Loss, accuracy and confidence on known and on never-seen people",
        "{time} Loss is relative to the baseline. Maximum probability and entropy are of the predictive "
        "distribution, mean over value tokens; entropy starts at the logarithm of the vocabulary's size, "
        "which differs from the paper's. At the end: maximum probability {known_max_probability} on known "
        "and {new_max_probability} on never-seen people (paper {paper_known} and {paper_new}).",
    ),
    "figN": FigureSpec(
        "pipeline.figures.fign",
        "N",
        "Fine-tuning on new people over time",
        "Fine-tuning time as a share of its length, {steps} steps here and {paper_steps} in the paper; the "
        "axis is stretched at the start (square root), where old facts are lost. Losses are relative to the "
        "baseline. Top: no replay, by number of new people; bottom: {new} new people, by weight of a "
        "replayed person relative to a new one. A colour is the same ratio here (solid) and in the paper "
        "(dashed).",
    ),
    "figA": FigureSpec(
        "pipeline.figures.figa",
        "A",
        "Training loss, and the templates and order of sentences that knowledge needs",
        "Left: training loss of the default run, all tokens, each point the mean of {window} steps. {time} "
        "Its level depends on the length of names, values and templates, and on the number of people. "
        "Right: final loss on held-out templates of known people, relative to the baseline, by the number of "
        "templates a person's attribute is trained on; with a fixed order of the six sentences evaluation "
        "keeps it too. The paper's values of this panel are held back: only ours are drawn.",
    ),
    "figC": FigureSpec(
        "pipeline.figures.figc",
        "C",
        "The phases under other optimisers, batches and models",
        "Loss on held-out templates of known people, relative to the baseline, of the default run with one "
        "thing changed. {time} Numbers of individuals are compared on runs of {population_steps} steps; "
        "batches at an equal number of biographies, on an axis of biographies. A colour is the same ratio to "
        "the default here (solid) and in the paper (dashed); its curves for weight decay and batch size are "
        "held back. {rates}",
    ),
    "figD": FigureSpec(
        "pipeline.figures.figd",
        "D",
        "Frozen attention, and attention patched in later",
        "Left: loss relative to the baseline of runs whose attention is frozen as it is at a step (dot; its "
        "age is that step over the end of the plateau), with a new optimiser. {time} Equal ages have equal "
        "colours here (solid) and in the paper (dashed). Middle, right: final loss by the step whose "
        "attention is patched in and the step from which it is, here and in the paper, on one colour scale; "
        "a dash: not run. Without patching the final loss is {never} of the baseline (paper {paper_never}, "
        "its last column).",
    ),
    "figF": FigureSpec(
        "pipeline.figures.figf",
        "F",
        "Where attention goes, layer by layer",
        "Mean attention over heads and held-out biographies of known people: from the last token of a name "
        "to other name tokens; from the position before a value to template text and to name tokens; and "
        "the entropy of attention over that of uniform attention. Colours are the depth of the layer, in "
        "the paper's eight (dashed) as here (solid). Shares depend on how many tokens names and templates "
        "have. {time}",
    ),
    "figO": FigureSpec(
        "pipeline.figures.figo",
        "O",
        "Attention through fine-tuning on new people",
        "As Figure F, on pre-training people, while fine-tuning without replay on {new} new ones ({share} "
        "of the old; paper {paper_new}, {paper_share}); lower left: attention to last tokens of names only. "
        "Time is a share of {steps} steps here and {paper_steps} in the paper; the axis is stretched at the "
        "start (square root).",
    ),
    "figGHI": FigureSpec(
        "pipeline.figures.figghi",
        "G, H, I",
        "Power law, celebrities and warm-up in a short training run",
        "{individuals} individuals, {steps} steps: of the cells that all three experiments share, the one in "
        "which uniform training ends nearest to the paper's {paper_ratio} of the baseline (here "
        "{uniform_ratio}). {time} It is that of uniform training in all panels; losses are relative "
        "to the baseline. Where two parameters vary, each row varies one and keeps the other at the family's "
        "best setting. Dashed: the paper's uniform run and its best setting; diamonds: their final "
        "accuracies, as the paper gives no curves of them.",
    ),
    "figJ": FigureSpec(
        "pipeline.figures.figj",
        "J",
        "Families of distributions over population sizes and budgets",
        "Final loss relative to the baseline and final accuracy on known people, of the setting of each "
        "family with the lowest final loss. Left: by number of individuals, {steps} steps (paper: "
        "{paper_steps}); right: by number of steps, {individuals} individuals (paper: {paper_individuals}). "
        "Both scales share an axis: the share of the run that the plateau takes under uniform sampling; 1: "
        "a run stays on it.",
    ),
    "figKL": FigureSpec(
        "pipeline.figures.figkl",
        "K, L",
        "Size and length of the warm-up",
        "Final accuracy on known people by the number of people in the warm-up and its length in steps, "
        "with their shares of the population and of the run; a dash: not run. Colours go from the lowest to "
        "the highest of each panel. Left: here; right: the paper, read off its colours (to 10 %). Best "
        "here: {best}.",
    ),
    "figHT": FigureSpec(
        "pipeline.figures.fight",
        "HT",
        "Frequent people and the plateau, rare people and the speed after it",
        "A few celebrities (frequent people) take a fixed share of the samples, {share}; the others (rare "
        "people) the rest; {steps} steps. Top: rare people are as many and as frequent as before, "
        "celebrities fewer and more frequent or the reverse; bottom: the other way round. Left, middle: "
        "loss and accuracy on rare people. Right: the step at which their loss falls below 0.99 of the "
        "baseline, and the steps from there to half of their facts. Exponents: {exponents}. The paper "
        "argues that the former follows the frequent people and the latter the rare ones (claim C31), and "
        "does not isolate them.",
    ),
    "figCR": FigureSpec(
        "pipeline.figures.figcr",
        "CR",
        "Errors on values come to reach the names",
        "Norm of the gradient of a biography's loss on value tokens in the states of a token, mean over "
        "name tokens and over tokens of template text, on held-out biographies of known people; without "
        "tokens at which a value is predicted, which need no attention for it. Into the states that enter "
        "the last layer (left) the memories of the layers before it write. The paper argues that errors do "
        "not reach names before there is a circuit that reads them, and does not measure it. Our statement, "
        "that on the plateau names gain over text there, {verdict}; the ratio from the end of the first "
        "phase to that of the plateau: {growth}. {time}",
    ),
    "figGR": FigureSpec(
        "pipeline.figures.figgr",
        "GR",
        "Hallucination in a population that grows",
        "Training on {subset} of {individuals} people, whom others join (grey lines) until it is on "
        "everyone. Losses are relative to the baseline. The paper states that hallucination appears in the "
        "same way when the population grows (claim C35), and shows no figure of it.",
    ),
    "figCU": FigureSpec(
        "pipeline.figures.figcu",
        "CU",
        "Growing in place of switching",
        "A warm-up trains on a few people, then on everyone; here the people whom training is on grow in "
        "equal parts instead. {individuals} people, {steps} steps. Left: accuracy on everyone, met so far or "
        "not; right: at the end, seeds and mean. What the way to grow with the lowest loss gains in final "
        "accuracy over the warm-up with the lowest loss, paired by seed: {gain} on these seeds, which chose "
        "both; {again}. The paper has warm-ups only.",
    ),
    "figP": FigureSpec(
        "pipeline.figures.figp",
        "P",
        "Fine-tuning on people who were seen in pre-training",
        "Of {individuals} people (paper: 128,000) some were frequent in pre-training (celebrities) and the "
        "others rare; fine-tuning for {steps} steps (paper: {paper_steps}) on the rare or on the frequent "
        "ones alone. Accuracy on rare people: {rare}. Losses are relative to the baseline.",
    ),
    "figQ": FigureSpec(
        "pipeline.figures.figq",
        "Q",
        "An associative memory without attention is fine-tuned",
        "A perceptron with one hidden layer and no attention learns {pairs} (paper: 8,192) pairs of a random "
        "key and one of {values} values; after pre-training it knows {known}. The path of a fine-tuning run "
        "through the losses on old and on new pairs, both relative to the baseline ln {values} (grey lines), "
        "from the grey dot on{thin}; losses below {least} of it are drawn there. Rows: the two ways to read "
        "the memory out, which the paper leaves open. {blind}",
    ),
    "figR": FigureSpec(
        "pipeline.figures.figr",
        "R",
        "Fine-tuning of the associative memory over time",
        "The runs of Figure Q over time, a share of {steps} steps (paper: 4,000); the axis is stretched at "
        "the start (square root). Losses are relative to the baseline ln {values}; those below {least} of it "
        "are drawn there. Two rows without replay, by number of new pairs, and two with {new} new pairs, by "
        "weight of a replayed pair relative to a new one; one row for each way to read the memory out. "
        "{blind}",
    ),
    "figS": FigureSpec(
        "pipeline.figures.figs",
        "S",
        "Groups of people come one after the other",
        "The {individuals} people in equal groups, each trained on for an equal share of {steps} steps "
        "(paper: 64,000 people, {paper_steps} steps), from the first (dark) to the last (light); grey: the "
        "switches. Loss relative to the baseline and accuracy on each group apart, all through the run; "
        "dashed: the paper's with as many groups. Cosine schedule.",
    ),
    "figT": FigureSpec(
        "pipeline.figures.figt",
        "T",
        "Groups of people at a constant learning rate",
        "As Figure S, on {individuals} people, at a constant learning rate of {rate}. The paper's curves "
        "of this figure are held back, so ours were measured blind.",
    ),
    "figU": FigureSpec(
        "pipeline.figures.figu",
        "U",
        "Many groups of people",
        "As Figure S, with {groups} groups of {size} people (paper: 32 of 8,000) under a cosine schedule. "
        "Highest accuracy on a group at the end, over groups and seeds: {highest}. The paper's curves of "
        "this figure are held back, so ours were measured blind.",
    ),
    "figV": FigureSpec(
        "pipeline.figures.figv",
        "V",
        "Two groups of people alternate",
        "As Figure S, with two groups of {size} people (paper: 32,000) that are visited in turn, {steps} "
        "steps (paper: {paper_steps}) whatever the number of visits. Dashed: the paper's.",
    ),
    "figW": FigureSpec(
        "pipeline.figures.figw",
        "W",
        "Attention learned on groups, patched in for everyone",
        "End of the plateau and final loss of runs on everyone whose attention is, from step 0 on, that of "
        "another run at a step: of the run on {groups} groups of Figure S (a window, between grey lines, "
        "is {window} steps) or of one on everyone (Figure 3). A run that stays on the plateau counts as "
        "its length. The paper's values of this figure are held back, so ours were measured blind.",
    ),
    "figX": FigureSpec(
        "pipeline.figures.figx",
        "X",
        "Where attention goes while groups come and go",
        "As Figure F, on everyone, in the run on {groups} groups of Figure S, {steps} steps; grey: the "
        "switches. Lower left: attention to last tokens of names only; lower right: those of Figure 3. In "
        "the paper attention moves a little at each switch, and ends near 0.94, 0.92 and 0.07 in the lower "
        "right panel.",
    ),
}
