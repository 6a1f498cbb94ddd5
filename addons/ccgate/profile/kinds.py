"""What a key of the profile may hold: each kind reads a value, and says the same as JSON Schema.

Kinds know nothing of particular keys; the table in `ccgate.profile.keys` puts them together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from typing import Protocol

from ccgate.profile.problems import Reading
from ccgate.profile.problems import shown
from ccgate.profile.tree import Node
from ccgate.profile.values import Check

type Schema = dict[str, Any]

_WORDS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "what YAML reads as true or false",
    "null": "empty",
    "seq": "a list",
    "map": "a section",
    "other": "a YAML tag",
}


class Kind(Protocol):
    """A kind of value. `example` is one in YAML, for the mend of an error."""

    @property
    def example(self) -> str:
        """A value that would do, as YAML."""

    def read(self, node: Node, key: str, reading: Reading) -> Any:
        """The value, or None after a problem was noted."""

    def schema(self) -> Schema:
        """The same rules as JSON Schema, as far as that can say them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words or whole numbers."""

    values: tuple[str | int, ...]

    def __init__(self, *values: str | int) -> None:
        object.__setattr__(self, "values", values)

    @property
    def example(self) -> str:
        """All of them."""
        return " or ".join(map(str, self.values))

    def read(self, node: Node, key: str, reading: Reading) -> str | int | None:
        """The choice that the node names."""
        for value in self.values:
            if node.text == str(value) and node.kind == ("int" if isinstance(value, int) else "str"):
                return value
        given = shown(node.text) if node.text else _WORDS[node.kind]
        if node.kind == "str" and node.text in map(str, self.values):
            given += ", in quotes"
        reading.wrong(node.line, key, f"is {given}; write {self.example}")
        return None

    def schema(self) -> Schema:
        """An enumeration."""
        return {"enum": list(self.values)}


@dataclass(frozen=True, slots=True)
class Text:
    """Printable text that `check` accepts and brings into canonical form; `pattern` is for JSON Schema."""

    example: str
    check: Check = str
    pattern: str = r"\S"

    def read(self, node: Node, key: str, reading: Reading) -> str | None:
        """The canonical text."""
        if node.kind != "str":
            reading.wrong(
                node.line, key, mistyped(node, "text", f"write it in quotes, like '{self.example}'")
            )
        elif not node.text.strip() or not node.text.isprintable():
            reading.wrong(node.line, key, f"is blank or holds a control character; write {self.example}")
        else:
            try:
                return self.check(node.text)
            except ValueError as e:
                reading.wrong(node.line, key, str(e))
        return None

    def schema(self) -> Schema:
        """A string with a pattern."""
        return {"type": "string", "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`; YAML's other words for them are refused, because readers do not agree on them."""

    example: str = "true"

    def read(self, node: Node, key: str, reading: Reading) -> bool | None:
        """The truth value."""
        if node.kind == "bool" and node.text in ("true", "false"):
            return node.text == "true"
        reading.wrong(node.line, key, mistyped(node, "a truth value", "write true or false"))
        return None

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, 0 or more, of at most nine digits."""

    example: str = "0"

    def read(self, node: Node, key: str, reading: Reading) -> int | None:
        """The number."""
        if node.kind == "int" and re.fullmatch(r"0|[1-9][0-9]{0,8}", node.text):
            return int(node.text)
        reading.wrong(node.line, key, mistyped(node, "a whole number", f"write digits, like {self.example}"))
        return None

    def schema(self) -> Schema:
        """An integer with limits."""
        return {"type": "integer", "minimum": 0, "maximum": 999_999_999}


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact decimal, 0 or more and at most `most`; may be left empty where it is `optional`."""

    most: int = 999_999_999
    optional: bool = False
    example: str = "20.00"

    def read(self, node: Node, key: str, reading: Reading) -> Decimal | None:
        """The amount, exactly as written."""
        if self.optional and node.kind == "null":
            return None
        if node.kind in ("int", "float") and re.fullmatch(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?", node.text):
            amount = Decimal(node.text)
            if amount <= self.most:
                return amount
        mend = f"write a plain decimal from 0 to {self.most}, like {self.example}"
        reading.wrong(node.line, key, mistyped(node, "an amount", mend))
        return None

    def schema(self) -> Schema:
        """A number with limits."""
        return {"type": ["number", "null"] if self.optional else "number", "minimum": 0, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one kind, with at least `least` items."""

    item: Kind
    least: int = 0

    @property
    def example(self) -> str:
        """A list of one."""
        return f"[{self.item.example}]"

    def read(self, node: Node, key: str, reading: Reading) -> tuple[Any, ...] | None:
        """The items, in the order of the file."""
        if node.kind != "seq":
            reading.wrong(node.line, key, mistyped(node, "a list", f"write {self.example}"))
        elif len(node.items) < self.least:
            reading.wrong(node.line, key, f"is an empty list; write {self.example}")
        else:
            return tuple(self.item.read(item, key, reading) for item in node.items)
        return None

    def schema(self) -> Schema:
        """An array."""
        return {"type": "array", "items": self.item.schema()} | (
            {"minItems": self.least} if self.least else {}
        )


def mistyped(node: Node, wanted: str, mend: str) -> str:
    """The sentence for a value of the wrong type."""
    if node.kind == "null":
        return f"is empty; {mend}, or leave the key out"
    given = f"{shown(node.text)}, " if node.kind in ("int", "float", "bool") else ""
    return f"must be {wanted}, not {given}{_WORDS[node.kind]}; {mend}"
