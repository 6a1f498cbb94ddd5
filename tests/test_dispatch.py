"""Asking fewer addons changes nothing: who listens is called, in its order, and who has gone is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from mitmproxy import exceptions
from mitmproxy.addonmanager import AddonManager
from mitmproxy.options import Options
from mitmproxy.proxy.layers.http import HttpRequestHook
from mitmproxy.test import tflow
from mitmproxy.tools.dump import DumpMaster

from ccgate.dispatch import Dispatch


class Addon:
    """Writes down that it was asked; does as it is told."""

    def __init__(self, name: str, calls: list[str], does: Exception | None = None) -> None:
        self.name = name
        self.addons: list[object] = []
        self._calls = calls
        self._does = does

    def request(self, flow: object) -> None:
        self._calls.append(self.name)
        if self._does is not None:
            raise self._does


class Slow(Addon):
    async def request(self, flow: object) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self._calls.append(self.name)


class Deaf:
    """Has no hook for requests."""

    name = "deaf"


@pytest_asyncio.fixture
async def manager(tmp_path: Path) -> AsyncIterator[AddonManager]:
    master = DumpMaster(Options(confdir=str(tmp_path)), with_termlog=False, with_dumper=False)
    default = master.addons.chain
    master.addons.chain = []
    yield master.addons
    master.addons.chain = default
    vars(master.addons).pop("trigger_event", None)
    await master.done()
    master.addons.get("errorcheck").finish()


async def asked(manager: AddonManager, calls: list[str]) -> list[str]:
    calls.clear()
    await manager.trigger_event(HttpRequestHook(tflow.tflow()))
    return list(calls)


@pytest.mark.asyncio
async def test_the_same_are_asked_in_the_same_order(manager: AddonManager) -> None:
    """With and without: addons within addons, slow ones awaited, a mistake in one that stops no other."""
    calls: list[str] = []
    outer = Addon("outer", calls)
    outer.addons = [Addon("inner", calls), Slow("slow", calls)]
    broken = Addon("broken", calls, ValueError("x"))
    broken.addons = [Addon("behind a mistake in its own group", calls)]
    manager.add(Addon("first", calls), Deaf(), outer, broken, Addon("last", calls))
    logging.getLogger("mitmproxy.addonmanager").disabled = True
    try:
        before = await asked(manager, calls)
        Dispatch(manager).install()
        assert await asked(manager, calls) == before
        assert await asked(manager, calls) == ["first", "outer", "inner", "slow", "broken", "last"]
    finally:
        logging.getLogger("mitmproxy.addonmanager").disabled = False


@pytest.mark.asyncio
async def test_a_halt_ends_the_walk(manager: AddonManager) -> None:
    """mitmproxy lets an addon end an event; that stays so."""
    calls: list[str] = []
    manager.add(Addon("halts", calls, exceptions.AddonHalt()), Addon("after", calls))
    Dispatch(manager).install()
    assert await asked(manager, calls) == ["halts"]


@pytest.mark.asyncio
async def test_who_comes_is_asked_and_who_goes_is_not(manager: AddonManager) -> None:
    """A script that is reloaded, removed or added counts with the next event, and the old one no more."""
    calls: list[str] = []
    old, guard = Addon("script", calls), Addon("guard", calls)
    manager.add(old, guard)
    Dispatch(manager).install()
    assert await asked(manager, calls) == ["script", "guard"]
    manager.remove(old)
    assert await asked(manager, calls) == ["guard"]
    new = Addon("script", calls)
    manager.add(new)
    assert await asked(manager, calls) == ["guard", "script"]
    manager.remove(new)
    manager.add(Addon("script", calls))
    assert await asked(manager, calls) == ["guard", "script"]
    guard.addons = [Addon("registered within", calls)]
    manager.register(guard.addons[0])
    assert await asked(manager, calls) == ["guard", "registered within", "script"]
