"""Conversations hold what is to be redacted, and as much that is new as their kind says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ccgate.privacy.cache import SpanCache
from ccgate.privacy.layout import lay_out
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.redact import Redactor
from ccgate.privacy.work import Policy
from tests.bench import conversation
from tests.bench import payloads
from tests.bench import quoting
from tests.bench.cases import LARGE
from tests.bench.cases import MIDDLE
from tests.bench.detection.detectors import detector

SESSION = "0b1c2d3e-0000-4000-8000-000000000000"


def bodies(kind: str, size: int, *numbers: int) -> list[bytes]:
    (request,) = conversation.requests(kind, size, SESSION, "ccg_x", "short originals")
    return [request.numbered(number).partition(b"\r\n\r\n")[2] for number in numbers]


def parts(body: bytes) -> dict[str, bytes]:
    """What the gateway reads as one and remembers as one, by its path."""
    return {part.path: body[part.start : part.end] for part in lay_out(body, "messages").parts}


@pytest.mark.parametrize("size", [MIDDLE, LARGE])
@pytest.mark.parametrize("kind", [conversation.KNOWN, conversation.NEW])
def test_a_conversation_has_just_the_size_that_its_case_names(kind: str, size: int) -> None:
    """Else the table would name a size that nobody sent."""
    (body,) = bodies(kind, size, 7)
    assert len(body) == size
    (request,) = conversation.requests(kind, size, SESSION, "ccg_x", "short")
    assert f"content-length: {size}\r\n".encode() in request.numbered(7)


def test_a_conversation_is_what_claude_code_sends() -> None:
    """Some thirty messages in 60 KB: calls, thinking and results, with a home path in most of these."""
    body: dict[str, Any] = json.loads(bodies(conversation.KNOWN, MIDDLE, 7)[0])
    assert 24 <= len(body["messages"]) <= 36
    assert [message["role"] for message in body["messages"]] == ["user", "assistant"] * (
        len(body["messages"]) // 2
    ) + ["user"]
    blocks = [block for message in body["messages"] for block in message["content"]]
    assert {block["type"] for block in blocks} == {"text", "thinking", "tool_use", "tool_result"}
    assert len(body["tools"]) > 10
    calls = [block for block in blocks if block["type"] in ("tool_use", "tool_result")]
    private = [block for block in calls if conversation.PATH in json.dumps(block)]
    assert len(private) > len(calls) / 2
    assert len(body["system"][1]["text"]) < 10_000


def test_of_a_known_conversation_the_last_two_messages_are_new() -> None:
    """With less that is new it would be no next turn; with more, it would not be known."""
    one, other = map(parts, bodies(conversation.KNOWN, MIDDLE, 1, 2))
    last = max(int(path[9:-1]) for path in one if path.startswith("messages["))
    changed = {path for path in one if one[path] != other[path]}
    assert changed == {f"messages[{last - 1}]", f"messages[{last}]"}


def test_of_a_new_conversation_everything_is_new() -> None:
    """A part that a cache knows would not be read, and the whole would look cheaper than it is."""
    one, other = map(parts, bodies(conversation.NEW, LARGE, 1, 2))
    same = {path for path in one if one[path] == other[path]}
    # The attribution of the client's version, and settings of a few bytes.
    assert all(path == "system[0]" or len(one[path]) < 100 for path in same), same
    assert not any(path.startswith("messages") for path in same)


def test_a_hostile_client_sends_each_hostile_text_and_huge_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the event loop has to bear, all of it new each time."""
    texts = {str(number): f"<{number}>" * 9 for number in range(8)}
    monkeypatch.setattr("tests.bench.detection.hostile.hostile", lambda: texts)
    requests = conversation.requests(conversation.HOSTILE, MIDDLE, SESSION, "", "short")
    sent = [[each.numbered(number).partition(b"\r\n\r\n")[2] for number in (1, 2)] for each in requests]
    for text in texts.values():
        assert sum(text.encode() in one for one, _ in sent) == 1
    assert [len(one) == conversation.HUGE for one, _ in sent] == [False] * 6 + [True] + [False] * 2 + [True]
    for one, other in (map(parts, pair) for pair in sent):
        assert not [path for path, part in one.items() if len(part) > 500 and other[path] == part]


@pytest.mark.parametrize("kind", [conversation.KNOWN, conversation.NEW])
def test_the_gateway_can_redact_all_of_it(kind: str) -> None:
    """Upstream refuses what holds an original: each of them has to be one that is found everywhere."""
    (body,) = bodies(kind, MIDDLE, 7)
    assert quoting.heard(body, payloads.ORIGINALS, 1) == quoting.ORIGINAL
    redactor = Redactor(detector(), Minter(bytes(32)), Policy(b"1"), SpanCache())
    redacted = redactor.redact(body, "messages").body
    said = quoting.heard(redacted, payloads.PLACEHOLDERS, 1)
    assert said.path.startswith(b"/home/redacteduser")
    assert redacted.count(b"REDACTED_") >= 2


def test_there_is_no_other_kind_and_nothing_smaller() -> None:
    """A misspelt kind is no conversation, and a case of ten bytes would measure what no client does."""
    with pytest.raises(ValueError, match="no conversation 'knwon'"):
        conversation.requests("knwon", MIDDLE, SESSION, "", "short")
    with pytest.raises(ValueError, match="at least"):
        conversation.requests(conversation.KNOWN, 10_000, SESSION, "", "short")
