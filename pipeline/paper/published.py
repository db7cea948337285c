"""The paper's own curves, as data: `pipeline/paper/curves.json`.

Read from the vector graphics of arXiv 2503.21676v1 (about 0.1 % exact on lines, 1-2 % on heat-map
colours; one run unless a figure says otherwise). A panel is named by its figure: "2_left", "M_loss".

The paper's legend of Figure R has the numbers of new pairs in reverse order. Here they are right.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.store.artefacts import ArtefactError, refuse_line_endings
from pipeline.store.files import sha256
from pipeline.tables import crossings

FILE = Path(__file__).with_name("curves.json")


@dataclass(frozen=True)
class Curve:
    """steps (S,): training steps, ascending; values (S,): loss in nats per value, or a share of one."""

    steps: NDArray[np.float64]
    values: NDArray[np.float64]

    def relative(self, measure: str = "loss", over: float | None = None) -> NDArray[np.float64]:
        """The values as they are drawn and quoted: a loss over the baseline `over`, by default that of the
        language model; a share as it is."""
        return self.values / (over or baseline()) if measure == "loss" else self.values

    def plateau_end(self) -> float:
        """End of the plateau of a loss curve, by the detector that our own runs go through."""
        return crossings.plateau_end(self.steps, self.values, baseline())


@cache
def _content() -> dict[str, Any]:
    expected = FILE.with_name("curves.sha256").read_text().split()[0]
    if not FILE.exists() or sha256(FILE) != expected:
        if FILE.exists():
            refuse_line_endings(FILE, expected)
        raise ArtefactError(f"{FILE}: damaged or missing; `git checkout -- {FILE.name}` in its folder")
    return json.loads(FILE.read_text(encoding="utf-8"))


def _panel(block: str, panel: str) -> dict[str, Any]:
    panels = _content()[block]
    if panel not in panels:
        raise ValueError(f"panel: given {panel!r}, allowed: {', '.join(panels)}")
    return panels[panel]


def baseline() -> float:
    """The paper's no-knowledge baseline, nats per value: the grey line of its figures."""
    return float(_content()["baseline"])


def toy_baseline() -> float:
    """That of the associative memory (Figures Q, R), nats: it has 30 values. Figure R's grey line is there;
    Figure Q's is at the language model's by mistake."""
    return math.log(30)


def number(name: str) -> float:
    """The number that names a curve: "16k" -> 16000, "1/8" -> 0.125, "4e-4" -> 0.0004."""
    if name.endswith("k"):
        return 1000 * float(name[:-1])
    over, _, under = name.partition("/")
    return float(over) / float(under or 1)


def names(panel: str) -> list[str]:
    """Names of the curves of a panel, in the order of its legend."""
    return list(_panel("curves", panel))


def curve(panel: str, name: str) -> Curve:
    """One curve against the training step. Raises ValueError for an unknown panel or name."""
    named = _panel("curves", panel)
    if name not in named:
        raise ValueError(f"name: given {name!r}, allowed in panel {panel}: {', '.join(named)}")
    return Curve(*np.asarray(named[name], float).T)


def points(panel: str) -> dict[str, NDArray[np.float64]]:
    """Points and heat maps by column name; a heat map is (rows, columns), in the order of its first
    two columns. NaN where the paper has no point."""
    return {name: np.asarray(values, float) for name, values in _panel("points", panel).items()}
