"""The notes on an answer: what mitmweb shows and what the ledger is told."""

import pytest

from ccgate.streaming.reading import is_event_stream
from ccgate.streaming.reading import is_json


@pytest.mark.parametrize(
    ("content_type", "events", "document"),
    [
        ("text/event-stream", True, False),
        ("Text/Event-Stream ; charset=utf-8", True, False),
        ("application/json", False, True),
        ("application/json;charset=utf-8", False, True),
        ("application/problem+json", False, True),
        ("text/html", False, False),
        ("application/jsonl", False, False),
        ("", False, False),
    ],
)
def test_what_an_answer_is(content_type: str, events: bool, document: bool) -> None:
    """Parameters, letter case and vendors' types do not hide a stream or a document."""
    assert is_event_stream(content_type) is events
    assert is_json(content_type) is document
