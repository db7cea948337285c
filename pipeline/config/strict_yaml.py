"""YAML as everybody reads it: what would be lost, or read in another way than it looks, is refused.

YAML 1.1, PyYAML's, and YAML 1.2, that of DVC and most editors, differ on plain scalars: 010 is 8 or 10, `no`
is false or a word. And a key twice in a mapping is allowed by neither, but PyYAML takes the last.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from pipeline.config.errors import ConfigError, readable

try:
    from yaml import CSafeLoader as _Base  # a tenth of the time: parameters are read at every call
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeLoader as _Base  # type: ignore[assignment]

_TRAPS = {
    r"(?i:yes|no|on|off)": "write true or false, or quote it",
    # Octal, hexadecimal or binary; with underscores; in base 60.
    r"[-+]?0[0-9_]+|[-+]?0[xob][0-9a-fA-F_]+": "write it as a decimal number, or quote it",
    r"[-+]?(?=[0-9.])(?=[0-9.]*_)[0-9_]*\.?[0-9_]*(?:[eE][-+]?[0-9]+)?": "leave out the _, or quote it",
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?": "write it as a decimal number, or quote it",
}
_DATE = "tag:yaml.org,2002:timestamp"
_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Loader(_Base):
    """Reads 1e-3 and 1.5e3 as numbers, as YAML 1.2 does; in 1.1 they lack a point or a sign."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def read(path: Path) -> Any:
    """The content of a YAML file. Raises ConfigError: one line with the file, the line and the mend."""
    loader = _Loader(_text(path))
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check(node, path.name)
        return loader.construct_document(node)
    except ConfigError:
        raise
    # The last two: a number of thousands of digits, thousands of brackets.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path.name}{line}: not valid YAML") from None
    finally:
        loader.dispose()


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or '').lower()}; name a file that can be read") from None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path.name} line {line}: not UTF-8; save the file as UTF-8") from None
    if text.startswith("\ufeff"):
        raise ConfigError(f"{path.name}: begins with a byte order mark; save the file as UTF-8 without one")
    if found := _NO_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ConfigError(f"{path.name} line {line}: holds {found.group()!r}; save the file as UTF-8 text")
    return text


def _check(root: yaml.Node, name: str) -> None:
    """Raises ConfigError for a plain scalar that readers differ on, and for a key twice in a mapping."""
    todo, seen = [root], set()  # an alias is its anchor's node again, maybe within itself
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            _check_scalar(node, name)
        elif isinstance(node, yaml.SequenceNode):
            todo += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            _check_keys(node, name)
            todo += [part for pair in reversed(node.value) for part in reversed(pair)]


def _check_keys(mapping: yaml.MappingNode, name: str) -> None:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line, known = key.start_mark.line + 1, (key.tag, key.value)
        if known in lines:
            raise ConfigError(
                f"{name} line {line}: key {readable(key.value)!r} twice in a mapping, first in line "
                f"{lines[known]}; leave one of them"
            )
        lines[known] = line


def _check_scalar(node: yaml.ScalarNode, name: str) -> None:
    if node.style:  # quoted, or a block of text
        return
    mend = next((mend for trap, mend in _TRAPS.items() if re.fullmatch(trap, node.value)), None)
    if node.tag == _DATE:
        mend = "quote it"
    if mend:
        raise ConfigError(
            f"{name} line {node.start_mark.line + 1}: {readable(node.value)} is not the same to all readers "
            f"of YAML; {mend}"
        )
