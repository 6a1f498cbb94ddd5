"""What the gateway answers itself, under `/_ccgate/`, to whoever has a client's token."""

from __future__ import annotations

import asyncio
import json

from mitmproxy import http

from ccgate import redacting
from ccgate.errors import Refusal
from ccgate.privacy.room import PrivacyRoom
from ccgate.proof import verify

PREFIX = "/_ccgate/"

VERIFY = f"{PREFIX}verify"

NOTHING_HERE = f"there is nothing here; POST a request's body to {VERIFY} to see what of it would be changed"
NO_REQUEST = "this is no request to a model, neither in the Messages format nor a chat completion"


def is_own(path: str) -> bool:
    """Whether a path is the gateway's own, and so never goes upstream."""
    return path.startswith(PREFIX)


async def answer(flow: http.HTTPFlow, room: PrivacyRoom | None) -> http.Response:
    """The answer to a request of our own; the flow does not hold its body any more.

    Raises:
        Refusal: 404, there is no such page; 400, the body is no request to a model.
    """
    body = redacting.take(flow)
    if flow.request.method != "POST" or flow.request.path.partition("?")[0] != VERIFY:
        raise Refusal(404, NOTHING_HERE)
    form = verify.form_of(body)
    if form is None:
        raise Refusal(400, NO_REQUEST)
    report = await asyncio.get_running_loop().run_in_executor(
        redacting.BESIDE, verify.report, body, form, room
    )
    # Values are masked, always: the answer may be stored with its flow.
    content = json.dumps(report.as_json(), indent=2).encode() + b"\n"
    return http.Response.make(200, content, {"content-type": "application/json"})
