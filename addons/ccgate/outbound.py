"""Points a request at the upstream, as HTTP/1.1, whatever way it came in."""

from __future__ import annotations

from mitmproxy import http

from ccgate.profile import Upstream


def direct(request: http.Request, upstream: Upstream, *, plain_answer: bool) -> None:
    """Send this request to the upstream.

    The credential is written by the HTTP/1 serialisation alone (see `credentials.sealed`), so a request
    that came in by HTTP/2 becomes one of HTTP/1.1 here, with its Host header and one Cookie header.
    With `plain_answer`, upstream is asked not to compress, so that the answer can be read as it flows.
    """
    host = upstream.url.partition("://")[2].encode()
    body = request.raw_content or b""
    fields = []
    cookies = []
    has_host = has_length = chunked = False
    for name, value in request.headers.fields:
        match name.lower():
            case b"host":
                if has_host:
                    continue
                value = host
                has_host = True
            case b"cookie":
                cookies.append(value)
                if len(cookies) > 1:
                    continue
            case b"accept-encoding" if plain_answer:
                continue
            case b"content-length":
                has_length = True
                continue
            case b"transfer-encoding":
                # HTTP/2 has none (RFC 9113, 8.2.2).
                if request.is_http2:
                    continue
                chunked = True
        fields.append((name, value))
    if not has_host:
        fields.insert(0, (b"Host", host))
    if len(cookies) > 1:
        together = b"; ".join(cookies)
        fields = [(n, together if n.lower() == b"cookie" else v) for n, v in fields]
    if not chunked and (body or has_length):
        # HTTP/2 needs no length; in HTTP/1.1 a body without one would be read as the next request.
        fields.append((b"content-length", b"%d" % len(body)))
    if plain_answer:
        fields.append((b"accept-encoding", b"identity"))
    request.headers.fields = tuple(fields)
    request.scheme = upstream.scheme
    request.data.host = upstream.host
    request.data.port = upstream.port
    request.data.authority = b""
    request.http_version = "HTTP/1.1"
