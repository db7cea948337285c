"""Two groups of people that alternate."""

from pipeline.findings.groups.panels import InTurn

_FIGURE = InTurn("alternating", "V", varied="repeats", title="{} visits to each of 2 groups")
draw, facts = _FIGURE.draw, _FIGURE.facts
