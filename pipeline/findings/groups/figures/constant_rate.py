"""Groups of people that come one after the other, at a constant learning rate."""

from pipeline.findings.groups.panels import InTurn

_FIGURE = InTurn("sequential_constant", "T")
draw, facts = _FIGURE.draw, _FIGURE.facts
