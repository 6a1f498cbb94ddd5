"""Points a request at the upstream, as HTTP/1.1, whatever way it came in."""

from __future__ import annotations

from mitmproxy import http

from ccgate.profile import Upstream


def direct(request: http.Request, upstream: Upstream) -> None:
    """Send this request to the upstream.

    The credential is written by the HTTP/1 serialisation alone (see `credentials.sealed`), so a request
    that came in by HTTP/2 becomes one of HTTP/1.1 here, with its Host header and one Cookie header.
    """
    authority = upstream.url.partition("://")[2]
    request.scheme = upstream.scheme
    request.data.host = upstream.host
    request.data.port = upstream.port
    request.data.authority = b""
    cookies = request.headers.get_all("cookie")
    if len(cookies) > 1:
        request.headers["cookie"] = "; ".join(cookies)
    if "host" in request.headers:
        request.headers["host"] = authority
    else:
        request.headers.insert(0, "host", authority)
    request.http_version = "HTTP/1.1"


def ask_for_plain_answer(request: http.Request) -> None:
    """Ask upstream not to compress, so that the answer can be read as it flows."""
    request.headers["accept-encoding"] = "identity"
