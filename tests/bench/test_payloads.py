"""Requests and answers are what the real client and the provider send, of a length known beforehand."""

from __future__ import annotations

import json

import pytest

from ccgate.accounting.usage import Meter
from ccgate.streaming.sse import Framer
from tests.bench import payloads
from tests.bench.cases import LARGE
from tests.bench.cases import MIDDLE
from tests.bench.cases import SMALL

SESSION = "0b1c2d3e-0000-4000-8000-000000000000"


def body_of(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE])
def test_a_request_has_just_the_size_that_its_case_names(size: int) -> None:
    """Else the table would name a size that nobody sent, or an upstream would wait for the rest."""
    raw = payloads.request(size, SESSION, "ccg_x", payloads.SHORT).numbered(7)
    assert len(body_of(raw)) == size
    assert f"content-length: {size}\r\n".encode() in raw


def test_a_request_is_what_claude_code_sends() -> None:
    """A gateway reads model and session, and will read prompts: there has to be something to read."""
    raw = payloads.request(MIDDLE, SESSION, "ccg_x", payloads.SHORT).numbered(7)
    body = json.loads(body_of(raw))
    assert raw.startswith(b"POST /v1/messages?beta=true HTTP/1.1\r\n")
    assert body["model"] == payloads.MODEL
    assert body["stream"] is True
    assert body["system"][0]["text"].startswith("x-anthropic-billing-header:")
    assert len(body["tools"]) > 10
    assert json.loads(body["metadata"]["user_id"])["session_id"] == SESSION
    assert {block["type"] for message in body["messages"] for block in message["content"]} == {
        "text",
        "tool_use",
        "tool_result",
    }
    assert f"x-claude-code-session-id: {SESSION}\r\n".encode() in raw


def test_two_requests_differ_in_the_prompt_alone() -> None:
    """Else a cache could answer the second one, or the two would not cost the same."""
    request = payloads.request(MIDDLE, SESSION, "ccg_x", payloads.SHORT)
    one, other = request.numbered(1), request.numbered(2)
    assert len(one) == len(other)
    assert [(a, b) for a, b in zip(one, other, strict=True) if a != b] == [(ord("1"), ord("2"))]


def test_nothing_smaller_than_a_real_request_is_sent() -> None:
    """A case of ten bytes would measure what no client does."""
    with pytest.raises(ValueError, match="at least"):
        payloads.request(10, SESSION, "ccg_x", payloads.SHORT)


@pytest.mark.parametrize("number", [0, 1, 9_000, 123_456_789])
def test_the_gateway_meters_a_short_answer(number: int) -> None:
    """Else it would be spared the work that it does for real answers, and look faster than it is."""
    meter, framer = Meter(), Framer()
    body = b"".join(payloads.short_answer(number))
    for event in framer.feed(body):
        meter.event(event.name, event.data)
    metered = meter.result()
    assert metered is not None
    assert metered.complete
    assert metered.model_served == payloads.MODEL
    assert metered.tokens.cache_read == 10_000 + number % 90_000
    assert len(body) == payloads.length(payloads.SHORT, 0)


def test_usage_differs_from_one_answer_to_the_next() -> None:
    """Else a price could be worked out once for all of them."""
    assert payloads.opening(1) != payloads.opening(2)
    assert payloads.ending(1) != payloads.ending(2)


@pytest.mark.parametrize("size", [0, 1, payloads.BULK_EVENT, payloads.BULK_EVENT + 1, 1_000_000])
def test_the_pieces_of_a_bulk_answer_add_up(size: int) -> None:
    """The generator checks the length of what arrives against the one that is computed here."""
    pieces = list(payloads.bulk_pieces(size))
    assert sum(map(len, pieces)) == size
    whole = payloads.opening(1) + b"".join(map(payloads.delta, pieces)) + payloads.ending(1)
    assert len(whole) == payloads.length(payloads.BULK, size)


def test_a_stamp_is_found_again() -> None:
    """It is how the lag of an event is known."""
    found = payloads.STAMP.search(payloads.stamped(1_234_567))
    assert found is not None
    assert int(found[1]) == 1_234_567
