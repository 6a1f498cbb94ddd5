"""Decides what is put back where: which tool, which category.

A restored value leaves the gateway on the client's side, but a tool can carry it on: a model that was told
to by a web page can put a placeholder into a URL. So a secret is put back into the input of the tools that
the operator names and nowhere else, and the tools that speak to others get nothing back unless they are
named. What the provider runs itself (server tools) has run before its input is read here; what is put back
there could only mislead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from dataclasses import field

from ccgate.privacy.placeholders import CATEGORIES
from ccgate.privacy.placeholders import Category
from ccgate.privacy.restoration.restore_json import JsonRestorer
from ccgate.privacy.restoration.restore_text import Table
from ccgate.privacy.restoration.restore_text import TextRestorer
from ccgate.privacy.vault import Vault

OUTWARD_TOOLS = frozenset({"WebFetch", "WebSearch"})
"""The client's tools that carry their input to others."""

OUTWARD_PREFIX = "mcp__"
"""What the client's names of MCP tools begin with."""

_EVERYWHERE = frozenset(CATEGORIES) - {"secret"}


@dataclass(slots=True)
class Restored:
    """What was put back in one answer, and what was not.

    `by_category` counts placeholders that were replaced, `left` those that stayed because of what stood
    beside them, and `withheld`, by tool, those that the model wrote into an input that may not have them.
    """

    by_category: Counter[Category] = field(default_factory=Counter)
    left: Counter[Category] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)


class Input:
    """The input of one tool call, as JSON text that comes in pieces."""

    __slots__ = ("_restorer", "_watcher")

    def __init__(self, restorer: JsonRestorer, watcher: JsonRestorer) -> None:
        self._restorer = restorer
        self._watcher = watcher

    @property
    def held(self) -> str:
        """What is held back."""
        return self._restorer.held

    def feed(self, piece: str, *, final: bool = False) -> str:
        """The text that can be given now; after `final`, nothing is held back."""
        self._watcher.feed(piece, final=final)
        return self._restorer.feed(piece, final=final)


class Places:
    """The places of one answer, and what may be put back in each.

    `restore_secrets_in` holds exact names of the client's tools.
    """

    def __init__(self, vault: Vault, restore_secrets_in: Collection[str]) -> None:
        self.restored = Restored()
        self._vault = vault
        self._trusted = frozenset(restore_secrets_in)
        self._tables: dict[frozenset[Category], Table] = {}

    def text(self) -> TextRestorer:
        """For a text that a person reads, in pieces."""
        return TextRestorer(self._table(_EVERYWHERE), self._count)

    def json_text(self) -> JsonRestorer:
        """For the same, as it is written in a JSON string."""
        return JsonRestorer(self._table(_EVERYWHERE), self._count)

    def tool_input(self, name: str) -> Input:
        """For the input of a tool that the client runs."""
        return self._input(name, self._allowed(name))

    def foreign_input(self, name: str) -> Input:
        """For the input of something that the client does not run: nothing is put back."""
        return self._input(name, frozenset())

    def _allowed(self, tool: str) -> frozenset[Category]:
        if tool in self._trusted:
            return frozenset(CATEGORIES)
        if tool in OUTWARD_TOOLS or tool.startswith(OUTWARD_PREFIX):
            return frozenset()
        return _EVERYWHERE

    def _input(self, name: str, allowed: frozenset[Category]) -> Input:
        def withheld(_: str, __: bool) -> None:
            self.restored.withheld[name] += 1

        return Input(
            JsonRestorer(self._table(allowed), self._count),
            JsonRestorer(self._table(frozenset(CATEGORIES) - allowed), withheld, anywhere=True),
        )

    def _table(self, categories: frozenset[Category]) -> Table:
        table = self._tables.get(categories)
        if table is None:
            table = self._tables[categories] = Table(self._vault, categories)
        return table

    def _count(self, placeholder: str, restored: bool) -> None:
        original = self._vault.original(placeholder)
        if original is not None:
            (self.restored.by_category if restored else self.restored.left)[original.category] += 1
