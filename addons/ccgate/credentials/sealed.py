"""Headers that carry a credential to the wire and to nowhere else.

mitmproxy shares one flow object among everything that sends, shows and stores it, and mitmweb shows a
request while it is under way. So the credential does not stand in the headers: they hold a text that says
that it was withheld, and only the HTTP/1 serialisation, `bytes(headers)`, puts the credential in its
place. A copy, a saved flow, a repr or a log of the headers shows the text. Were mitmproxy to serialise in
another way, the text would leave and upstream would answer 401: it fails closed.
"""

from __future__ import annotations

from collections.abc import Iterable

from mitmproxy import http

WITHHELD = b"(withheld by ccgate)"
"""What everybody but the wire sees."""

CREDENTIAL_HEADERS = (b"authorization", b"x-api-key")
"""The headers in which the provider takes a credential."""

Fields = Iterable[tuple[bytes, bytes]]


class SealedHeaders(http.Headers):
    """Headers of which some values appear in `bytes()` alone."""

    def __init__(self, fields: Fields = (), sealed: Fields = ()) -> None:
        # Set as they are: `Headers` would take each of them apart again.
        self.fields = tuple(fields)
        self._sealed = tuple(sealed)

    def __bytes__(self) -> bytes:
        """The wire form, with what is sealed in its place."""
        sealed = list(self._sealed)
        lines = []
        for name, value in self.fields:
            if value == WITHHELD and sealed and sealed[0][0].lower() == name.lower():
                value = sealed.pop(0)[1]
            lines.append(b"%s: %s\r\n" % (name, value))
        return b"".join(lines)


def plain(fields: Fields) -> http.Headers:
    """Headers of these fields, which are bytes already."""
    headers = http.Headers()
    headers.fields = tuple(fields)
    return headers
