"""A request, pointed at the upstream: what the client said stays, and where it goes is certain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http as mitm
from mitmproxy.net.http import http1

from ccgate import outbound
from ccgate.profile import Upstream

Fields = list[tuple[bytes, bytes]]

UPSTREAM = Upstream("https", "upstream.example", 443)

tokens = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=12)
plain_names = tokens.filter(
    lambda name: name.lower() not in ("host", "cookie", "content-length", "transfer-encoding")
)
header_values = st.text("abc ,;=\"'1234\t", max_size=12).map(str.strip)
versions = st.sampled_from([b"HTTP/1.1", b"HTTP/2.0"])
fields = st.lists(
    st.tuples(
        plain_names | st.sampled_from(["host", "Host", "HOST", "cookie", "Cookie", "Accept-Encoding"]),
        header_values,
    ).map(lambda field: (field[0].encode(), field[1].encode())),
    max_size=10,
)


def request(
    headers: Fields,
    *,
    version: bytes = b"HTTP/1.1",
    body: bytes = b"{}",
    authority: bytes = b"",
) -> mitm.Request:
    """A request as the proxy core hands it over."""
    return mitm.Request(
        host="api.anthropic.com",
        port=443,
        method=b"POST",
        scheme=b"https",
        authority=authority,
        path=b"/v1/messages?beta=true",
        http_version=version,
        headers=mitm.Headers(headers),
        content=body,
        trailers=None,
        timestamp_start=0,
        timestamp_end=0,
    )


def values(request: mitm.Request, name: bytes) -> list[bytes]:
    return [value for key, value in request.headers.fields if key.lower() == name]


@given(headers=fields, version=versions, plain=st.booleans())
def test_all_other_headers_stay_in_their_order(headers: Fields, version: bytes, plain: bool) -> None:
    """A header that gets lost or changed turns a feature of the client off, or the upstream against it."""
    sent = request(headers, version=version)
    outbound.direct(sent, UPSTREAM, plain_answer=plain)
    special = [b"host", b"cookie", b"content-length"] + [b"accept-encoding"] * plain
    assert [field for field in sent.headers.fields if field[0].lower() not in special] == [
        field for field in headers if field[0].lower() not in special
    ]


@given(headers=fields, version=versions, plain=st.booleans())
def test_there_is_one_host_and_it_is_the_upstream(headers: Fields, version: bytes, plain: bool) -> None:
    """Two Host headers, or one of the client's choice, would let the credential's request end elsewhere."""
    sent = request(headers, version=version, authority=b"evil.example")
    outbound.direct(sent, UPSTREAM, plain_answer=plain)
    assert values(sent, b"host") == [b"upstream.example"]
    assert sent.url == "https://upstream.example/v1/messages?beta=true"
    assert sent.pretty_host == sent.host == "upstream.example"


@given(headers=fields, plain=st.booleans())
def test_cookies_become_one_header(headers: Fields, plain: bool) -> None:
    """HTTP/2 may split cookies, HTTP/1.1 may not (RFC 9113, 8.2.3)."""
    sent = request(headers, version=b"HTTP/2.0")
    outbound.direct(sent, UPSTREAM, plain_answer=plain)
    before = [value for name, value in headers if name.lower() == b"cookie"]
    assert values(sent, b"cookie") == ([b"; ".join(before)] if before else [])


@given(
    headers=fields,
    version=versions,
    body=st.binary(max_size=40),
    framing=st.sampled_from(["content-length", "none"]),
)
def test_the_body_ends_where_its_framing_says(
    headers: Fields, version: bytes, body: bytes, framing: str
) -> None:
    """HTTP/2 needs no content-length; a body without one is the start of another request in HTTP/1.1.

    That request would reach the upstream past every rule of the gateway.
    """
    if framing == "content-length":
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    elif version == b"HTTP/1.1":
        body = b""
    sent = request(headers, version=version, body=body)
    outbound.direct(sent, UPSTREAM, plain_answer=False)
    assert http1.expected_http_body_size(sent) == len(body)


@pytest.mark.parametrize(
    ("upstream", "first_line", "host"),
    [
        (UPSTREAM, b"POST /v1/messages?beta=true HTTP/1.1", b"upstream.example"),
        (
            Upstream("https", "upstream.example", 8443),
            b"POST /v1/messages?beta=true HTTP/1.1",
            b"upstream.example:8443",
        ),
        (Upstream("http", "127.0.0.1", 9), b"POST /v1/messages?beta=true HTTP/1.1", b"127.0.0.1:9"),
        (Upstream("https", "::1", 443), b"POST /v1/messages?beta=true HTTP/1.1", b"[::1]"),
    ],
)
@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/2.0"])
def test_what_is_on_the_wire(upstream: Upstream, first_line: bytes, host: bytes, version: bytes) -> None:
    """The path alone on the first line and the authority in Host, as servers expect (RFC 9112, 3.2.1)."""
    sent = request([(b"accept", b"*/*"), (b"content-length", b"2")], version=version, authority=b"x")
    outbound.direct(sent, upstream, plain_answer=False)
    assert (sent.scheme, sent.host, sent.port) == (upstream.scheme, upstream.host, upstream.port)
    lines = http1.assemble_request(sent).split(b"\r\n")
    assert lines[0] == first_line
    assert [line.lower() for line in lines if line.lower().startswith(b"host:")] == [b"host: " + host]


def test_chunked_bodies_stay_chunked() -> None:
    """Two kinds of framing on one request are how requests are smuggled."""
    sent = request([(b"transfer-encoding", b"chunked")])
    outbound.direct(sent, UPSTREAM, plain_answer=False)
    assert http1.expected_http_body_size(sent) is None
    assert "content-length" not in sent.headers


@given(headers=fields)
def test_a_plain_answer_is_asked_for_once(headers: Fields) -> None:
    """An answer that upstream compresses cannot be metered event by event."""
    sent = request(headers)
    outbound.direct(sent, UPSTREAM, plain_answer=True)
    assert values(sent, b"accept-encoding") == [b"identity"]
