"""Which strings of a request carry content, wherever they stand.

Everything does that is not known to be something else. A block, a field or a tool of a type that nobody has
heard of is content; silent are only thinking and what signs it, encoded data, ids, types, names of tools,
cache marks, and the first system block with which the client says what it is. In what a tool is given there
is no protocol: every string and every key there is content.

Two formats are walked: the provider's Messages (also for counting tokens) and OpenAI's chat completions.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Set
from functools import partial
from typing import Any
from typing import Literal
from typing import NamedTuple

Format = Literal["messages", "chat"]

Kind = Literal["field", "tools", "first_system", "system", "message", "free"]
"""What a part of a request is, and so how it is walked. `first_system` is the first block of several, and
`free` has no protocol in it."""

Trail = tuple["Trail | None", str | int, int]
"""The way to a value: the trail to what holds it, its key or index, and the ordinal of a key in what has no
protocol (else -1). A free key may itself be what must not be shown."""

SILENT_FIELDS: Mapping[Format, frozenset[str]] = {
    "messages": frozenset(
        {
            "anthropic_version",
            "betas",
            "cache_control",
            "container",
            "inference_geo",
            "mcp_servers",
            "metadata",
            "model",
            "service_tier",
            "speed",
            "tool_choice",
        }
    ),
    "chat": frozenset({"audio", "function_call", "modalities", "model", "service_tier", "tool_choice"}),
}
"""Fields at the top of a request that speak to the provider, and hold ids and credentials meant for it."""

SIGNED = frozenset({"thinking", "redacted_thinking"})
"""Types of blocks that the provider signs, or has encrypted."""
_SILENT = frozenset(
    {
        "cache_control",
        "file_data",
        "id",
        "input_audio",
        "mcp_server_name",
        "media_type",
        "role",
        "server_name",
        "signature",
        "tool_name",
        "tool_use_id",
        "type",
    }
)
_CALLS = ("input", "arguments", "tool_use_id", "tool_call_id", "parameters", "input_schema")
"""A `name` beside one of these is the name of a tool."""
_PROSE = frozenset({"content", "context", "text", "title"})
GIVEN = frozenset({"arguments", "input"})
"""What a tool is given: there is no protocol in it."""
_SCHEMAS = frozenset({"input_schema", "parameters", "schema"})
_STRUCTURE = frozenset(
    {
        "$anchor",
        "$dynamicAnchor",
        "$dynamicRef",
        "$id",
        "$ref",
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "dependentRequired",
        "format",
        "required",
        "type",
    }
)
"""Words of JSON Schema whose values are no prose: names of properties, types, references."""
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
"""Words of JSON Schema whose values go by names that the schema's author chose."""
_EXAMPLES = frozenset({"const", "default", "enum", "examples"})

_ATTRIBUTION = re.compile(r"x-anthropic-billing-header:(?: [a-z_]{1,32}=[^;\s]{0,128};)+")
_DATA_URL = re.compile(r"data:[^,\s]{0,200};base64,")
_PLAIN_KEY = re.compile(r"[$A-Za-z_][A-Za-z0-9_-]{0,31}")


class Leaf(NamedTuple):
    """A string that carries content, and where it is held."""

    text: str
    holder: Any
    """The list or dict that holds it."""
    place: Any
    """Its index or key there; for a key that is content, the key itself."""
    trail: Trail | None
    is_key: bool = False
    is_json: bool = False
    """It is the text of a JSON document, and must stay one."""
    is_free: bool = False
    """On the way to it are keys that are content."""


_leaf = partial(tuple.__new__, Leaf)
"""A leaf of a tuple of all its fields, at a third of the time."""


def is_attribution(block: Any) -> bool:
    """Whether a system block is the client's attribution and holds nothing else.

    The provider takes it away by its position and its form, so it must leave as it came.
    """
    text = block.get("text") if isinstance(block, dict) else None
    return isinstance(text, str) and len(text) <= 1024 and _ATTRIBUTION.fullmatch(text) is not None


def leaves(kind: Kind, holder: list[Any], place: int) -> list[Leaf]:
    """The leaves of `holder[place]`, a part of a request, in document order."""
    found: list[Leaf] = []
    value = holder[place]
    if isinstance(value, str):
        found.append(Leaf(value, holder, place, None))
    elif isinstance(value, dict):
        _DICT_WALKS[kind](value, None, found)
    elif isinstance(value, list):
        _list(value, None, found, _DICT_WALKS["tool" if kind == "tools" else kind])
    return found


def path(trail: Trail | None, hidden: Set[str] = frozenset()) -> str:
    """A trail as people read it: `.content[0].input.file_path`.

    A key that does not look like a name is not shown, because it may be what must not be: one of what has
    no protocol shows as its ordinal, `{3}`, and so does one there that is in `hidden`.
    """
    steps = ""
    while trail is not None:
        trail, name, ordinal = trail
        if isinstance(name, int):
            steps = f"[{name}]{steps}"
        elif not _PLAIN_KEY.fullmatch(name) or (ordinal >= 0 and name in hidden):
            steps = f"{{{ordinal if ordinal >= 0 else '?'}}}{steps}"
        else:
            steps = f".{name}{steps}"
    return steps


def is_plain(trail: Trail | None, hidden: Set[str]) -> bool:
    """Whether each key on the way that is content looks like a name and is not hidden."""
    while trail is not None:
        trail, name, ordinal = trail
        if ordinal >= 0 and (name in hidden or not _PLAIN_KEY.fullmatch(str(name))):
            return False
    return True


