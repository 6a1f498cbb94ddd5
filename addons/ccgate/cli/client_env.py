"""What a client's machine has to set so that Claude Code goes through the gateway, in either way.

Pure: from a client's name and token and the gateway's place to variables, and from these to text. There are
two ways, of which a machine takes one:

* `proxy`: Claude Code talks to the provider as ever, through a forward proxy that it is told to trust
* `api`: Claude Code talks to the gateway instead of to the provider
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Way = Literal["proxy", "api"]

TITLES: Mapping[Way, str] = {
    "proxy": "through the forward proxy (HTTPS_PROXY)",
    "api": "through the API endpoint (ANTHROPIC_BASE_URL)",
}

PLACEHOLDER = "<TOKEN>"
"""Stands where the token belongs when it is not known: the gateway keeps only its hash."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway as its clients see it. `host` is a name or an address without brackets.

    `own_login` says that a client's own credential passes through to the provider, instead of one that
    the gateway holds.
    """

    host: str
    proxy_port: int
    api_port: int
    ca_certificate: Path
    own_login: bool


def variables(way: Way, name: str, token: str, gateway: Gateway) -> dict[str, str]:
    """The environment variables for one way, by name.

    Where the gateway holds the credential, the token stands where Claude Code's own would, else Claude
    Code asks for a login. Where a person's own login passes through, it stands beside it.
    """
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    if way == "proxy":
        settings = {
            "HTTPS_PROXY": f"http://{name}:{token}@{host}:{gateway.proxy_port}",
            "NODE_EXTRA_CA_CERTS": str(gateway.ca_certificate),
        }
    else:
        settings = {"ANTHROPIC_BASE_URL": f"http://{host}:{gateway.api_port}"}
    if not gateway.own_login:
        settings["ANTHROPIC_AUTH_TOKEN"] = token
    elif way == "api":
        settings["ANTHROPIC_CUSTOM_HEADERS"] = f"Proxy-Authorization: Bearer {token}"
    return settings


def as_json(ways: Mapping[Way, Mapping[str, str]]) -> str:
    """For each way, what goes into Claude Code's settings.json."""
    return json.dumps({way: {"env": settings} for way, settings in ways.items()}, indent=2)


def as_shell(ways: Mapping[Way, Mapping[str, str]]) -> str:
    """Lines for a POSIX shell, with the settings.json of each way in comments.

    Only the first way is live, the other one stands in comments: a shell that takes both would send what
    is meant for the endpoint through the proxy.
    """
    blocks = []
    for position, (way, settings) in enumerate(ways.items()):
        exports = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
        title = f"# {TITLES[way]}"
        if position:
            title = f"# Or, instead, {TITLES[way]}:"
            exports = [f"# {line}" for export in exports for line in export.splitlines()]
        block = json.dumps({"env": settings}, indent=2).splitlines()
        blocks.append([title, *exports, "# The same in settings.json:", *(f"#   {line}" for line in block)])
    return "\n\n".join("\n".join(lines) for lines in blocks)
