"""Who is it? Turns what a request presents into a client, and slows down who guesses.

A token is looked at again for each request, also on a connection that was let in by CONNECT: a revoked
client is out at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from ccgate.admission.clients import Client
from ccgate.admission.clients import ClientRegistry
from ccgate.admission.presented import Presented
from ccgate.admission.presented import PresentedToken
from ccgate.admission.presented import contains_token
from ccgate.admission.presented import present
from ccgate.admission.throttle import Throttle
from ccgate.errors import Refusal

ANYBODY = Client(name="anybody", owner="anybody")
"""Who comes without a token where the profile lets them."""

NOBODY = (
    "this gateway admits clients with a token of its own. Ask its operator for one "
    "(run.sh client add NAME), then set what `run.sh client env NAME` prints"
)
REFUSED = "the token is not good: mistyped, replaced or revoked. Ask the gateway's operator for a new one"
LEAK = "a header that would leave carries a token of this gateway's; send it as Proxy-Authorization"

Fields = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that was let in, and what it was let in with."""

    client: Client
    token: PresentedToken | None


class Door:
    """Lets clients in. `required`: whether everybody needs a token."""

    def __init__(self, clients: ClientRegistry, throttle: Throttle, *, required: bool) -> None:
        self._clients = clients
        self._throttle = throttle
        self._required = required

    async def connect(self, headers: Fields, address: str) -> Admitted:
        """Who opens a tunnel.

        Raises:
            Refusal: 407; no good token.
        """
        try:
            presented = present(headers)
            return self._identify(presented.token) or await self._refuse(address)
        except Refusal as refusal:
            raise Refusal(
                407, refusal.message, headers={"proxy-authenticate": 'Basic realm="ccgate"'}
            ) from None

    async def request(
        self, headers: Fields, address: str, earlier: Admitted | None
    ) -> tuple[Admitted, Presented]:
        """Who sends a request, and what of its headers is ours.

        `earlier` is who opened the tunnel that the request came through, if it did. A token of the
        request's own counts more than that one.

        Raises:
            Refusal: 401; no good token. 400; a token stands where it would leave.
        """
        fields = list(headers)
        presented = present(fields)
        token = presented.token or (earlier.token if earlier else None)
        admitted = self._identify(token) or await self._refuse(address)
        ours = presented.strip
        if contains_token(b"\n".join([value for name, value in fields if name.lower() not in ours])):
            raise Refusal(400, LEAK)
        return admitted, presented

    def _identify(self, token: PresentedToken | None) -> Admitted | None:
        if token is None:
            if self._required:
                raise Refusal(401, NOBODY)
            return Admitted(ANYBODY, None)
        if token.name is None:
            client = self._clients.by_token(token.token)
        else:
            client = self._clients.by_name_and_token(token.name, token.token)
        return None if client is None else Admitted(client, token)

    async def _refuse(self, address: str) -> NoReturn:
        await asyncio.sleep(self._throttle.failed(address))
        raise Refusal(401, REFUSED)
