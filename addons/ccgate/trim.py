"""Takes the addons that mitmdump loads by default and nobody's options need out of every flow's way.

mitmproxy asks each addon in its chain for each hook of each flow, whether it has that hook or not, and that
is half of what a small request costs. An addon is taken out of the chain only when its own options leave it
without anything to do, and it is put back, in its old place, when an option that it serves is set later. Out
of the chain it stays registered: its commands and options work, and it is told of every change of an option,
so that a wrong value is refused as ever. Those that stay are asked only for the hooks that they have. mitmweb
and the console keep all of theirs, because their user may reach for any of them at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from mitmproxy import addonmanager
from mitmproxy import hooks
from mitmproxy import master
from mitmproxy import optmanager

from ccgate.dispatch import Dispatch

Needed = Callable[[optmanager.OptManager], bool]


def _never(options: optmanager.OptManager) -> bool:
    return False


def _set(*names: str) -> Needed:
    return lambda options: any(getattr(options, name) for name in names)


IDLE_UNLESS: Mapping[str, Needed] = {
    # Have no part in a flow.
    "core": _never,
    "errorcheck": _never,
    "termlog": _never,
    # Serve a person at a screen, by commands; mitmdump has neither.
    "browser": _never,
    "commandhistory": _never,
    "comment": _never,
    "cut": _never,
    "export": _never,
    # Serve DNS, which ccgate's modes do not have.
    "dnsresolver": _never,
    "stripdnshttpsrecords": _never,
    # ccgate refuses every Upgrade header itself, h2c among them.
    "disableh2c": _never,
    # ccgate refuses their options.
    "proxyauth": _never,
    "stickyauth": _never,
    "stickycookie": _never,
    # Do nothing without their options.
    "anticache": _set("anticache"),
    "anticomp": _set("anticomp"),
    "blocklist": _set("block_list"),
    "clientplayback": _set("client_replay"),
    "dumper": _set("flow_detail"),
    "keepserving": _set("client_replay", "server_replay", "rfile"),
    "maplocal": _set("map_local"),
    "mapremote": _set("map_remote"),
    "modifybody": _set("modify_body"),
    "modifyheaders": _set("modify_headers"),
    "onboarding": _set("onboarding"),
    "readfilestdin": _set("rfile"),
    "save": _set("save_stream_file"),
    "savehar": _set("hardump"),
    "serverplayback": _set("server_replay", "server_replay_kill_extra"),
    "upstreamauth": _set("upstream_auth"),
    # ccgate drops every Alt-Svc header itself.
    "updatealtsvc": _never,
}
"""Name of a default addon → whether these options give it something to do."""

INTERFACES = ("view", "consoleaddon", "webaddon")
"""Addons whose presence means that a person is looking."""


class Trim:
    """The addons that were taken out of one master's chain; to be made once everything is running."""

    def __init__(self, running: master.Master) -> None:
        self._master = running
        self._order = list(running.addons.chain)
        self._out: dict[str, Any] = {}
        if any(running.addons.get(name) for name in INTERFACES):
            return
        for name, needed in IDLE_UNLESS.items():
            addon = running.addons.get(name)
            if addon is not None and not needed(running.options):
                self._out[name] = addon
        out = set(map(id, self._out.values()))
        running.addons.chain = [addon for addon in self._order if id(addon) not in out]
        if not any(hasattr(addon, "add_log") for addon in addonmanager.traverse(running.addons.chain)):
            # Every log record would be formatted and carried through the chain for nobody.
            running._legacy_log_events.uninstall()
            _make_no_record_in_vain()
        Dispatch(running.addons).install()

    @property
    def out(self) -> frozenset[str]:
        """The names of the addons that are out."""
        return frozenset(self._out)

    @property
    def shown(self) -> bool:
        """Whether somebody looks at flows, or they are kept in a file."""
        return not {"save", "savehar"} <= self._out.keys()

    def options_changed(self, updated: set[str]) -> None:
        """Tell those that are out, and put back what the options need by now.

        Raises:
            mitmproxy.exceptions.OptionsError: an addon does not like what its option was set to.
        """
        for name, addon in list(self._out.items()):
            self._master.addons.invoke_addon_sync(addon, hooks.ConfigureHook(updated))
            if IDLE_UNLESS[name](self._master.options):
                self._put_back(name)
        if self._out:
            _make_no_record_in_vain()

    def _put_back(self, name: str) -> None:
        addon = self._out.pop(name)
        before = set(map(id, self._order[: self._order.index(addon)]))
        chain = self._master.addons.chain
        place = 1 + max((i for i, other in enumerate(chain) if id(other) in before), default=-1)
        self._master.addons.chain = [*chain[:place], addon, *chain[place:]]


def _make_no_record_in_vain() -> None:
    """Have no log record made that no handler would take; mitmproxy has all of them made."""
    root = logging.getLogger()
    root.setLevel(min((handler.level for handler in root.handlers), default=logging.WARNING))
