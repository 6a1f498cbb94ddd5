"""Idle addons are out of the way, and whoever needs one does not notice that it was.

For each addon that an option needs, one request is sent through a real mitmdump, with the option set at
the start and with it set while all is running; the addon has to do its work both times.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import addonmanager
from mitmproxy import addons
from mitmproxy import ctx
from mitmproxy import exceptions
from mitmproxy import http as mitm
from mitmproxy import io
from mitmproxy import master as mitm_master
from mitmproxy.options import Options
from mitmproxy.test import tflow
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.web.master import WebMaster

from ccgate import trim
from ccgate.trim import IDLE_UNLESS
from ccgate.trim import Trim
from tests.support.recorder import Received
from tests.support.recorder import Recorder

ADDONS = Path(trim.__file__).parents[1]

RECORDED = b"an answer that was recorded"
PAGE = b"a page from a file"

# mitmproxy leaves connections to the garbage collector when its loop ends with the process; ours goes on.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass
class Seen:
    """What one request through a mitmdump has left behind."""

    folder: Path
    status: int = 0
    body: bytes = b""
    received: list[Received] = field(default_factory=list)
    elsewhere: list[Received] = field(default_factory=list)
    printed: str = ""

    @property
    def request(self) -> Received:
        return next(one for one in self.received if one.path == "/asked")

    def file(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""


@dataclass(frozen=True)
class Case:
    """Options that need an addon, and what shows that it works; `{}` stands for the test's folder."""

    addon: str
    options: dict[str, Any]
    works: Callable[[Seen], bool]
    at_run_time: bool = True


CASES = [
    Case("anticache", {"anticache": True}, lambda seen: seen.request.header("if-none-match") is None),
    Case("anticomp", {"anticomp": True}, lambda seen: seen.request.header("accept-encoding") == "identity"),
    Case("blocklist", {"block_list": ["|~all|418"]}, lambda seen: seen.status == 418),
    Case(
        "clientplayback",
        {"client_replay": ["{}/recorded"]},
        lambda seen: "/replayed" in [one.path for one in seen.received],
    ),
    Case("dumper", {"flow_detail": 1}, lambda seen: "/asked" in seen.printed),
    Case("maplocal", {"map_local": ["|/asked|{}/page"]}, lambda seen: seen.body == PAGE),
    Case("mapremote", {"map_remote": ["|UPSTREAM|ELSEWHERE"]}, lambda seen: len(seen.elsewhere) == 1),
    Case("modifybody", {"modify_body": ["|hello|bye"]}, lambda seen: seen.request.body == b"bye"),
    Case(
        "modifyheaders", {"modify_headers": ["|x-mark|1"]}, lambda seen: seen.request.header("x-mark") == "1"
    ),
    Case("onboarding", {"onboarding": True}, lambda seen: seen.status == 404),
    # These two act while mitmproxy starts and never again, with or without a trim.
    Case("keepserving", {"rfile": "{}/recorded"}, lambda seen: True, at_run_time=False),
    Case(
        "readfilestdin",
        {"rfile": "{}/recorded"},
        lambda seen: b"/replayed" in seen.file("noted"),
        at_run_time=False,
    ),
    Case("save", {"save_stream_file": "{}/flows"}, lambda seen: b"/asked" in seen.file("flows")),
    Case("savehar", {"hardump": "{}/flows.har"}, lambda seen: b"/asked" in seen.file("flows.har")),
    Case("serverplayback", {"server_replay": ["{}/recorded"]}, lambda seen: seen.body == RECORDED),
    Case(
        "upstreamauth",
        {"upstream_auth": "user:password"},
        lambda seen: (seen.request.header("authorization") or "").startswith("Basic"),
    ),
]

NEVER = {
    *("core", "errorcheck", "browser", "commandhistory", "comment", "cut", "export"),
    *(
        "dnsresolver",
        "stripdnshttpsrecords",
        "disableh2c",
        "proxyauth",
        "stickyauth",
        "stickycookie",
        "updatealtsvc",
    ),
}
"""What mitmdump never needs in a flow's way while ccgate runs."""


class Trimmer:
    """Makes the trim when everything is running, and tells it of options, as the guard does."""

    name = "trimmer"
    trim: Trim | None = None

    def running(self) -> None:
        self.trim = Trim(ctx.master)

    def configure(self, updated: set[str]) -> None:
        if self.trim is not None:
            self.trim.options_changed(updated)


