"""The layout cuts a request at the right bytes, in the order in which the provider reads it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings

from ccgate.errors import Refusal
from ccgate.privacy.layout import lay_out
from tests.privacy.requests import read
from tests.privacy.requests import requests
from tests.privacy.requests import styles
from tests.privacy.requests import write


def cut(raw: bytes) -> list[tuple[str, Any]]:
    return [(part.path, read(raw[part.start : part.end])) for part in lay_out(raw, "messages").parts]


@given(requests, styles)
@settings(deadline=None)
def test_each_part_is_what_stands_there(request: Any, style: random.Random | None) -> None:
    """A part that begins a byte too late is read as something else, or not at all."""
    raw = write(request, style).encode()
    whole = dict(read(raw))
    parts = cut(raw)
    for path, value in parts:
        name, _, index = path.rstrip("]").partition("[")
        assert value == (whole[name][int(index)] if index else whole[name])
    names = [path.partition("[")[0] for path, _ in parts]
    assert names.count("messages") == len(whole["messages"])
    assert [name for name in names if name in ("tools", "system", "messages")] == sorted(
        (name for name in names if name in ("tools", "system", "messages")),
        key=["tools", "system", "messages"].index,
    )
    assert all(name not in names for name in ("model", "metadata", "tool_choice"))


def test_other_fields_come_first() -> None:
    """They do not change while a conversation grows; what is known from them is known in every turn."""
    raw = b'{"tools":[1],"messages":[2],"stop_sequences":["x"],"system":["a","b"],"n":1,"new":{"x":1}}'
    assert [path for path, _ in cut(raw)] == [
        "stop_sequences", "new", "tools", "system[0]", "system[1]", "messages[0]",
    ]  # fmt: skip


def test_lone_surrogates_move_nothing() -> None:
    """The real client sends them, and the fast parser stops at them."""
    raw = b'{"messages":[{"a":"\\ud800"},{"b":"\\\\ud83d"} , {"c":"\\uDC00x"}],"system":["\\udfff"]}'
    assert [value for _, value in cut(raw)] == [
        "\udfff", [("a", "\ud800")], [("b", "\\ud83d")], [("c", "\udc00x")],
    ]  # fmt: skip


def test_metadata_is_content_in_one_format_alone() -> None:
    """The provider's holds identifiers; the other's is the operator's own words."""
    raw = b'{"messages":[],"metadata":{"user_id":"x"}}'
    layout = lay_out(raw, "messages")
    assert layout.parts == ()
    assert layout.metadata is not None
    assert raw[layout.metadata.start : layout.metadata.end] == b'{"user_id":"x"}'
    assert [part.kind for part in lay_out(raw, "chat").parts] == ["free"]


@pytest.mark.parametrize("name", ["a", "messages", "model", "system", "tools", "metadata"])
def test_a_field_twice_is_refused(name: str) -> None:
    """The provider may read the one, and ccgate the other."""
    value = json.dumps({"a": 1, "messages": [], "system": [], "tools": []})[1:-1]
    with pytest.raises(Refusal, match="twice"):
        lay_out(f'{{{value},"{name}":[],"{name}":[]}}'.encode(), "messages")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"system":[1],"messages":[],"system":[22,333,4]}',
        b'{"system":[22,333,4],"messages":[],"system":[1]}',
        b'{"messages":[1],"messages":[22,333,4]}',
        b'{"messages":[22,333,4],"messages":[1]}',
        b'{"messages":["],[",1],"messages":[1,2,3]}',
        b'{"tools":"x","messages":[],"tools":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}',
    ],
)
def test_a_field_twice_is_refused_whatever_its_lengths(raw: bytes) -> None:
    """The parser tells of the last; nothing of it may be taken for a part of the first."""
    with pytest.raises(Refusal) as refused:
        lay_out(raw, "messages")
    assert refused.value.status == 400


def test_brackets_in_strings_are_text() -> None:
    """A field of an unknown shape ends where it ends."""
    raw = b'{"new":{"a":"}\\"]{","b":[[{}],"\\\\"]},"messages":["x"]}'
    assert cut(raw) == [("new", [("a", '}"]{'), ("b", [[[]], "\\"])]), ("messages[0]", "x")]