def free_leaves(holder: list[Any], place: int, trail: Trail | None) -> list[Leaf]:
    """The leaves of a value in which there is no protocol, found below a trail."""
    found: list[Leaf] = []
    _free(holder[place], trail, found, holder, place)
    return found


_Walk = Callable[[dict[str, Any], "Trail | None", list[Leaf]], None]


def _list(values: list[Any], trail: Trail | None, found: list[Leaf], walk: _Walk) -> None:
    for index, value in enumerate(values):
        if isinstance(value, dict):
            walk(value, (trail, index, -1), found)
        elif isinstance(value, str):
            found.append(Leaf(value, values, index, (trail, index, -1)))
        elif isinstance(value, list):
            _list(value, (trail, index, -1), found, walk)


def _block(block: dict[str, Any], trail: Trail | None, found: list[Leaf]) -> None:
    kind = block.get("type")
    if isinstance(kind, str) and (kind in SIGNED or kind == "base64"):
        return
    for key, value in block.items():
        if key in _SILENT:
            continue
        if isinstance(value, str):
            if key in _PROSE or _speaks(key, value, block, kind):
                found.append(_leaf((value, block, key, (trail, key, -1), False, key == "arguments", False)))
        elif isinstance(value, list):
            step = (trail, key, -1)
            if key in GIVEN:
                _free(value, step, found, block, key)
            else:
                _list(value, step, found, _block)
        elif isinstance(value, dict):
            step = (trail, key, -1)
            if key in GIVEN:
                _free(value, step, found, block, key)
            elif key in _SCHEMAS:
                _schema(value, step, found)
            else:
                _block(value, step, found)


def _speaks(key: str, value: str, block: Mapping[str, Any], kind: Any) -> bool:
    """Whether a string of a block is content, by its key."""
    if key.endswith("_id") or key.startswith("encrypted_"):
        return False
    if key == "name":
        return not (
            (isinstance(kind, str) and (kind.endswith("tool_use") or kind.startswith("tool_")))
            or any(mark in block for mark in _CALLS)
            or block.get("role") in ("function", "tool")
        )
    return key not in ("url", "image_url") or not _is_encoded(value)


def _is_encoded(url: str) -> bool:
    """Whether a URL is base64 data and nothing else."""
    head = _DATA_URL.match(url)
    if head is None:
        return False
    try:
        binascii.a2b_base64(url[head.end() :], strict_mode=True)
    except ValueError:
        return False
    return True


def _free(value: Any, trail: Trail | None, found: list[Leaf], holder: Any, place: Any) -> None:
    if isinstance(value, str):
        found.append(_leaf((value, holder, place, trail, False, False, True)))
    elif isinstance(value, dict):
        for ordinal, (key, member) in enumerate(value.items()):
            step = (trail, key, ordinal)
            found.append(_leaf((key, value, key, step, True, False, True)))
            if isinstance(member, str):
                found.append(_leaf((member, value, key, step, False, False, True)))
            else:
                _free(member, step, found, value, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _free(item, (trail, index, -1), found, value, index)


def _values(value: Any, trail: Trail | None, found: list[Leaf], holder: Any, place: Any) -> None:
    """All string values, and no keys: examples within a schema, whose keys are names of properties."""
    if isinstance(value, str):
        found.append(Leaf(value, holder, place, trail))
    elif isinstance(value, dict | list):
        for key, member in _members(value):
            _values(member, (trail, key, -1), found, value, key)


def _members(value: dict[str, Any] | list[Any]) -> Iterator[tuple[Any, Any]]:
    return iter(value.items()) if isinstance(value, dict) else enumerate(value)


def _schema(schema: dict[str, Any], trail: Trail | None, found: list[Leaf]) -> None:
    for key, value in schema.items():
        step = (trail, key, -1)
        if key in _STRUCTURE:
            continue
        if key in _EXAMPLES:
            _values(value, step, found, schema, key)
        elif isinstance(value, str):
            found.append(Leaf(value, schema, key, step))
        elif isinstance(value, list):
            _list(value, step, found, _schema)
        elif isinstance(value, dict) and key in _NAMED:
            for name, member in value.items():
                if isinstance(member, dict):
                    _schema(member, (step, name, -1), found)
        elif isinstance(value, dict):
            _schema(value, step, found)


def _tool(tool: dict[str, Any], trail: Trail | None, found: list[Leaf]) -> None:
    for key, value in tool.items():
        step = (trail, key, -1)
        if key in _SILENT or key == "name":
            continue
        if isinstance(value, str):
            found.append(Leaf(value, tool, key, step))
        elif key == "input_examples":
            _free(value, step, found, tool, key)
        elif isinstance(value, list):
            _list(value, step, found, _block)
        elif isinstance(value, dict):
            walk = _schema if key in _SCHEMAS else _tool if key in ("function", "custom") else _block
            walk(value, step, found)


def _object(value: dict[str, Any], trail: Trail | None, found: list[Leaf]) -> None:
    _free(value, trail, found, None, None)


def _first_system(block: dict[str, Any], trail: Trail | None, found: list[Leaf]) -> None:
    if not is_attribution(block):
        _block(block, trail, found)


_DICT_WALKS: Mapping[str, _Walk] = {
    "field": _block,
    "first_system": _first_system,
    "system": _block,
    "message": _block,
    "tools": _tool,
    "tool": _tool,
    "free": _object,
}
