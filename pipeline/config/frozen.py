"""What all typed parameters share: frozen, no unknown keys, and an identity by content."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

IDENTITY = "identity"  # the context in which a model is written for its hash


class Frozen(BaseModel):
    """A field's docstring says what it is and why, after its unit in brackets if it has one: the text of
    docs/parameters.md and of editors' completion."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


def optional(**constraints: Any) -> Any:
    """A field that is not written where it is not set: it came later than runs whose hash must stay."""
    return Field(default=None, **constraints, exclude_if=lambda value: value is None)


def digest(value: Any) -> str:
    """First 10 hex digits of the SHA-256 of the canonical JSON of `value`."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:10]
