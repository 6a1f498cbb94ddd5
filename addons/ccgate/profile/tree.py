"""Reads a YAML file into a small tree in which each value knows its line, so that an error can name it.

Stricter than YAML where YAML surprises: no anchors, aliases or merge keys, no key twice, no deep
nesting. Scalars are not converted: `no`, `0x10` and `1:30` keep the text that the person wrote, beside
the type that YAML 1.1 gives them, and the key that reads one decides whether that will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ccgate.errors import ConfigError
from ccgate.profile.problems import Reading
from ccgate.profile.problems import looks_secret
from ccgate.profile.problems import shown_key

LARGEST = 256 * 1024
"""Bytes. A profile is a page of text; anything larger is another file."""

DEEPEST = 12
"""Levels of nesting. The deepest key has four; beyond this, reading would only cost stack."""

_STANDARD = "tag:yaml.org,2002:"
_SCALARS = frozenset({"str", "int", "float", "bool", "null"})


@dataclass(frozen=True, slots=True)
class Node:
    """One value: `kind` is its YAML type: `str`, `int`, `float`, `bool`, `null`, `seq`, `map` or `other`.

    `text` is a scalar's text, `items` a list's values, `entries` a section's values by key. `line` counts
    from 1 and is that of the key, for a value that has one.
    """

    line: int
    kind: str
    text: str = ""
    items: tuple[Node, ...] = ()
    entries: Mapping[str, Node] = field(default_factory=dict)


def read_tree(reading: Reading) -> Node:
    """The file of `reading` as a tree; keys given twice and keys that are no text are noted in `reading`.

    Raises:
        ConfigError: the file cannot be read, is not UTF-8, is not YAML, or holds no keys.
    """
    path = reading.path
    text = _read_text(path)
    try:
        _refuse_surprises(path, text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as e:
        line, reason = _syntax_error(text, e)
        # The cause is left out: its text quotes the lines of the file.
        raise ConfigError(f"{path}:{line}: not YAML: {reason}; mend the text at or above this line") from None
    if root is None or root.tag == f"{_STANDARD}null":
        raise ConfigError(f"{path}:1: version: is missing, the file is empty; start it with `version: 1`")
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(
            f"{path}:{_line(root)}: not a profile: it must hold `key: value` lines; see profiles/"
        )
    return _tree(root, "", reading)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; name the profile file in it") from None
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) else e
        raise ConfigError(f"{path}: cannot be read ({reason}); name a file that you can read") from e
    if len(raw) > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST} bytes; name a profile file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8; save the file as UTF-8 text") from None


def _refuse_surprises(path: Path, text: str) -> None:
    loader: Any = yaml.SafeLoader(text)
    depth = 0
    try:
        while loader.check_event():
            event = loader.get_event()
            line = event.start_mark.line + 1
            if getattr(event, "anchor", None) is not None:
                raise ConfigError(
                    f"{path}:{line}: YAML anchors and aliases are not read; write the value out"
                )
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > DEEPEST:
                raise ConfigError(
                    f"{path}:{line}: nested deeper than any key; mend the indentation or brackets"
                )
    except (ValueError, OverflowError):
        # PyYAML's scanner lets `chr` fail on an escape like "\U00110000".
        reason = "an escape that is no character; remove it"
        raise ConfigError(f"{path}:{loader.line + 1}: not YAML: {reason}") from None


def _syntax_error(text: str, error: yaml.YAMLError) -> tuple[int, str]:
    if isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1, "a control character"
    if not isinstance(error, yaml.MarkedYAMLError):
        return 1, "a syntax error"
    start, end = error.context_mark, error.problem_mark or error.context_mark
    reason = error.problem or "a syntax error"
    if start and end and start.line != end.line:
        reason += f" ({error.context} that starts in line {start.line + 1})"
    return end.line + 1 if end else 1, "a syntax error" if looks_secret(reason) else reason


def _tree(node: yaml.Node, key: str, reading: Reading) -> Node:
    line, kind = _line(node), node.tag.removeprefix(_STANDARD)
    if isinstance(node, yaml.MappingNode):
        return Node(line, "map" if kind == "map" else "other", entries=_entries(node, key, reading))
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_tree(item, key, reading) for item in node.value)
        return Node(line, "seq" if kind == "seq" else "other", items=items)
    return Node(line, kind if kind in _SCALARS else "other", text=node.value)


def _entries(node: yaml.MappingNode, key: str, reading: Reading) -> dict[str, Node]:
    entries: dict[str, Node] = {}
    for name_node, value_node in node.value:
        line = _line(name_node)
        if not isinstance(name_node, yaml.ScalarNode):
            reading.wrong(line, key, "a key must be one word; mend the brackets")
            continue
        name = name_node.value
        dotted = f"{key}.{shown_key(name)}".lstrip(".")
        if name_node.tag != f"{_STANDARD}str":
            reading.wrong(
                line, dotted, f"YAML does not read this key as text; put it in quotes: '{shown_key(name)}'"
            )
        elif name in entries:
            reading.wrong(line, dotted, f"is given twice, first in line {entries[name].line}; keep one")
        else:
            entries[name] = replace(_tree(value_node, dotted, reading), line=line)
    return entries


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
