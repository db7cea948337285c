"""Where parameters come from: `params.yaml` (the default scale), with the overlays in `scales/`."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline import ROOT
from pipeline.config import strict_yaml
from pipeline.config.errors import ConfigError, one_line, readable
from pipeline.config.experiments import Params

DEFAULT = "laptop"


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on `base`, key by key; `experiments` is replaced whole, as scales share no cases."""
    out = dict(base)
    for key, value in over.items():
        deep = isinstance(value, dict) and isinstance(out.get(key), dict) and key != "experiments"
        out[key] = _merge(out[key], value) if deep else value
    return out


def _read_yaml(path: Path) -> dict[str, Any]:
    content = strict_yaml.read(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path.name}: a mapping is needed, given: {type(content).__name__}")
    return content


def names() -> list[str]:
    """Names of the scales. A name becomes a folder and a part of commands, so only plain ones count."""
    found = sorted(p.stem for p in (ROOT / "scales").glob("*.yaml"))
    return [DEFAULT, *(name for name in found if re.fullmatch(r"[a-z0-9_-]+", name))]


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


def load(scale: str = DEFAULT, params: Path | None = None) -> Params:
    """The parameters at a scale: `params.yaml`, with `scales/<scale>.yaml` on top of it, or on top of the
    scale which that file names as `over`.

    Raises ConfigError with one line for an unknown scale, an unknown key or a bad value.
    """
    if scale not in names():
        raise ConfigError(f"scale: given {scale!r}, allowed: {', '.join(names())}")
    try:
        loaded = Params.model_validate(_content(scale, params))
    except ValidationError as error:
        raise one_line(error, "") from None
    if not loaded.experiments:
        raise ConfigError("experiments: given none, allowed: at least one")
    return loaded
