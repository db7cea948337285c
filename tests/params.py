"""The tests' own parameters: `tests/params.yaml`, whatever people make of the project's."""

from pathlib import Path
from typing import Any

from pipeline.config import scales
from pipeline.config.experiments import Params

FILE = Path(__file__).with_name("params.yaml")


def load() -> Params:
    return scales.load(params=FILE)


def content() -> dict[str, Any]:
    """The same as plain data, to change."""
    return load().model_dump(mode="json", exclude_none=True)
