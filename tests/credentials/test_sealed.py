"""The credential is on the wire and nowhere else: whoever stores or shows a flow stores and shows none."""

import copy

from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.net.http import http1
from mitmproxy.test import tflow

from ccgate.credentials.sealed import WITHHELD
from ccgate.credentials.sealed import SealedHeaders

SECRET = b"sk-ant-canary-0123456789"


def headers() -> SealedHeaders:
    return SealedHeaders([(b"Host", b"h"), (b"X-Api-Key", WITHHELD)], [(b"x-api-key", SECRET)])


def test_the_wire_has_it() -> None:
    """Upstream gets the credential, under the name as it was spelt."""
    request = http.Request.make("POST", "http://h/v1/messages", b"", {})
    request.headers = headers()
    assert b"X-Api-Key: " + SECRET + b"\r\n" in http1.assemble_request_head(request)


def test_nothing_else_has_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A repr, a copy, mitmweb's state, a backup and a saved flow hold the text that it was withheld."""
    flow = tflow.tflow()
    flow.request.headers = headers()
    flow.backup()
    path = tmp_path / "flows"
    with path.open("wb") as f:
        FlowWriter(f).add(flow)
    seen = [
        repr(flow.request.headers).encode(),
        repr(flow.get_state()).encode(),
        repr(flow.copy().request.headers).encode(),
        bytes(flow.request.copy().headers),
        bytes(flow.request.headers.copy()),
        repr(list(flow.request.headers.items(multi=True))).encode(),
        path.read_bytes(),
    ]
    for text in seen:
        assert SECRET not in text
        assert WITHHELD in text


def test_headers_that_somebody_replaced_leave_without_it() -> None:
    """Another script that writes over the header gets its own value sent, not the credential."""
    sealed = headers()
    sealed["x-api-key"] = "other"
    assert SECRET not in bytes(sealed)


def test_a_deep_copy_does_not_lose_what_is_sealed() -> None:
    """mitmproxy deep-copies nothing on the way out today; were it to, the request would still be good."""
    assert SECRET in bytes(copy.deepcopy(headers()))


@given(st.lists(st.tuples(st.sampled_from([b"a", b"Authorization", b"x-api-key"]), st.binary(max_size=5))))
def test_unsealed_headers_are_written_as_mitmproxy_writes_them(fields: list[tuple[bytes, bytes]]) -> None:
    """Every other header, doubled or odd, leaves as it came."""
    assert bytes(SealedHeaders(fields)) == bytes(http.Headers(fields))
