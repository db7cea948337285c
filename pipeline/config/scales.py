"""Where parameters come from: `params.yaml` (the default scale), with the overlays in `scales/`."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline import ROOT
from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError, one_line, readable
from pipeline.config.experiments import Params
from pipeline.config.facts import table

DEFAULT = "laptop"
NAME = re.compile(r"[a-z0-9_-]+")  # of a scale: it becomes a folder and a part of commands
UNSEEN = 5  # one in so many rows of a table is held out: what the most new people in fine-tuning need
_VOCABULARY = 2000  # tokens, of a table's tokenizer


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on `base`, key by key. Replaced whole are `experiments`, as scales share no cases, and what
    names a table of facts: no key of a population that is drawn is for one that is read."""
    out = dict(base)
    for key, value in over.items():
        deep = isinstance(value, dict) and isinstance(out.get(key), dict)
        deep = deep and key != "experiments" and "facts" not in value
        out[key] = _merge(out[key], value) if deep else value
    return out


def _read_yaml(path: Path) -> dict[str, Any]:
    content = strict_yaml.read(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path.name}: a mapping is needed, given: {type(content).__name__}")
    return content


def names() -> list[str]:
    """Names of the scales: only plain ones count."""
    found = sorted(p.stem for p in (ROOT / "scales").glob("*.yaml"))
    return [DEFAULT, *(name for name in found if NAME.fullmatch(name))]


def _content(scale: str, params: Path | None, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters of a scale, unchecked: its file laid over those of the scale that it is `over`."""
    if scale == DEFAULT:
        return _read_yaml(params or ROOT / "params.yaml")
    content = _read_yaml(ROOT / "scales" / f"{scale}.yaml")
    under = content.pop("over", DEFAULT)
    if under not in names() or under in (*above, scale):
        allowed = [name for name in names() if name not in (*above, scale)]
        raise ConfigError(f"{scale}.yaml: over: given {readable(under)}, allowed: {', '.join(allowed)}")
    return _merge(_content(under, params, (*above, scale)), content)


def _with_table(content: dict[str, Any]) -> dict[str, Any]:
    """The parameters with what is known of the table of facts that they name, if they do: all rows are used,
    where no numbers are given, and one in `UNSEEN` is held out."""
    defaults = content.get("defaults")
    who = defaults.get("population") if isinstance(defaults, dict) else None
    if not isinstance(who, dict) or not isinstance(who.get("facts"), str):
        return content
    found = table.read(ROOT / who["facts"])
    marked = sum(found.held_out) if found.held_out else None
    rows = len(found)
    unseen = who.get("unseen", rows // UNSEEN if marked is None else marked)
    facts = {"folder": who["facts"], "digest": found.digest, "rows": rows, "marked": marked}
    known = {
        "facts": facts | {"frequencies": found.frequencies is not None},
        "unseen": unseen,
        "individuals": who.get("individuals", rows - (unseen if marked is None else marked)),
        "vocabulary": who.get("vocabulary", _VOCABULARY),
    }
    return content | {"defaults": {**content["defaults"], "population": {**who, **known}}}


def of_drawn_people() -> list[str]:
    """Names of the scales whose people are drawn, as the paper's are. No table of facts is read."""
    defaults = {name: _content(name, None).get("defaults") or {} for name in names()}
    return [name for name, given in defaults.items() if "facts" not in (given.get("population") or {})]


def experiments() -> list[str]:
    """Names of the experiments of all these."""
    found = (name for scale in of_drawn_people() for name in _content(scale, None).get("experiments") or {})
    return list(dict.fromkeys(found))


def load(scale: str = DEFAULT, params: Path | None = None) -> Params:
    """The parameters at a scale: `params.yaml`, with `scales/<scale>.yaml` on top of it, or on top of the
    scale which that file names as `over`.

    Raises ConfigError with one line for an unknown scale, an unknown key or a bad value.
    """
    if scale not in names():
        raise ConfigError(f"scale: given {scale!r}, allowed: {', '.join(names())}")
    try:
        loaded = Params.model_validate(_with_table(_content(scale, params)))
    except ValidationError as error:
        raise one_line(error, "") from None
    if not loaded.experiments:
        raise ConfigError("experiments: given none, allowed: at least one")
    return loaded
