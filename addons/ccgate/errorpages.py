"""mitmproxy's own error answers, in the provider's error envelope.

When upstream cannot be reached, or a body is too large, the proxy core answers by itself with a page of
HTML, at a place that no hook reaches. A client of this API cannot read that, and shows nothing of use. So
the two functions of the core that write such pages are replaced; mitmproxy is pinned exactly, and a test
notices when they have moved. (To a client of HTTP/2 the core calls the same bytes text/html.)
"""

from __future__ import annotations

from mitmproxy import http
from mitmproxy.net.http import http1
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http import _http2

from ccgate.errors import ENVELOPE_TYPES
from ccgate.errors import Refusal

REQUEST_ID = "ccg-core"
"""Stands for a request that came to its end in the proxy core."""

MENDS = (
    ("Request body exceeds", "the request is too large; make it smaller"),
    ("Response body exceeds", "the upstream's answer is too large to be let through"),
)
"""How the core's messages begin → what its client reads instead."""

UNREACHED = "the upstream did not answer; is profile key `upstream` right, and the network up?"


def envelope(status: int, message: str) -> bytes:
    """The core's message in the provider's envelope."""
    known = status if status in ENVELOPE_TYPES else 502
    mend = next((mend for begin, mend in MENDS if message.startswith(begin)), None)
    if mend is None and known == 502:
        mend = UNREACHED
    return Refusal(known, f"{mend} ({message})" if mend else message).body(REQUEST_ID)


def error_response(status_code: int, message: str = "") -> bytes:
    """A whole HTTP/1.1 answer; replaces `mitmproxy.proxy.layers.http._http1.make_error_response`."""
    headers = http.Headers(connection="close", content_type="application/json")
    response = http.Response.make(status_code, envelope(status_code, message), headers)
    whole: bytes = http1.assemble_response(response)
    return whole


def install() -> None:
    """Have the core answer in the envelope. Doing it again changes nothing."""
    _http1.make_error_response = error_response
    vars(_http2)["format_error"] = envelope
