"""The proxy core's own errors, as clients of the API read them: a real mitmdump, and real sockets."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.options import Options
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http import _http2
from mitmproxy.proxy.layers.http._events import ErrorCode
from mitmproxy.tools.dump import DumpMaster

from ccgate import errorpages
from ccgate.errors import ENVELOPE_TYPES
from tests.support.gateway import free_port
from tests.support.recorder import Recorder

# mitmproxy leaves connections to the garbage collector when its loop ends with the process; ours goes on.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Start = Callable[[str], AbstractAsyncContextManager[int]]

LIMIT = 1000


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The replaced functions, taken back afterwards."""
    monkeypatch.setattr(_http1, "make_error_response", _http1.make_error_response)
    monkeypatch.setattr(_http2, "format_error", vars(_http2)["format_error"])
    errorpages.install()


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority that is made once; it takes most of a start."""
    return tmp_path_factory.mktemp("ca")


@asynccontextmanager
async def mitmdump(mode: str, ca: Path) -> AsyncIterator[int]:
    """A running mitmdump; gives the port that it listens on."""
    master = DumpMaster(Options(confdir=str(ca), mode=[mode]), with_termlog=False, with_dumper=False)
    master.options.update(connection_strategy="lazy", upstream_cert=False, body_size_limit=str(LIMIT))
    server = master.addons.get("proxyserver")
    running = asyncio.create_task(master.run())
    try:
        # Polled, because mitmproxy tells nobody but its own addons when it listens.
        while not server.listen_addrs():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        yield server.listen_addrs()[0][1]
    finally:
        # mitmproxy leaves its listeners and connections to the end of the process.
        await server.servers.update([])
        async with asyncio.timeout(10):
            while server.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        master.shutdown()
        await running
        # Sockets that are being closed want one more turn of the loop.
        await asyncio.sleep(0.01)


@pytest.fixture
def start(ca: Path) -> Start:
    """Starts a mitmdump in front of the upstream with this URL."""
    return lambda upstream: mitmdump(f"reverse:{upstream}@127.0.0.1:0", ca)


@pytest.fixture
def upstream() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


def post(port: int, body: Any = b"{}", **headers: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers by lower-case name, and the JSON document that was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/v1/messages", body, headers)
        answer = connection.getresponse()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, json.loads(answer.read())
    finally:
        connection.close()


def is_envelope(document: dict[str, Any], kind: str) -> bool:
    """Whether the document is the provider's envelope with an error of this type that we have signed."""
    return (
        document["type"] == "error"
        and document["error"]["type"] == kind
        and document["error"]["message"].startswith("ccgate: ")
        and document["request_id"] == errorpages.REQUEST_ID
    )


# Against the core.


@pytest.mark.asyncio
async def test_an_upstream_that_is_down(start: Start) -> None:
    """The person reads that the upstream did not answer and what to look at, not a page of HTML."""
    async with start(f"http://127.0.0.1:{free_port()}") as port:
        status, headers, document = await asyncio.to_thread(post, port)
    assert status == 502
    assert headers["content-type"] == "application/json"
    assert is_envelope(document, "api_error")
    assert "upstream" in document["error"]["message"]


@pytest.mark.asyncio
async def test_an_upstream_that_speaks_no_tls(start: Start, upstream: Recorder) -> None:
    """`https` before the address of something that speaks plain HTTP."""
    async with start(f"https://127.0.0.1:{upstream.port}") as port:
        status, headers, document = await asyncio.to_thread(post, port)
    assert status == 502
    assert headers["content-type"] == "application/json"
    assert is_envelope(document, "api_error")
    assert "TLS" in document["error"]["message"]
    assert upstream.requests == []


