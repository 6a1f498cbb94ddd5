"""Requests whose headers leave in the order, the case and the spelling in which a test writes them."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.gateway import GatewayProcess

Fields = Sequence[tuple[str, str]]

GOVERNED = "api.anthropic.com"
"""The host that clients of the forward proxy ask for."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@contextmanager
def to_api(gateway: GatewayProcess) -> Iterator[socket.socket]:
    """A connection to the API endpoint."""
    with socket.create_connection(("127.0.0.1", gateway.api_port), timeout=60) as connection:
        yield connection


@contextmanager
def through_proxy(gateway: GatewayProcess, token: str) -> Iterator[socket.socket]:
    """A connection to the governed host through the forward proxy, which speaks HTTP/1.1."""
    context = ssl.create_default_context(cafile=str(gateway.ca))
    with socket.create_connection(("127.0.0.1", gateway.proxy_port), timeout=60) as connection:
        opened = _exchange(
            connection, "CONNECT", f"{GOVERNED}:443", [("proxy-authorization", f"Bearer {token}")], None
        )
        assert opened.status == 200, opened
        with context.wrap_socket(connection, server_hostname=GOVERNED) as tunnel:
            yield tunnel


def exchange(connection: socket.socket, path: str, fields: Fields, body: bytes) -> Answered:
    """Post a body with just these headers; whoever writes them says how long it is."""
    return _exchange(connection, "POST", path, fields, body)


def _exchange(
    connection: socket.socket, method: str, target: str, fields: Fields, body: bytes | None
) -> Answered:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1") + (body or b""))
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    read = b"" if body is None else response.read()
    return Answered(response.status, response.getheaders(), read)
