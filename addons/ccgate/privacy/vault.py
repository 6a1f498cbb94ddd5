"""What one request's placeholders stand for; lives as long as its flow and is written nowhere."""

from __future__ import annotations

import re
from collections.abc import ItemsView
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field

from ccgate.privacy.placeholders import Category

_BLOCK = "-----BEGIN "
_LINE = r"(?: {0,8}[0-9]{1,6}(?:\t|→))?"
_NUMBER = re.compile(rf"(?<=\n){_LINE}")


@dataclass(frozen=True, slots=True)
class Original:
    """A value that was redacted; its repr does not show it."""

    value: str = field(repr=False)
    category: Category


class Vault:
    """Placeholder → original, for everything that was replaced in one request."""

    __slots__ = ("_originals",)

    def __init__(self) -> None:
        self._originals: dict[str, Original] = {}

    def put(self, placeholder: str, original: Original) -> None:
        """Keep what a placeholder stands for."""
        self._originals[placeholder] = original

    def original(self, placeholder: str) -> Original | None:
        """What a placeholder stands for; None for one that this request did not make."""
        return self._originals.get(placeholder)

    def placeholders(self, categories: Iterable[Category] | None = None) -> tuple[str, ...]:
        """The placeholders of some categories (None: of all), in the order in which they were made."""
        if categories is None:
            return tuple(self._originals)
        wanted = frozenset(categories)
        return tuple(name for name, original in self._originals.items() if original.category in wanted)

    def items(self) -> ItemsView[str, Original]:
        """Placeholders with what they stand for, in the order in which they were made."""
        return self._originals.items()

    def __contains__(self, placeholder: object) -> bool:
        return placeholder in self._originals

    def __iter__(self) -> Iterator[str]:
        return iter(self._originals)

    def __len__(self) -> int:
        return len(self._originals)

    def __repr__(self) -> str:
        return f"Vault({len(self)} placeholders)"


def as_in_file(value: str) -> str:
    """A value without the numbers that the client puts before the lines of a file that it shows.

    A key of many lines is one value, however it was read, and goes back into its file without numbers.
    """
    return _NUMBER.sub("", value) if value.startswith(_BLOCK) else value


def end_of(value: str, text: str, start: int) -> int | None:
    """Where a value ends that begins at a place of a text, with numbers before its lines or without."""
    if text.startswith(value, start):
        return start + len(value)
    if not value.startswith(_BLOCK):
        return None
    numbered = "\n".join(rf"{_LINE}{re.escape(line)}" for line in value.split("\n")).removeprefix(_LINE)
    found = re.compile(numbered).match(text, start)
    return found.end() if found else None
