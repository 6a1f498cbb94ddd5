"""Plain HTTP through a gateway, for tests that look at bytes and headers instead of at a client's view."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable
from typing import Any

import httpx

from tests.e2e.conftest import Admitted
from tests.e2e.sdk import question

PER_REQUEST = ("date", "request-id")
"""Headers whose values differ from one answer to the next."""


class _PreferringHttp2(ssl.SSLContext):
    """httpx lists HTTP/1.1 first, and a server takes what is first."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(sorted(alpn_protocols, reverse=True, key="h2".__eq__))


def speaker(client: Admitted, *, http2: bool = False) -> httpx.Client:
    """An HTTP client that comes in the client's way."""
    headers = {"anthropic-version": "2023-06-01"}
    if client.holder == "own":
        headers["x-api-key"] = client.credential
    if client.way == "api":
        headers["proxy-authorization"] = f"Bearer {client.token}"
        return httpx.Client(base_url=client.gateway.url, headers=headers, timeout=30, trust_env=False)
    context = _PreferringHttp2(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(client.gateway.ca))
    return httpx.Client(
        base_url="https://api.anthropic.com",
        headers=headers,
        proxy=client.gateway.proxy_url(client.name, client.token),
        verify=context,
        http2=http2,
        timeout=30,
        trust_env=False,
    )


def direct(url: str, key: str) -> httpx.Client:
    """An HTTP client that talks to the upstream itself."""
    headers = {"anthropic-version": "2023-06-01", "x-api-key": key}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def body(scenario: str, *, stream: bool = True) -> dict[str, Any]:
    """A request for a scenario."""
    return question(scenario) | {"stream": stream}


def comparable(response: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, without what differs for each answer and what belongs to the connection."""
    hop = ("transfer-encoding", "connection", "keep-alive")
    kept = {
        name: value for name, value in response.headers.items() if name not in PER_REQUEST and name not in hop
    }
    return response.status_code, kept, without_ids(response.content)


def without_ids(content: bytes) -> bytes:
    """A body without the ids that the upstream makes anew for each answer."""
    try:
        answer = json.loads(content)
    except ValueError:
        lines = [line for line in content.split(b"\n") if b'"message_start"' not in line]
        return b"\n".join(lines)
    answer.pop("request_id", None)
    answer.pop("id", None)
    return json.dumps(answer).encode()
