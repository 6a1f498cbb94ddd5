"""Which credential a request leaves with: the client's own, untouched, or the gateway's in its place."""

from __future__ import annotations

from mitmproxy import http

from ccgate.credentials.sealed import CREDENTIAL_HEADERS
from ccgate.credentials.sealed import WITHHELD
from ccgate.credentials.sealed import Fields
from ccgate.credentials.sealed import SealedHeaders
from ccgate.credentials.sealed import plain
from ccgate.errors import Refusal

_LENGTHS = frozenset(map(len, CREDENTIAL_HEADERS))

NO_CREDENTIAL = (
    "the token is good, but the request carries no credential of its own, and this gateway holds none. "
    "Log in with Claude Code or set ANTHROPIC_API_KEY, and hand the token over beside it: "
    "ANTHROPIC_CUSTOM_HEADERS='Proxy-Authorization: Bearer TOKEN'"
)


def seal(fields: Fields) -> SealedHeaders:
    """The client's own credential as it came on the wire, withheld everywhere else."""
    visible = []
    own = []
    for name, value in fields:
        if len(name) in _LENGTHS and name.lower() in CREDENTIAL_HEADERS:
            own.append((name, value))
            value = WITHHELD
        visible.append((name, value))
    return SealedHeaders(visible, own)


def pass_through(headers: http.Headers) -> None:
    """Have the client's own credential leave.

    Raises:
        Refusal: 401; there is none.
    """
    if WITHHELD not in (value for _, value in headers.fields):
        raise Refusal(401, NO_CREDENTIAL)


def replace(headers: http.Headers, api_key: str, *, required: bool, as_bearer: bool = False) -> SealedHeaders:
    """The headers with the gateway's API key in place of whatever credential the client sent.

    It goes into `x-api-key`, or `as_bearer` into `Authorization`, which the provider's OpenAI-compatible
    endpoint wants. A request that needs none and brought none leaves without.
    """
    visible = [field for field in headers.fields if field[0].lower() not in CREDENTIAL_HEADERS]
    if not required and len(visible) == len(headers.fields):
        return SealedHeaders(visible)
    key = api_key.encode("ascii")
    name, value = (b"authorization", b"Bearer " + key) if as_bearer else (b"x-api-key", key)
    visible.append((name, WITHHELD))
    return SealedHeaders(visible, [(name, value)])


def forget(headers: http.Headers) -> http.Headers:
    """The same headers as everybody may see them; what was sealed in them is gone."""
    return plain(headers.fields) if isinstance(headers, SealedHeaders) else headers
