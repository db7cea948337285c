"""Mistakes of the user's in the parameters, as one line each."""

from typing import Any

from pydantic import ValidationError


class ConfigError(ValueError):
    """A mistake of the user's in the parameters; the message is one line that says how to mend it."""

    def __init__(self, message: str) -> None:
        # Keys and values are the user's and may hold anything.
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))


def readable(given: Any) -> str:
    """A value as one short line."""
    text = str(given) if str(given).strip() else repr(given)
    return text if len(text) <= 80 else text[:77] + "..."


def one_line(error: ValidationError, where: str) -> ConfigError:
    """The first of pydantic's errors as one line: the key, what was given and what is allowed."""
    first = error.errors()[0]
    path = ".".join([where, *map(str, first["loc"])]).strip(".")
    match first["type"]:
        case "extra_forbidden":
            message = "unknown key"
        case "missing":
            message = "missing key"
        case "value_error":  # raised in this module: it already says what was given
            message = first["msg"].removeprefix("Value error, ")
        case _:
            message = f"{first['msg']}, given: {readable(first['input'])}"
    return ConfigError(f"{path}: {message}" if path else message)
