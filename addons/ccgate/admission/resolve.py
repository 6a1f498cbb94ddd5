"""Where does a name lead? Looked up once, here, so that it cannot lead elsewhere by being looked up again."""

from __future__ import annotations

import asyncio
import socket

from ccgate.admission.scope import is_forbidden_address
from ccgate.errors import Refusal


async def public_address(host: str, port: int) -> str:
    """One address of a name, none of whose addresses is of this machine or a private network.

    Raises:
        Refusal: 403; it has such an address. 502; it has none.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Refusal(502, f"{host} cannot be resolved; is the gateway's DNS in order?") from None
    addresses = [str(sockaddr[0]) for _, _, _, _, sockaddr in found]
    if any(is_forbidden_address(address) for address in addresses):
        raise Refusal(403, f"{host} leads to an address that is not public, so it may not be reached")
    # IPv4 first: a gateway without IPv6 is more usual than one without IPv4.
    return min(addresses, key=lambda address: ":" in address)
