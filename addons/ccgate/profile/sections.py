"""Sections of the profile: keys with their kinds, defaults and help, and what of them is enforced today.

Apart from `kinds`, because a section is made of keys and a key of a kind.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ccgate.profile.kinds import Kind
from ccgate.profile.kinds import Schema
from ccgate.profile.kinds import mistyped
from ccgate.profile.problems import Reading
from ccgate.profile.problems import shown_key
from ccgate.profile.tree import Node


@dataclass(frozen=True, slots=True)
class Named:
    """A section whose keys are names of the person's own, each with a value of one kind."""

    value: Kind

    @property
    def example(self) -> str:
        """A section of one."""
        return f"{{NAME: {self.value.example}}}"

    def read(self, node: Node, key: str, reading: Reading) -> Mapping[str, Any] | None:
        """The values by name."""
        if node.kind != "map":
            reading.wrong(node.line, key, mistyped(node, "a section", f"write {self.example}"))
            return None
        read = {}
        for name, child in node.entries.items():
            dotted = f"{key}.{shown_key(name)}"
            reading.lines[dotted] = child.line
            read[name] = self.value.read(child, dotted, reading)
        return MappingProxyType(read)

    def schema(self) -> Schema:
        """An object with free property names."""
        return {"type": "object", "additionalProperties": self.value.schema()}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its kind, its default, a line of help, and which of its values this version enforces.

    `built` lists those values, None for all; an entry that ends in ":" stands for each text that starts
    so. A section carries None, its keys speak for themselves.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    built: tuple[Any, ...] | None = None
    required: bool = False

    def enforces(self, value: object) -> bool:
        """Whether this version does what the value promises."""
        if self.built is None or value in self.built:
            return True
        prefixes = tuple(entry for entry in self.built if isinstance(entry, str) and entry.endswith(":"))
        return isinstance(value, str) and value.startswith(prefixes)

    def built_values(self, quote: str = "") -> str:
        """The values that this version enforces, in words; for a key that has some it does not."""
        texts = [flow(value) for value in self.built or () if value is not None]
        return " or ".join(f"{quote}{text}{'…' if text.endswith(':') else ''}{quote}" for text in texts)

    def schema(self) -> Schema:
        """The kind's schema with the help and the default."""
        note = "" if self.built is None else f" (built yet: only {self.built_values()})"
        schema = {"description": self.help + note, **self.kind.schema()}
        return schema if self.default is None else schema | {"default": _plain(self.default)}


@dataclass(frozen=True, slots=True)
class Section:
    """A section with a fixed set of keys."""

    keys: tuple[Key, ...]

    def __init__(self, *keys: Key) -> None:
        object.__setattr__(self, "keys", keys)

    @property
    def example(self) -> str:
        """A section with what it must hold, or with its first key."""
        needed = [key for key in self.keys if key.required] or [self.keys[0]]
        return "{" + ", ".join(f"{key.name}: {key.kind.example}" for key in needed) + "}"

    def defaults(self) -> dict[str, Any]:
        """What the section means when it is left out."""
        return {
            key.name: key.kind.defaults() if isinstance(key.kind, Section) else key.default
            for key in self.keys
        }

    def read(self, node: Node, key: str, reading: Reading) -> dict[str, Any] | None:
        """The values by key, with the default for each that is left out."""
        if node.kind != "map":
            reading.wrong(node.line, key, mistyped(node, "a section", f"write {self.example}"))
            return None
        values = self.defaults()
        kinds = {each.name: each.kind for each in self.keys}
        for name, child in node.entries.items():
            dotted = f"{key}.{shown_key(name)}".lstrip(".")
            if name in kinds:
                reading.lines[dotted] = child.line
                values[name] = kinds[name].read(child, dotted, reading)
            else:
                reading.wrong(child.line, dotted, f"is not a key; {_nearest(name, kinds)}")
        for each in self.keys:
            if each.required and each.name not in node.entries:
                dotted = f"{key}.{each.name}".lstrip(".")
                mend = f"is missing; write `{each.name}: {each.kind.example}`"
                reading.wrong(node.line if key else 1, dotted, mend)
        return values

    def schema(self) -> Schema:
        """An object with these properties and no others."""
        schema: Schema = {"type": "object", "additionalProperties": False}
        schema["properties"] = {key.name: key.schema() for key in self.keys}
        required = [key.name for key in self.keys if key.required]
        return schema | ({"required": required} if required else {})

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Key]]:
        """Each key that holds a value, with its dotted name; sections within are gone through."""
        for key in self.keys:
            if isinstance(key.kind, Section):
                yield from key.kind.leaves(f"{prefix}{key.name}.")
            else:
                yield f"{prefix}{key.name}", key


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name.lower(), names, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(names)}"


def flow(value: object) -> str:
    """A value of the table as YAML on one line."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(flow, value))}]"
    return json.dumps(value) if isinstance(value, dict | bool) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value