class Notes:
    """Writes down which flows came past, wherever they came from."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def request(self, flow: mitm.HTTPFlow) -> None:
        with self._file.open("a") as file:
            file.write(f"{flow.request.path}\n")


class Mitmdump:
    """A running mitmdump in front of an upstream."""

    def __init__(self, master: DumpMaster, trim: Trim, seen: Seen, places: dict[str, str]) -> None:
        self.master = master
        self.trim = trim
        self.seen = seen
        self._places = places

    def set(self, options: dict[str, Any]) -> None:
        self.master.options.update(**{name: self.place(value) for name, value in options.items()})

    def place(self, value: Any) -> Any:
        """A setting with the test's own places in it."""
        if isinstance(value, list):
            return [self.place(one) for one in value]
        if isinstance(value, str):
            for name, place in self._places.items():
                value = value.replace(name, place)
        return value

    def chain(self) -> list[str]:
        return names(self.master.addons.chain)

    async def ask(self) -> None:
        """Send one request, and wait until everything that it sets off has come to its end."""
        server = self.master.addons.get("proxyserver")
        port = server.listen_addrs()[0][1]
        self.seen.status, self.seen.body = await asyncio.to_thread(post, port)
        # Polled, because mitmproxy tells nobody when a replay has ended.
        while self.master.commands.call("replay.client.count") or server.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def names(chain: list[Any]) -> list[str]:
    return [addonmanager._get_name(addon) for addon in chain]


