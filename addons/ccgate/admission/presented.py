"""Who presents what: reads tokens and the client's own credential from a request's headers alone.

Three headers can carry a token of ours. `Proxy-Authorization` is always ours. `Authorization` and
`x-api-key` belong to the upstream, so in these a token is ours by its prefix, and anything else is the
client's own credential, which is not touched. What is ours is to be stripped.

A request that presents two different things where one is meant is refused: guessing which one counts
would let the other one leave.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from typing import Literal

from ccgate.admission.tokens import TOKEN_PREFIX
from ccgate.admission.tokens import TOKEN_SHAPE
from ccgate.errors import Refusal

OwnCredential = Literal["authorization", "x-api-key"]

PROXY_HEADER = b"proxy-authorization"
OWN_HEADERS: dict[bytes, OwnCredential] = {b"authorization": "authorization", b"x-api-key": "x-api-key"}
_LENGTHS = frozenset(map(len, (PROXY_HEADER, *OWN_HEADERS)))

UNREADABLE = "the Proxy-Authorization header cannot be read; send `Basic` with NAME:TOKEN, or `Bearer TOKEN`"
DIFFERENT_TOKENS = "several headers carry different tokens of this gateway; send one token"
DIFFERENT_VALUES = "the {name} header is there more than once with different values; send it once"
MIXED = "the {name} header carries a token of this gateway beside something else; send the token alone"

_LONGEST = 1024  # bytes of a header's value that can still be a token's; a name and a token need 120
_PREFIX = TOKEN_PREFIX.encode()
_TOKEN = re.compile(TOKEN_SHAPE.encode())


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A token as it came: with the client's name or without, in the header of that lower-case name.

    It is text that says it is a token, at most 1,024 characters long; whether it is good is for the
    registry to say.
    """

    name: str | None
    token: str = field(repr=False)
    header: str


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request's headers hold.

    `tokens` are all the same token. `strip` names, in lower case, the headers that must not leave.
    `own_credential` is the header with the client's own credential, `authorization` where both have one.
    """

    tokens: tuple[PresentedToken, ...] = ()
    strip: tuple[bytes, ...] = ()
    own_credential: OwnCredential | None = None

    @property
    def token(self) -> PresentedToken | None:
        """The token, with the client's name where one was given; None without a token."""
        return next((token for token in self.tokens if token.name is not None), None) or next(
            iter(self.tokens), None
        )


def present(fields: Iterable[tuple[bytes, bytes]]) -> Presented:
    """What the headers present. `fields` are names and values, in any case and order.

    Raises:
        Refusal: 401; a `Proxy-Authorization` that cannot be read, or headers that contradict each other.
    """
    values: dict[bytes, list[bytes]] = {}
    for field_name, value in fields:
        # Most headers are none of these, and their lengths tell.
        if len(field_name) not in _LENGTHS:
            continue
        lower = field_name.lower()
        if lower == PROXY_HEADER or lower in OWN_HEADERS:
            values.setdefault(lower, []).append(value.strip(b" \t"))
    tokens = [_proxy_token(value) for value in values.get(PROXY_HEADER, ())]
    strip = [PROXY_HEADER] if PROXY_HEADER in values else []
    own_credential: OwnCredential | None = None
    for header, name in OWN_HEADERS.items():
        given = values.get(header, [])
        ours = _own_header_tokens(given, name)
        if ours:
            tokens += ours
            strip.append(header)
        elif own_credential is None and any(_opens_something(value, name) for value in given):
            own_credential = name
    names = {token.name for token in tokens if token.name is not None}
    if len({token.token for token in tokens}) > 1 or len(names) > 1:
        raise Refusal(401, DIFFERENT_TOKENS)
    return Presented(tuple(tokens), tuple(strip), own_credential)


def contains_token(value: bytes) -> bool:
    """Whether something of a token's shape stands anywhere in a header's value."""
    return _TOKEN.search(value) is not None


def _proxy_token(value: bytes) -> PresentedToken:
    scheme, rest = _split(value)
    pair: tuple[str | None, str] | None = None
    if scheme == b"basic":
        pair = _basic(rest)
    elif scheme == b"bearer":
        pair = (None, _text(rest))
    if pair is None or not pair[1]:
        raise Refusal(401, UNREADABLE)
    return PresentedToken(pair[0], pair[1], PROXY_HEADER.decode())


def _own_header_tokens(values: list[bytes], header: OwnCredential) -> list[PresentedToken]:
    """The tokens of ours in a header that belongs to the upstream; none where all of it is the client's."""
    tokens = [token for value in values if (token := _own_header_token(value, header)) is not None]
    if tokens:
        mixed = len(tokens) != len(values)
    else:
        mixed = any(contains_token(value) for value in values)
        if len(set(values)) > 1:
            raise Refusal(401, DIFFERENT_VALUES.format(name=header))
    if mixed:
        raise Refusal(401, MIXED.format(name=header))
    return tokens


def _own_header_token(value: bytes, header: OwnCredential) -> PresentedToken | None:
    """The token in a header that belongs to the upstream, or None when it is not one of ours.

    Basic is read too: a base URL such as http://NAME:TOKEN@host becomes such a header.
    """
    scheme, rest = _split(value)
    pair: tuple[str | None, str] | None = None
    if value.startswith(_PREFIX):
        pair = (None, _text(value))
    elif rest.startswith(_PREFIX):
        pair = (None, _text(rest))
    elif scheme == b"basic":
        pair = _basic(rest)
    if pair is None or not pair[1].startswith(TOKEN_PREFIX):
        return None
    return PresentedToken(pair[0], pair[1], header)


def _opens_something(value: bytes, header: OwnCredential) -> bool:
    """Whether a value that is not ours is a credential at all, and not empty or a lone scheme."""
    return bool(value) and (header == "x-api-key" or bool(_split(value)[1]))


def _split(value: bytes) -> tuple[bytes, bytes]:
    """The scheme in lower case, and the rest."""
    scheme, _, rest = value.replace(b"\t", b" ").partition(b" ")
    return scheme.lower(), rest.strip(b" ")


def _basic(encoded: bytes) -> tuple[str | None, str] | None:
    """Name and token of a Basic credential (RFC 7617), or None where it cannot be read."""
    if len(encoded) > _LONGEST:
        return None
    try:
        # Some clients leave the padding away.
        padding = b"=" * (-len(encoded) % 4)
        pair = base64.b64decode(encoded + padding, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    name, colon, token = pair.partition(":")
    return (name or None, token) if colon else None


def _text(value: bytes) -> str:
    """As text; too long a value is cut, which leaves it as bad as it was."""
    return value[:_LONGEST].decode("latin-1")
