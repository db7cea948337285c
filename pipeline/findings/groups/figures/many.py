"""Many groups of people that come one after the other, under a cosine schedule."""

from pipeline.findings.groups.panels import InTurn

_FIGURE = InTurn("many_groups", "U", beside="U_32")
draw, facts = _FIGURE.draw, _FIGURE.facts
