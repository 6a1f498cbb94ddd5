"""Streamed chat completions: choices and calls that interleave, and the ends that they have."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.restoration.restore_chat import ChatRestorer
from ccgate.privacy.restoration.restore_places import Places
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import SECRET
from tests.privacy.restoration.answers import SEEDS
from tests.privacy.restoration.answers import TRUSTED
from tests.privacy.restoration.answers import inputs
from tests.privacy.restoration.answers import loads
from tests.privacy.restoration.answers import originals
from tests.privacy.restoration.answers import pieces_of
from tests.privacy.restoration.answers import restored
from tests.privacy.restoration.answers import restored_value
from tests.privacy.restoration.answers import same
from tests.privacy.restoration.answers import same_value
from tests.privacy.restoration.answers import texts
from tests.privacy.restoration.answers import vault

OF_CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m"}


def chunk(*choices: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One chunk."""
    return {**OF_CHUNK, "choices": list(choices), **more}


def choice(index: int, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    """One choice of a chunk."""
    return {"index": index, "delta": delta, "finish_reason": reason}


def call(index: int, arguments: str, name: str | None = None) -> dict[str, Any]:
    """A delta with a piece of a call."""
    function = {"arguments": arguments} if name is None else {"arguments": arguments, "name": name}
    return {"tool_calls": [{"index": index, "function": function}]}


def through(chunks: list[Any]) -> list[Any]:
    """What a client gets."""
    restorer = ChatRestorer(Places(vault(), TRUSTED))
    out = []
    for one in chunks:
        data = one if isinstance(one, bytes) else json.dumps(one).encode()
        before, data = restorer.event(data) or ([], data)
        assert all(name == b"" for name, _ in before)
        out += [json.loads(new) for _, new in before] + [data if data == b"[DONE]" else json.loads(data)]
    return out + [json.loads(new) for _, new in restorer.close()]


def said(chunks: list[Any], index: int) -> str:
    """What a choice says."""
    choices = [one for c in chunks if isinstance(c, dict) for one in c["choices"] if one["index"] == index]
    return "".join(one["delta"].get("content") or "" for one in choices)


def called(chunks: list[Any], index: int) -> str:
    """The arguments of a call of the first choice."""
    calls = [
        one
        for c in chunks
        if isinstance(c, dict)
        for x in c["choices"]
        if x["index"] == 0
        for one in x["delta"].get("tool_calls", ())
    ]
    return "".join(one["function"]["arguments"] for one in calls if one["index"] == index)


@given(data=st.data(), text=texts(), other=texts(), arguments=inputs(), ends=st.sampled_from("swd"))
def test_choices_and_calls(data: st.DataObject, text: str, other: str, arguments: str, ends: str) -> None:
    """However it is cut and however it ends, a choice says what it would say restored whole."""
    queues = [
        [chunk(choice(0, {"content": piece})) for piece in pieces_of(data.draw, text)],
        [chunk(choice(1, {"content": piece})) for piece in pieces_of(data.draw, other)],
        [
            chunk(choice(0, call(0, piece, None if position else "Write")))
            for position, piece in enumerate(pieces_of(data.draw, arguments))
        ],
        [
            chunk(choice(0, call(1, piece, None if position else "Bash")))
            for position, piece in enumerate(pieces_of(data.draw, arguments))
        ],
    ]
    chance = random.Random(data.draw(SEEDS))
    chunks: list[Any] = []
    while any(queues):
        chunks.append(chance.choice([queue for queue in queues if queue]).pop(0))
    if ends == "s":
        chunks += [chunk(choice(0, {}, "stop"), choice(1, {}, "stop")), chunk(usage={"prompt_tokens": 1})]
    if ends in "sd":
        chunks.append(b"[DONE]")
    out = through(chunks)
    open_, all_ = originals(secrets=False), originals(secrets=True)
    assert same(said(out, 0)) == same(restored(text, open_))
    assert same(said(out, 1)) == same(restored(other, open_))
    assert same_value(loads(called(out, 0))) == same_value(restored_value(loads(arguments), all_))
    assert same_value(loads(called(out, 1))) == same_value(restored_value(loads(arguments), open_))
    if ends != "w":
        assert out[-1] == b"[DONE]", "nothing may come after it"


def test_what_is_held_is_a_chunk_of_the_answer() -> None:
    """A client takes it for one of the upstream's own, before the one that ends the choice."""
    out = through([chunk(choice(2, {"content": "see redac"})), chunk(choice(2, {}, "length"))])
    assert out == [
        chunk(choice(2, {"content": "see "})),
        chunk(choice(2, {"content": "redac"})),
        chunk(choice(2, {}, "length")),
    ]


def test_the_last_chunk_may_say_something() -> None:
    """Text beside a finish reason is the end of the text, and holds nothing back."""
    out = through([chunk(choice(0, {"content": "redac"})), chunk(choice(0, {"content": "ted"}, "stop"))])
    assert [one["choices"][0]["delta"]["content"] for one in out] == ["", "redacted"]


def test_an_error_in_the_stream() -> None:
    """What was held comes before it, and its message is restored."""
    restorer = ChatRestorer(Places(vault(), ()))
    restorer.event(json.dumps(chunk(choice(0, {"content": "r"}))).encode())
    change = restorer.event(json.dumps({"error": {"message": f"no {ALICE}"}}).encode())
    assert change is not None
    assert json.loads(change[0][0][1])["choices"][0]["delta"] == {"content": "r"}
    assert json.loads(change[1]) == {"error": {"message": "no alice"}}


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b'{"choices": 5}',
        b'{"choices": [5, {"delta": 5}, {"delta": {"content": 5, "tool_calls": 5}}]}',
        b'{"choices": [{"delta": {"tool_calls": [5, {"function": 5}, {"function": {"arguments": 5}}]}}]}',
        b'{"choices": [{"index": "x", "delta": {"content": "plain", "reasoning_content": "%s"}}]}'
        % ALICE.encode(),
    ],
)
def test_what_is_not_known_passes(data: bytes) -> None:
    """Chunks of other shapes leave with their own bytes."""
    assert ChatRestorer(Places(vault(), ())).event(data) is None


def test_a_call_without_a_name() -> None:
    """Nobody knows what tool it is: nothing is put back."""
    restorer = ChatRestorer(Places(vault(), TRUSTED))
    assert restorer.event(json.dumps(chunk(choice(0, call(0, f'"{ALICE} {SECRET}"')))).encode()) is None
