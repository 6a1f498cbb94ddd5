"""The stand-in upstream: answers like the provider's API, as strict, and keeps what it was asked.

`StandIn.application()` is an aiohttp application; `tests.standin.running` runs it in a thread,
`python -m tests.standin` as a process. Beside the API it has a control surface below `/_standin/`:

GET    /_standin/requests     every request as it arrived
GET    /_standin/violations   what must never have arrived (a gateway's token, a header for a proxy)
POST   /_standin/script       add scenarios
DELETE /_standin/requests     forget all requests and violations
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Collection
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.standin.cache import PromptCache
from tests.standin.cache import prompt_tokens
from tests.standin.checks import check_body
from tests.standin.checks import check_content_type
from tests.standin.checks import check_headers
from tests.standin.checks import credential_of
from tests.standin.conversation import Conversations
from tests.standin.delivery import json_bytes
from tests.standin.delivery import send_body
from tests.standin.delivery import send_events
from tests.standin.message import compose
from tests.standin.problems import Forbidden
from tests.standin.problems import Invalid
from tests.standin.problems import NotFound
from tests.standin.problems import Problem
from tests.standin.problems import TooLarge
from tests.standin.record import Record
from tests.standin.record import Recorded
from tests.standin.script import Delivery
from tests.standin.script import Error
from tests.standin.script import Script
from tests.standin.script import script_from_json
from tests.standin.sides import side_answer
from tests.standin.sse import error_event
from tests.standin.sse import message_events
from tests.standin.thinking import Signer

LIMIT = 32 * 1024 * 1024
"""Bytes of a request body that the real service takes."""

MODELS = (
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-opus-4-8",
    "claude-haiku-4-5",
)


class StandIn:
    """One upstream with its script, its prompt cache and its record.

    `accepted` are the credentials that it knows; with none, any will do. `recording` off keeps a
    long load run from filling the memory.
    """

    def __init__(
        self, script: Script | None = None, accepted: Collection[str] = (), *, recording: bool = True
    ) -> None:
        self.conversations = Conversations(dict(script or {}))
        self.accepted = frozenset(accepted)
        self.record = Record()
        self._recording = recording
        self._cache = PromptCache()
        self._signer = Signer()
        self._numbers = itertools.count(1)

    def forget(self) -> None:
        """Begin anew: nothing recorded, nothing in the prompt cache."""
        self.record.clear()
        self._cache = PromptCache()

    def application(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(client_max_size=2 * LIMIT)
        application.router.add_get("/_standin/requests", self._requests)
        application.router.add_delete("/_standin/requests", self._clear)
        application.router.add_get("/_standin/violations", self._violations)
        application.router.add_post("/_standin/script", self._add_script)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        recorded = Recorded(request.method, request.path_qs, list(request.headers.items()), b"")
        recorded.body = await request.read()
        violations = self.record.add(recorded) if self._recording else []
        number = next(self._numbers)
        headers = {
            "request-id": f"req_standin{number:08d}",
            "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
        }
        try:
            if violations:
                raise Forbidden(f"stand-in: {violations[0]}")
            return await self._route(request, recorded, headers)
        except Problem as problem:
            recorded.problem = str(problem)
            error = Error(problem.kind, recorded.problem)
            return await _send_error(request, recorded, problem.status, error, headers)
        except (asyncio.CancelledError, ConnectionError):
            recorded.close("client left")
            raise

    async def _route(
        self, request: web.Request, recorded: Recorded, headers: dict[str, str]
    ) -> web.StreamResponse:
        side = side_answer(request.method, request.path)
        if side is not None:
            status, answer = side
            return await send_body(request, recorded, json_bytes(answer), Delivery(), headers, status)
        credential = credential_of(request.headers, self.accepted)
        check_headers(request.headers)
        if request.path == "/v1/messages" and request.method == "POST":
            body = _checked_body(request, recorded.body)
            self._signer.check(body)
            return await self._converse(request, recorded, body, credential, headers)
        if request.path == "/v1/messages/count_tokens" and request.method == "POST":
            body = _checked_body(request, recorded.body, counting=True)
            self._signer.check(body)
            answer = {"input_tokens": prompt_tokens(body)}
        elif request.path == "/v1/models" and request.method == "GET":
            answer = {
                "data": [_model(name) for name in MODELS],
                "has_more": False,
                "first_id": MODELS[0],
                "last_id": MODELS[-1],
            }
        elif (found := re.fullmatch(r"/v1/models/([^/]+)", request.path)) and found[1] in MODELS:
            answer = _model(found[1])
        else:
            raise NotFound("Not Found")
        return await send_body(request, recorded, json_bytes(answer), Delivery(), headers)

    async def _converse(
        self,
        request: web.Request,
        recorded: Recorded,
        body: Mapping[str, Any],
        credential: str,
        headers: dict[str, str],
    ) -> web.StreamResponse:
        reply = self.conversations.next_reply(body)
        headers |= {
            "anthropic-ratelimit-requests-limit": "4000",
            "anthropic-ratelimit-requests-remaining": "3999",
        }
        headers |= {name.lower(): value for name, value in reply.headers.items()}
        if reply.body is not None:
            headers.setdefault("content-type", "text/html; charset=utf-8")
            return await send_body(
                request, recorded, reply.body.encode(), reply.delivery, headers, reply.status
            )
        if reply.status != 200:
            await asyncio.sleep(reply.delivery.first_byte_after)
            return await _send_error(request, recorded, reply.status, reply.error, headers)
        counted = self._cache.count(body, credential)
        recorded.blocks_read = counted.blocks_read
        message = compose(reply, body, counted, self._signer, next(self._numbers))
        if body.get("stream"):
            events = message_events(message.opening, message.content, message.closing, reply.delivery.piece)
            return await send_events(request, recorded, events, reply.delivery, headers)
        recorded.usage = message.closing["usage"]
        return await send_body(request, recorded, json_bytes(message.whole), reply.delivery, headers)

    async def _requests(self, _: web.Request) -> web.Response:
        return web.json_response([request.as_json() for request in self.record.requests])

    async def _violations(self, _: web.Request) -> web.Response:
        return web.json_response(self.record.violations)

    async def _clear(self, _: web.Request) -> web.Response:
        self.record.clear()
        return web.json_response({})

    async def _add_script(self, request: web.Request) -> web.Response:
        self.conversations.add(script_from_json(await request.read()))
        return web.json_response({})


def _checked_body(request: web.Request, data: bytes, *, counting: bool = False) -> dict[str, Any]:
    check_content_type(request.headers)
    if len(data) > LIMIT:
        raise TooLarge("Request exceeds the maximum size")
    try:
        body: dict[str, Any] = json.loads(data)
    except ValueError as e:
        raise Invalid(f"The request body is not valid JSON: {e}") from e
    check_body(body, request.headers, counting=counting)
    return body


def _model(name: str) -> dict[str, str]:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}


async def _send_error(
    request: web.Request,
    recorded: Recorded,
    status: int,
    error: Error,
    headers: Mapping[str, str],
) -> web.StreamResponse:
    envelope = error_event(error) | {"request_id": headers["request-id"]}
    return await send_body(request, recorded, json_bytes(envelope), Delivery(), headers, status)