def post(port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"if-none-match": "etag", "accept-encoding": "gzip", "host": "mitm.it"}
        connection.request("POST", "/asked", b"hello", headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def record(file: Path, upstream: Recorder) -> None:
    """A file of flows: one answer for what is asked, and one request to be sent again."""
    with file.open("wb") as stream:
        writer = io.FlowWriter(stream)
        for path in ("/asked", "/replayed"):
            flow = tflow.tflow(resp=True)
            assert flow.response is not None
            flow.request.method, flow.request.path = "POST", path
            flow.request.host, flow.request.port, flow.request.scheme = "127.0.0.1", upstream.port, "http"
            flow.response.content = RECORDED
            writer.add(flow)


@asynccontextmanager
async def mitmdump(
    folder: Path, ca: Path, upstream: Recorder, elsewhere: Recorder, at_start: dict[str, Any]
) -> AsyncIterator[Mitmdump]:
    """A mitmdump with a trim; leaving it stops it, so that it writes what it writes at its end."""
    (folder / "page").write_bytes(PAGE)
    record(folder / "recorded", upstream)
    seen = Seen(folder)
    options = Options(confdir=str(ca), mode=[f"reverse:{upstream.url}@127.0.0.1:0"])
    master = DumpMaster(options, with_termlog=False)
    trimmer = Trimmer()
    master.addons.add(Notes(folder / "noted"), trimmer)
    places = {"{}": str(folder), "UPSTREAM": upstream.url, "ELSEWHERE": elsewhere.url}
    quiet: dict[str, Any] = {
        "flow_detail": 0,
        "onboarding": False,
        "onboarding_host": "127.0.0.1",
        "keepserving": True,
        "server_replay_ignore_content": True,
        "server_replay_ignore_host": True,
    }
    running = asyncio.create_task(master.run())
    proxied = Mitmdump(master, None, seen, places)  # type: ignore[arg-type]
    proxied.set({**quiet, **at_start})
    try:
        while trimmer.trim is None:
            assert not running.done(), running
            await asyncio.sleep(0.005)
        proxied.trim = trimmer.trim
        yield proxied
    finally:
        # mitmproxy leaves its listeners to the end of the process.
        await master.addons.get("proxyserver").servers.update([])
        master.shutdown()
        await running
        # Sockets that are being closed want one more turn of the loop.
        await asyncio.sleep(0.01)
        seen.received = list(upstream.requests)
        seen.elsewhere = list(elsewhere.requests)


Start = Callable[..., AbstractAsyncContextManager[Mitmdump]]


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority that is made once; it takes most of a start."""
    return tmp_path_factory.mktemp("ca")


@pytest.fixture
def start(tmp_path: Path, ca: Path) -> Iterator[Start]:
    """Starts a mitmdump with these options in front of an upstream of the test's own."""
    with Recorder() as upstream, Recorder() as elsewhere:
        yield lambda **at_start: mitmdump(tmp_path, ca, upstream, elsewhere, at_start)


def test_every_addon_has_its_case() -> None:
    """An addon that is taken out and tested by nobody may be missed by somebody."""
    assert {case.addon for case in CASES} | NEVER | {"termlog"} == set(IDLE_UNLESS)


@pytest.mark.asyncio
async def test_mitmproxy_has_all_of_them(tmp_path: Path) -> None:
    """An update of mitmproxy that renames an addon would leave it in everybody's way, unnoticed."""
    master = DumpMaster(Options(confdir=str(tmp_path)), with_termlog=True)
    try:
        assert set(IDLE_UNLESS) <= set(names(master.addons.chain))
    finally:
        await finish(master)


@pytest.mark.asyncio
async def test_a_mitmdump_without_options_still_proxies(start: Start) -> None:
    """With everything idle out of the way a request goes through, and no idle addon has touched it."""
    async with start() as proxied:
        assert proxied.trim.out == NEVER | {case.addon for case in CASES}
        assert not proxied.trim.out & set(proxied.chain())
        await proxied.ask()
    seen = proxied.seen
    assert (seen.status, seen.request.body) == (200, b"hello")
    assert json.loads(seen.body)["type"] == "message"
    assert [case.addon for case in CASES if case.works(seen)] == ["keepserving"]


@pytest.mark.asyncio
@pytest.mark.parametrize("when", ["at the start", "at run time"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.addon)
async def test_an_option_has_its_addon(
    start: Start,
    capsys: pytest.CaptureFixture[str],
    case: Case,
    when: str,
) -> None:
    """An operator's option does what mitmproxy's manual says, whenever it is set."""
    at_start = case.options if when == "at the start" else {}
    async with start(**at_start) as proxied:
        assert (case.addon in proxied.chain()) is bool(at_start)
        if not at_start:
            proxied.set(case.options)
        assert case.addon in proxied.chain()
        assert case.addon not in proxied.trim.out
        order = names(addons.default_addons())
        there = [name for name in proxied.chain() if name in order]
        assert there == sorted(there, key=order.index)
        await proxied.ask()
    proxied.seen.printed = capsys.readouterr().out
    if at_start or case.at_run_time:
        assert case.works(proxied.seen)


@pytest.mark.asyncio
async def test_all_options_at_once_bring_all_back_in_order(start: Start) -> None:
    """The order of the chain decides which addon sees whose changes."""
    async with start() as proxied:
        for case in reversed(CASES):
            proxied.set(case.options)
        full = [*names(addons.default_addons()), "dumper", "keepserving", "readfilestdin"]
        assert proxied.chain() == [name for name in full if name not in NEVER] + ["notes", "trimmer"]


@pytest.mark.asyncio
async def test_a_value_that_an_addon_refuses_is_undone(start: Start) -> None:
    """A mistyped option at mitmproxy's prompt is refused as without a trim, and requests go on."""
    async with start() as proxied:
        with pytest.raises(exceptions.OptionsError, match="modify_headers"):
            proxied.master.options.update(modify_headers=["|nonsense"])
        assert proxied.master.options.modify_headers == []
        await proxied.ask()
        assert proxied.seen.status == 200
        proxied.set({"modify_headers": ["|x-mark|1"]})
        await proxied.ask()
    assert [one.header("x-mark") for one in proxied.seen.received] == [None, "1"]


@pytest.mark.asyncio
async def test_an_option_that_is_unset_again_does_no_more(start: Start) -> None:
    """An addon that is back stays, and follows its option like any other."""
    async with start() as proxied:
        proxied.set({"modify_headers": ["|x-mark|1"]})
        await proxied.ask()
        proxied.set({"modify_headers": []})
        await proxied.ask()
    assert [one.header("x-mark") for one in proxied.seen.received] == ["1", None]


@pytest.mark.asyncio
async def test_what_an_option_depends_on_is_not_missed(start: Start) -> None:
    """A filter that was set while its addon was out counts when the addon is back."""
    async with start() as proxied:
        proxied.set({"save_stream_filter": "~u nothing-like-that"})
        proxied.set({"save_stream_file": "{}/flows"})
        await proxied.ask()
    assert proxied.seen.file("flows") == b""
    assert (proxied.seen.folder / "flows").exists()


async def finish(master: mitm_master.Master) -> None:
    """Take away the log handlers of a master that was never run."""
    await master.done()
    master.addons.get("errorcheck").finish()


@pytest.mark.asyncio
async def test_mitmweb_keeps_everything(tmp_path: Path) -> None:
    """Any option, command and export is a click away; none of them may be gone."""
    master = WebMaster(Options(confdir=str(tmp_path)))
    try:
        before = list(master.addons.chain)
        assert Trim(master).out == frozenset()
        assert master.addons.chain == before
    finally:
        await finish(master)


CONSOLE = """
import asyncio
from mitmproxy.options import Options
from mitmproxy.tools.console.master import ConsoleMaster
from ccgate.trim import Trim

async def main():
    master = ConsoleMaster(Options())
    before = list(master.addons.chain)
    assert Trim(master).out == frozenset()
    assert master.addons.chain == before

asyncio.run(main())
"""


def test_the_console_keeps_everything(tmp_path: Path) -> None:
    """The same for who sits at a terminal. In a process of its own, which its library leaves marks in."""
    environ = {**os.environ, "PYTHONPATH": str(ADDONS), "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", CONSOLE], env=environ, check=True, timeout=60)
