"""The `anthropic` SDK, set up for a client of a gateway as its documentation says."""

from __future__ import annotations

import ssl
from typing import Any

import anthropic

from tests.e2e.conftest import OWN_KEY
from tests.e2e.conftest import Admitted

MODEL = "claude-sonnet-5-5"


def blocking(client: Admitted, **options: Any) -> anthropic.Anthropic:
    """The SDK's blocking client."""
    settings = _settings(client) | options
    if client.way == "proxy":
        settings["http_client"] = anthropic.DefaultHttpxClient(**_through_proxy(client))
    return anthropic.Anthropic(**settings)


def awaiting(client: Admitted) -> anthropic.AsyncAnthropic:
    """The SDK's client for asyncio."""
    settings = _settings(client)
    if client.way == "proxy":
        settings["http_client"] = anthropic.DefaultAsyncHttpxClient(**_through_proxy(client))
    return anthropic.AsyncAnthropic(**settings)


def trusting(client: Admitted) -> ssl.SSLContext:
    """A TLS context that trusts the gateway's authority alone."""
    return ssl.create_default_context(cafile=str(client.gateway.ca))


def question(scenario: str) -> dict[str, Any]:
    """The arguments of a request for a scenario."""
    content = f"Please do this: standin:{scenario}"
    return {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": content}]}


def _settings(client: Admitted) -> dict[str, Any]:
    settings: dict[str, Any] = {"max_retries": 0, "timeout": 30}
    if client.holder == "own":
        settings["api_key"] = OWN_KEY
    else:
        settings["auth_token"] = client.token
    if client.way == "api":
        settings["base_url"] = client.gateway.url
        if client.holder == "own":
            settings["default_headers"] = {"Proxy-Authorization": f"Bearer {client.token}"}
    return settings


def _through_proxy(client: Admitted) -> dict[str, Any]:
    return {
        "proxy": client.gateway.proxy_url(client.name, client.token),
        "verify": trusting(client),
        "trust_env": False,
    }
