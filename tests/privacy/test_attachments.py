"""What cannot be read is found wherever blocks may stand, and named without a word of its content."""

from __future__ import annotations

from typing import Any

import pytest

from ccgate.privacy.attachments import first
from ccgate.privacy.walk import Kind


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ({"type": "image", "source": {"type": "base64", "data": "x"}}, "image"),
        ({"type": "image", "source": {"type": "of_tomorrow"}}, "image"),
        ({"type": "document", "source": {"type": "base64", "data": "x"}}, "source of type base64"),
        ({"type": "document", "source": {"type": "url", "url": "x"}}, "source of type url"),
        ({"type": "document", "source": {"type": "file", "file_id": "x"}}, "source of type file"),
        ({"type": "document", "source": {"type": ["text"]}}, "document"),
        ({"type": "document", "source": {"type": "of_tomorrow"}}, "document"),
        ({"type": "document"}, "document"),
        ({"type": "of_tomorrow", "source": {"type": "file", "file_id": "x"}}, "source of type file"),
        ({"type": "container_upload", "file_id": "x"}, "container_upload"),
        ({"type": "image_url", "image_url": {"url": "x"}}, "image_url"),
        ({"image_url": "x"}, "image_url"),
        ({"type": "input_audio", "input_audio": {"data": "x"}}, "input_audio"),
        ({"type": "file", "file": {"file_id": "x"}}, "file"),
        ({"type": "of_tomorrow", "file_data": "x"}, "file_data"),
        ({"type": "base64", "data": "x"}, "base64"),
    ],
)
def test_each_kind(block: Any, kind: str) -> None:
    """A picture of a screen tells what no rule can find in it."""
    assert first("message", {"role": "user", "content": [{"type": "text", "text": "a"}, block]}) == (
        kind,
        ".content[1]",
    )
    assert first("system", block) == (kind, "")
    assert first("field", {"of_tomorrow": [[block]]}) == (kind, ".of_tomorrow[0][0]")


def test_within_results_and_documents() -> None:
    """A tool answers with a picture, and a document may be made of blocks."""
    image = {"type": "image", "source": {"type": "url", "url": "x"}}
    inner = {"type": "document", "source": {"type": "content", "content": [image]}}
    for block, place in (
        ({"type": "tool_result", "content": [image]}, ".content[0].content[0]"),
        (inner, ".content[0].source.content[0]"),
    ):
        assert first("message", {"content": [block]}) == ("image", place)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("message", "a"),
        ("message", {"content": "a"}),
        ("message", {"content": [{"type": "text", "text": "a", "citations": [{"file_id": "x"}]}]}),
        ("message", {"content": [{"type": ["text"], "text": "a"}]}),
        ("message", {"content": [{"type": "document", "source": {"type": "text", "data": "a"}}]}),
        ("message", {"content": [{"type": "document", "source": {"type": "content", "content": "a"}}]}),
        ("message", {"content": [{"type": "search_result", "source": "a"}]}),
        ("message", {"content": [{"type": "thinking", "thinking": "a"}]}),
        ("message", {"content": [{"type": "tool_use", "input": {"type": "image", "file_data": "a"}}]}),
        ("tools", [{"type": "custom", "input_schema": {"properties": {"image_url": {}}}}]),
        ("free", {"image_url": "a"}),
    ],
)
def test_what_can_be_read_is_none(kind: Kind, value: Any) -> None:
    """A policy against pictures must not stop a conversation about them."""
    assert first(kind, value) is None


def test_a_key_of_the_clients_own_does_not_show() -> None:
    """The path stands in an error, which is logged."""
    attachment = first("field", {"alice@corp.example": {"type": "image"}})
    assert attachment is not None
    assert "alice" not in attachment.path
