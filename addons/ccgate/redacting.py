"""The privacy room's work on a flow: its request leaves with placeholders, its answer comes back restored.

What is stored of a flow or shown of it holds placeholders alone: the original is taken off the request
before anything else is done, and the copy of an answer is what upstream wrote.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from mitmproxy import http

from ccgate import flowkeys
from ccgate.errors import Refusal
from ccgate.flowstate import FlowState
from ccgate.privacy.device import Pseudonym
from ccgate.privacy.reports import with_pseudonyms
from ccgate.privacy.room import PrivacyRoom
from ccgate.privacy.work import Redaction
from ccgate.streaming.encoding import UnreadableError
from ccgate.streaming.instead import Instead
from ccgate.streaming.rewrite import Rewrite

AT_ONCE = 64 * 1024
"""Bytes of a request never seen before that are read at once; more of them are read beside the event loop,
which must not be held for long even by what is made to be slow."""

UNKNOWN_BODY = (
    "the gateway does not know what requests to this path hold, so it cannot redact them and lets none pass"
)
UNREADABLE_ANSWER = "the upstream's answer is compressed in a way that the gateway cannot read"

BESIDE = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ccgate-privacy")
"""Where much is read, beside the event loop."""


async def redact(flow: http.HTTPFlow, state: FlowState, room: PrivacyRoom, *, shown: bool) -> None:
    """Redact the conversation that a request carries.

    Raises:
        Refusal: 400, it cannot be read; 451, it holds what is to be blocked.
    """
    body = take(flow)
    work = room.redactor.begin(body, state.form, _conversation(state))
    redaction = await _run(work.unread, work.finish)
    flow.request.data.content = redaction.body
    if redaction.vault:
        state.restorer = room.restorer(redaction.vault, state.form)
    flow.metadata[flowkeys.OUTCOME] = "passed" if redaction.body == body else "changed"
    if shown and (counts := _counts(redaction)):
        flow.metadata[flowkeys.REDACTED] = listed(counts)


async def redact_report(flow: http.HTTPFlow, pseudonym: Pseudonym) -> None:
    """Put devices' pseudonyms into what a client reports about itself.

    Raises:
        Refusal: 400, it cannot be read.
    """
    body = take(flow)
    redacted = await _run(len(body), lambda: with_pseudonyms(body, pseudonym))
    flow.request.data.content = redacted
    flow.metadata[flowkeys.OUTCOME] = "passed" if redacted == body else "changed"


async def _run[T](size: int, read: Callable[[], T]) -> T:
    """Read so many bytes: a few at once, more beside the event loop."""
    if size <= AT_ONCE:
        return read()
    return await asyncio.get_running_loop().run_in_executor(BESIDE, read)


def take(flow: http.HTTPFlow) -> bytes:
    """A request's body, which the flow does not hold any more."""
    body = flow.request.data.content or b""
    flow.request.data.content = b""
    return body


def restoring(
    flow: http.HTTPFlow, state: FlowState, answer: Mapping[str, str], *, shown: bool
) -> Rewrite | Instead:
    """The stream callable that restores an answer, whose headers are made to fit what it gives."""
    response = flow.response
    if response is None or state.restorer is None:
        raise ValueError("there is no answer to restore")
    response.headers.pop("content-length", None)
    response.headers.pop("content-encoding", None)
    if flow.client_conn.alpn != b"h2":
        # What is restored has another length, which is not known before its end.
        response.headers["transfer-encoding"] = "chunked"
    content_type, content_encoding = answer.get("content-type", ""), answer.get("content-encoding", "")
    try:
        return Rewrite(state.metering, state.restorer, content_type, content_encoding, keep=shown)
    except UnreadableError:
        refusal = Refusal(502, UNREADABLE_ANSWER)
        response.status_code = refusal.status
        for name, value in refusal.headers().items():
            response.headers[name] = value
        return Instead(refusal.body(state.request_id))


def unrestored(state: FlowState) -> str | None:
    """Why an answer reached its client with placeholders from some place on, if it did."""
    return state.tap.unrestored if isinstance(state.tap, Rewrite) else None


def mark(flow: http.HTTPFlow, state: FlowState) -> None:
    """Say on a flow that is shown what was put back in its answer, and what was asked for in vain."""
    if state.restorer is None:
        return
    restored = state.restorer.restored
    if restored.by_category:
        flow.metadata[flowkeys.RESTORED] = listed(restored.by_category)
    if restored.withheld:
        flow.metadata[flowkeys.WITHHELD] = listed(restored.withheld)
        flow.marked = flow.marked or ":warning:"


def listed[K: str](counts: Mapping[K, int]) -> str:
    """Counts as a text, the names in order: `email 1, home 12`."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _conversation(state: FlowState) -> bytes:
    """What all turns of a conversation have in their headers: the session, and the agent within it."""
    session = state.headers.get("x-claude-code-session-id", "")
    return f"{session} {state.headers.get('x-claude-code-agent-id', '')}".encode() if session else b""


def _counts(redaction: Redaction) -> Counter[str]:
    counts: Counter[str] = Counter()
    for finding in redaction.findings:
        counts[finding.category] += finding.count
    if redaction.device == "pseudonym":
        counts["device"] += 1
    return counts
