"""What is asked of a governed host: the table of paths that Claude Code and the SDKs are known to use.

Kinds:
* inference: costs money and carries the conversation; metered
* count_tokens: carries the conversation and costs nothing
* models: which models there are
* account: login, profile, usage and what else belongs to a person's account
* settings: the policy and settings that an organisation gives its clients
* flags: feature flags, asked for with the ids of device and session
* telemetry: what the client reports about itself
* registry: public lists and checks, such as MCP servers and the domain check of WebFetch
* probe: whether the host is there
* own: a page of the gateway's own, which never goes upstream
* unmetered: carries content, or has models work, in a form that ccgate can neither meter nor redact
* unknown: everything else

A path counts only in its canonical form. What would become a path of the table after decoding, folding
of case or tidying is unknown *and* suspicious: an upstream that is more lenient than ccgate must not be
shown a request that ccgate took for something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "inference",
    "count_tokens",
    "models",
    "account",
    "settings",
    "flags",
    "telemetry",
    "registry",
    "probe",
    "own",
    "unmetered",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a request asks for. A `suspicious` one is refused even where unknown paths are allowed."""

    kind: Kind
    known: bool
    suspicious: bool = False


PATHS: Mapping[str, tuple[str, Kind]] = {
    "/": ("HEAD GET", "probe"),
    "/api/hello": ("HEAD GET", "probe"),
    "/v1/oauth/hello": ("HEAD GET", "probe"),
    "/v1/messages": ("POST", "inference"),
    "/v1/messages/count_tokens": ("POST", "count_tokens"),
    "/v1/chat/completions": ("POST", "inference"),
    "/v1/models": ("GET", "models"),
    "/v1/oauth/token": ("POST", "account"),
    "/v1/me": ("GET", "account"),
    "/v1/mcp_servers": ("GET", "account"),
    "/api/oauth/profile": ("GET", "account"),
    "/api/oauth/usage": ("GET", "account"),
    "/api/oauth/validate": ("POST", "account"),
    "/api/oauth/claude_cli/create_api_key": ("POST", "account"),
    "/api/oauth/claude_cli/roles": ("GET", "account"),
    "/api/oauth/account/settings": ("GET PATCH POST", "account"),
    "/api/oauth/account/grove_notice_viewed": ("POST", "account"),
    "/api/claude_cli_profile": ("GET", "account"),
    "/api/claude_code_grove": ("GET", "account"),
    "/api/organization/claude_code_first_token_date": ("GET", "account"),
    "/api/claude_cli/bootstrap": ("GET", "settings"),
    "/api/claude_code/policy_limits": ("GET", "settings"),
    "/api/claude_code/settings": ("GET", "settings"),
    "/api/claude_code/organizations/metrics_enabled": ("GET", "settings"),
    "/api/claude_code_penguin_mode": ("GET", "settings"),
    "/api/claude_code/metrics": ("POST", "telemetry"),
    "/api/web/domain_info": ("GET", "registry"),
    "/mcp-registry/v0/servers": ("GET", "registry"),
    "/v1/complete": ("*", "unmetered"),
    "/api/claude_cli_feedback": ("*", "unmetered"),
    "/api/claude_code_shared_session_transcripts": ("*", "unmetered"),
    "/api/oauth/file_upload": ("*", "unmetered"),
}
"""Whole paths: the methods, `*` for all, and the kind."""

TREES: Mapping[str, tuple[str, Kind]] = {
    "/v1/messages": ("*", "unmetered"),
    "/v1/models": ("GET", "models"),
    "/api/oauth/organizations": ("GET", "account"),
    "/api/eval": ("POST", "flags"),
    "/api/eval-authed": ("POST", "flags"),
    "/api/features": ("GET", "flags"),
    "/api/event_logging": ("POST", "telemetry"),
    "/api/directory": ("GET", "registry"),
    "/v1/files": ("*", "unmetered"),
    "/v1/chat": ("*", "unmetered"),
    "/v1/agents": ("*", "unmetered"),
    "/v1/sessions": ("*", "unmetered"),
    "/v1/session_ingress": ("*", "unmetered"),
    "/v1/code": ("*", "unmetered"),
    "/v1/environments": ("*", "unmetered"),
    "/v1/memory_stores": ("*", "unmetered"),
    "/v1/skills": ("*", "unmetered"),
    "/v2/ccr-sessions": ("*", "unmetered"),
    "/api/oauth/files": ("*", "unmetered"),
    "/api/frame": ("*", "unmetered"),
}
"""Paths with everything below them, where PATHS does not say otherwise."""

_CANONICAL = re.compile(r"/|(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~@:-]+)+")
_UNKNOWN = Endpoint("unknown", known=False)
_SUSPICIOUS = Endpoint("unknown", known=False, suspicious=True)


def classify(method: str, path: str) -> Endpoint:
    """What this method asks of this path. `path` is the request's target, with or without a query."""
    path = path.partition("?")[0]
    if _CANONICAL.fullmatch(path) is None:
        return _SUSPICIOUS
    found = _find(path)
    if found is None:
        return _UNKNOWN if _find(path.lower()) is None else _SUSPICIOUS
    methods, kind = found
    if methods == "*" or method in methods.split():
        return Endpoint(kind, known=True)
    # Another method of a path that takes conversations may carry one, and nobody would look at it.
    return _SUSPICIOUS if kind in ("inference", "count_tokens") else _UNKNOWN


def _find(path: str) -> tuple[str, Kind] | None:
    """The row for a path: its own, else that of the longest tree that it is in."""
    if path in PATHS:
        return PATHS[path]
    tree = path
    while tree:
        if tree in TREES:
            return TREES[tree]
        tree = tree.rpartition("/")[0]
    return None
