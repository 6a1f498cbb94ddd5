"""May it? What a client that was let in may ask for, by the path, the headers and the model."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Literal

from ccgate.admission.endpoints import Endpoint
from ccgate.admission.endpoints import classify
from ccgate.errors import Refusal

UNKNOWN = (
    "this path of the API is not known to the gateway, and the profile denies what it does not know; "
    "the operator can set admission.endpoints.unknown: allow"
)
SUSPICIOUS = "this path is written in an unusual way, which could lead past the gateway's rules"
UNMETERED = "the gateway cannot meter this kind of request yet, so it does not let it pass; use /v1/messages"
UNRESTORABLE = (
    "the gateway redacts conversations, and could not restore the answers to this kind of request, "
    "so it does not let it pass; use /v1/messages"
)
UPGRADE = "the gateway governs plain HTTP requests alone; it passes no WebSocket and no other protocol"
COMPRESSED = "the gateway reads no compressed request bodies; send this one without content-encoding"


def check_endpoint(
    method: str,
    path: str,
    headers: Mapping[str, str],
    *,
    unknown: Literal["deny", "allow"],
    redacts: bool = False,
) -> Endpoint:
    """The endpoint that a request is for. `headers` looks names up in any case.

    Raises:
        Refusal: 403, 415 or (where the gateway `redacts`) 451; it may not be asked for, or not in this way.
    """
    endpoint = classify(method, path)
    if endpoint.suspicious:
        raise Refusal(403, SUSPICIOUS)
    if endpoint.kind == "unmetered":
        raise Refusal(451, UNRESTORABLE) if redacts else Refusal(403, UNMETERED)
    if not endpoint.known and unknown == "deny":
        raise Refusal(403, UNKNOWN)
    if "upgrade" in headers:
        raise Refusal(403, UPGRADE)
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refusal(415, COMPRESSED)
    return endpoint


def check_model(model: str, allowed: Sequence[str]) -> None:
    """Refuse a model that no glob allows; no globs allow all.

    Raises:
        Refusal: 403.
    """
    if allowed and not any(fnmatch.fnmatchcase(model, glob) for glob in allowed):
        raise Refusal(403, f"model {model} is not allowed here; the operator can add it to admission.models")
