"""Asks addons only for the hooks that they have.

For each event, mitmproxy walks through its whole chain and asks each addon, and each addon within, whether
it has that hook; for a small request that is a good part of the work. Here the answer is remembered for
as long as the chain is the same one. Order, awaiting, what happens when a hook raises, and `AddonHalt`
are as in `mitmproxy.addonmanager.AddonManager.trigger_event`, which this stands in for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import CoroutineType
from typing import Any

from mitmproxy import exceptions
from mitmproxy import hooks
from mitmproxy.addonmanager import AddonManager
from mitmproxy.addonmanager import safecall

Group = tuple[Callable[..., Any], ...]
"""The hooks of one addon in the chain and of those within it; one that raises ends its group."""


class Dispatch:
    """Remembers, for one manager, which addons have which hook."""

    def __init__(self, manager: AddonManager) -> None:
        self._manager = manager
        self._chain = manager.chain
        self._registered = len(manager.lookup)
        self._groups: dict[str, list[Group]] = {}

    def install(self) -> None:
        """Have the manager's events pass through here."""
        vars(self._manager)["trigger_event"] = self.trigger_event

    async def trigger_event(self, event: hooks.Hook) -> None:
        """Trigger an event across all addons that listen to it."""
        args = event.args()
        for group in self._listeners(event):
            try:
                for hook in group:
                    result = hook(*args)
                    # Asked of its type first, which is told at once.
                    if result is not None and (type(result) is CoroutineType or inspect.isawaitable(result)):
                        await result
            except exceptions.AddonHalt:
                return
            except Exception as e:
                # Entered for what went wrong alone, it logs that as the manager would.
                with safecall():
                    raise e

    def _listeners(self, event: hooks.Hook) -> list[Group]:
        # The manager makes a new chain when an addon goes, and only then; one that comes is registered.
        # The old chain is held here, so that no new one can be taken for it.
        manager = self._manager
        if manager.chain is not self._chain or len(manager.lookup) != self._registered:
            self._chain = manager.chain
            self._registered = len(manager.lookup)
            self._groups.clear()
        groups = self._groups.get(event.name)
        if groups is None:
            found = (tuple(hook for _, hook in manager._iter_hooks(addon, event)) for addon in self._chain)
            groups = self._groups[event.name] = [group for group in found if group]
        return groups