@pytest.mark.asyncio
async def test_an_upstream_that_speaks_no_http(start: Start) -> None:
    """An answer that is none must not reach the client, and the connection must not hang."""

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    async with server, start(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as port:
        status, _, document = await asyncio.to_thread(post, port)
    assert status == 502
    assert is_envelope(document, "api_error")


@pytest.mark.asyncio
@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
async def test_a_body_that_is_too_large(start: Start, upstream: Recorder, chunked: bool) -> None:
    """The mend is the client's: a smaller request. Nothing of it has left."""
    body: Any = iter([b"x" * LIMIT, b"x"]) if chunked else b"x" * (LIMIT + 1)
    async with start(upstream.url) as port:
        status, headers, document = await asyncio.to_thread(post, port, body)
    assert status == 413
    assert headers["content-type"] == "application/json"
    assert is_envelope(document, "request_too_large")
    assert "smaller" in document["error"]["message"]
    assert upstream.connections == 0


@pytest.mark.asyncio
async def test_a_body_at_the_limit_passes(start: Start, upstream: Recorder) -> None:
    """The counter-proof: it is the size that was refused."""
    async with start(upstream.url) as port:
        status, _, document = await asyncio.to_thread(post, port, b"x" * LIMIT)
    assert (status, document["type"]) == (200, "message")
    assert len(upstream.requests[0].body) == LIMIT


@pytest.mark.asyncio
async def test_an_answer_that_is_too_large_is_not_the_networks_fault(start: Start) -> None:
    """An operator who is told to look at the network would look for hours."""

    async def large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (LIMIT + 1))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(large, "127.0.0.1", 0)
    async with server, start(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as port:
        status, _, document = await asyncio.to_thread(post, port)
    assert status == 502
    assert is_envelope(document, "api_error")
    assert "network" not in document["error"]["message"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
    ids=["no length", "two lengths", "no request"],
)
async def test_a_request_that_cannot_be_read(start: Start, upstream: Recorder, head: bytes) -> None:
    """A client with a mistake in it learns which one."""
    async with start(upstream.url) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
    top, _, body = answer.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 400 ")
    assert is_envelope(json.loads(body), "invalid_request_error")
    assert upstream.requests == []


class OnlyHttp2(ssl.SSLContext):
    """A client that offers nothing but HTTP/2."""

    def set_alpn_protocols(self, alpn_protocols: object) -> None:
        super().set_alpn_protocols(["h2"])


@asynccontextmanager
async def http2_client(port: int, ca: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks HTTP/2 by TLS through a tunnel, as real ones do."""
    context = OnlyHttp2(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca / "mitmproxy-ca-cert.pem")
    proxy = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(http2=True, verify=context, proxy=proxy, trust_env=False) as client:
        yield client


@pytest.mark.asyncio
@pytest.mark.parametrize("case", ["down", "too large"])
async def test_http2(ca: Path, case: str) -> None:
    """The same for who speaks HTTP/2, which another part of the core answers."""
    body = b"{}" if case == "down" else b"x" * (LIMIT + 1)
    async with mitmdump("regular@127.0.0.1:0", ca) as port, http2_client(port, ca) as client:
        answer = await client.post(f"https://localhost:{free_port()}/v1/messages", content=body)
    assert answer.http_version == "HTTP/2"
    assert answer.status_code == (502 if case == "down" else 413)
    assert is_envelope(answer.json(), "api_error" if case == "down" else "request_too_large")


# By itself.


@given(
    status=st.sampled_from(sorted({code.http_status_code() for code in ErrorCode} - {None}))
    | st.integers(400, 599),
    message=st.text(st.characters() | st.sampled_from('\ud800"\\\r\n\x00<&'), max_size=40),
)
def test_whatever_the_core_says_is_an_envelope_of_its_status(status: int, message: str) -> None:
    """The core quotes what it could not read, so its message may hold anything."""
    answer = errorpages.error_response(status, message)
    top, _, body = answer.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\ncontent-length: %d" % len(body) in top.lower()
    document = json.loads(body)
    assert document == json.loads(errorpages.envelope(status, message))
    assert is_envelope(document, ENVELOPE_TYPES.get(status, "api_error"))


def test_the_core_still_has_both_functions() -> None:
    """An update of mitmproxy that moves one of them would bring the pages of HTML back."""
    assert _http1.make_error_response is errorpages.error_response
    assert vars(_http2)["format_error"] is errorpages.envelope
    send = _http1.Http1Server.send.__code__
    assert "make_error_response" in send.co_names
    assert "format_error" in _http2.Http2Connection._handle_event.__code__.co_names


def test_installing_it_again_changes_nothing() -> None:
    """The script may be loaded again at any time."""
    errorpages.install()
    assert _http1.make_error_response is errorpages.error_response
