"""A scripted model that knew more than its request would hide what a gateway does to that request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standin.problems import Invalid
from tests.standin.script import Reply
from tests.standin.script import Text
from tests.standin.script import Thinking
from tests.standin.script import ToolUse
from tests.standin.seen import last_seen
from tests.standin.seen import with_seen


def body(*contents: Any) -> dict[str, Any]:
    system = [{"type": "text", "text": "Directory: /home/a/shop"}]
    return {"system": system, "messages": [{"role": "user", "content": content} for content in contents]}


def test_every_place_of_an_answer_is_filled() -> None:
    """Texts, thinking, and inputs however deep. What has no name stays, as does a pattern's sign."""
    reply = Reply(
        blocks=(
            Text("in «where»"),
            Thinking("«where»?"),
            ToolUse("Write", {"edits": [{"to": "«where»/x", "n": 1}], "«where»": r"\1"}),
        ),
        seen={"where": r"Directory: (\S+)"},
    )
    assert with_seen(reply, body("go")).blocks == (
        Text("in /home/a/shop"),
        Thinking("/home/a/shop?"),
        ToolUse("Write", {"edits": [{"to": "/home/a/shop/x", "n": 1}], "«where»": r"\1"}),
    )


def test_the_last_one_counts() -> None:
    """A model goes by what it read last, wherever in a result that was."""
    result = {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": [{"type": "text", "text": "k=2 k=3"}],
    }
    assert last_seen(r"k=(\d)", body("k=1", [result])) == "3"
    assert last_seen(r"k=\d", body("k=1", "no")) == "k=1"


def test_what_was_not_read_cannot_be_said() -> None:
    """The script's mistake, or the gateway's, ends in an error instead of an invented value."""
    with pytest.raises(Invalid, match="nothing in the request is like"):
        with_seen(Reply(blocks=(Text("«key»"),), seen={"key": "KEY=(.+)"}), body("go"))


def test_a_reply_without_names_is_left_alone() -> None:
    reply = Reply(blocks=(Text("«x»"),))
    assert with_seen(reply, body("go")) is reply
