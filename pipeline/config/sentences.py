"""Sentences that state a fact: a name, then a value, with text around them."""

import re

NAME, VALUE = "[X]", "[Y]"
Template = tuple[str, str, str]  # before the name, between name and value, after the value


def template(line: str) -> Template:
    """A sentence with `[X]` for the name and `[Y]` for the value. Raises ValueError if it has not each once,
    in this order.

    The space before a placeholder belongs to what fills it, so that a name or a value is tokenised
    alike wherever it stands and never merges with the text around it (paper, appendix B.1).
    """
    if re.findall(r"\[[A-Z]\]", line) != [NAME, VALUE]:
        raise ValueError(f"given {line!r}, allowed: {NAME} once, then {VALUE} once")
    before, between, after = re.split(r"\[[A-Z]\]", line)
    return f" {before}".rstrip(), between.rstrip(), after
