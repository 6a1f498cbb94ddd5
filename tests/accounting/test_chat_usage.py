"""What a chat completion costs is read from what it says, and never taken for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.accounting.chat_usage import ChatMeter
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens

USAGE = {"prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42}
MODEL = "claude-sonnet-4-5"


def data(**fields: Any) -> bytes:
    return json.dumps({"object": "chat.completion.chunk", "model": MODEL, **fields}).encode()


def test_a_whole_answer() -> None:
    meter = ChatMeter()
    meter.message(data(usage=USAGE, choices=[{"finish_reason": "stop", "message": {"content": "x"}}]))
    assert meter.result() == Metered(
        model_served=MODEL, tokens=Tokens(input=12, output=30), stop_reason="stop", complete=True
    )
    assert meter.error is None


def test_a_stream_tells_its_usage_at_the_end() -> None:
    """Until then the entry must say that it is not known, or a stream that breaks off looks free."""
    meter = ChatMeter()
    assert meter.result() is None
    meter.event(b"", data(choices=[{"delta": {"content": "x"}}]))
    assert meter.result() == Metered(model_served=MODEL, damaged=True)
    meter.event(b"", data(choices=[{"delta": {}, "finish_reason": "length"}]))
    meter.event(b"", data(choices=[], usage=USAGE))
    meter.event(b"", b"[DONE]")
    assert meter.result() == Metered(
        model_served=MODEL, tokens=Tokens(input=12, output=30), stop_reason="length", complete=True
    )


@pytest.mark.parametrize(
    "usage", [[], {}, {"prompt_tokens": -1, "completion_tokens": 1}, {**USAGE, "prompt_tokens": True}, "12"]
)
def test_a_usage_that_cannot_be_read_is_damage(usage: object) -> None:
    """It is then told as unknown, and not as 0."""
    meter = ChatMeter()
    meter.message(data(usage=usage))
    result = meter.result()
    assert result is not None
    assert result.damaged


@pytest.mark.parametrize(
    ("error", "told"), [({"type": "rate_limit_error"}, "rate_limit_error"), ("no", "error")]
)
def test_an_error_is_no_answer(error: object, told: str) -> None:
    meter = ChatMeter()
    meter.message(json.dumps({"error": error}).encode())
    assert (meter.error, meter.result()) == (told, None)


@given(st.lists(st.binary() | st.just(b"[DONE]") | st.from_regex(rb'\{"(usage|choices|error)":.*\}')))
def test_nothing_that_arrives_makes_it_raise(events: list[bytes]) -> None:
    """It sits beside a client's answer."""
    meter = ChatMeter()
    for event in events:
        meter.event(b"", event)
    meter.message(b"".join(events))
    meter.result()
