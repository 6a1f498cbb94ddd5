"""A streamed answer, event by event: every block says what it would say restored whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.privacy.restoration.restore_places import Places
from ccgate.privacy.restoration.restore_stream import StreamRestorer
from ccgate.privacy.restoration.restore_text import MOST_HELD
from tests.privacy.restoration.answers import ALICE
from tests.privacy.restoration.answers import MAIL
from tests.privacy.restoration.answers import SECRET
from tests.privacy.restoration.answers import TRUSTED
from tests.privacy.restoration.answers import Block
from tests.privacy.restoration.answers import delta
from tests.privacy.restoration.answers import event
from tests.privacy.restoration.answers import loads
from tests.privacy.restoration.answers import originals
from tests.privacy.restoration.answers import restored
from tests.privacy.restoration.answers import restored_value
from tests.privacy.restoration.answers import said
from tests.privacy.restoration.answers import same
from tests.privacy.restoration.answers import same_value
from tests.privacy.restoration.answers import streams
from tests.privacy.restoration.answers import vault
from tests.privacy.restoration.answers import waiting

OPEN = originals(secrets=False)
ALL = originals(secrets=True)


class Client:
    """Takes what the restorer gives for each event; `events` is what came, `added` what was put between."""

    def __init__(self) -> None:
        self.places = Places(vault(), TRUSTED)
        self.restorer = StreamRestorer(self.places)
        self.events: list[dict[str, Any]] = []
        self.added: list[int] = []

    def take(self, one: dict[str, Any] | bytes) -> None:
        """One event of the upstream."""
        data = one if isinstance(one, bytes) else json.dumps(one).encode()
        before, data = self.restorer.event(data) or ([], data)
        self._add(before)
        self.events.append(json.loads(data))

    def close(self) -> None:
        """The end of the stream."""
        self._add(self.restorer.close())

    def _add(self, new: list[tuple[bytes, bytes]]) -> None:
        for name, data in new:
            self.added.append(len(self.events))
            self.events.append(json.loads(data))
            assert self.events[-1]["type"].encode() == name

    @property
    def original(self) -> list[dict[str, Any]]:
        """The events that the upstream sent."""
        return [one for position, one in enumerate(self.events) if position not in self.added]


def through(events: list[Any]) -> list[dict[str, Any]]:
    """What a client gets of some events."""
    client = Client()
    for one in events:
        client.take(one)
    client.close()
    return client.events


def table(block: Block) -> dict[str, str]:
    """What is put back in a tool's input."""
    if block.kind != "tool_use" or block.name in ("WebFetch", "mcp__a__b"):
        return {}
    return ALL if block.name in TRUSTED else OPEN


@pytest.mark.property
@given(answer=streams())
def test_every_block_is_restored(answer: tuple[list[Block], list[dict[str, Any]]]) -> None:
    """Interleaved blocks of all kinds: each is restored by its own rule, and the order of events is kept."""
    blocks, events = answer
    client = Client()
    for one in events:
        client.take(one)
    assert client.restorer.close() == [], "message_stop has to be the last"
    got = said(client.events)
    for index, block in enumerate(blocks):
        if block.kind == "text":
            assert same(got.get((index, "text"), "")) == same(restored(block.whole, OPEN))
        elif block.kind == "thinking":
            assert same(got.get((index, "thinking"), "")) == same(block.whole)
            assert got[index, "signature"] == SECRET + ALICE
        else:
            expected = restored_value(loads(block.whole), table(block))
            assert same_value(loads(got.get((index, "partial_json"), ""))) == same_value(expected)
    came = [(one["type"], one.get("index")) for one in client.original]
    assert came == [(one["type"], one.get("index")) for one in events]
    for position in client.added:
        index = client.events[position]["index"]
        ending = next(one for at, one in enumerate(client.events) if at > position and at not in client.added)
        assert ending == event("content_block_stop", index=index), "handed out before its block's end"


@pytest.mark.property
@given(answer=streams(), cut=st.integers(0, 1000))
def test_a_broken_off_stream_loses_nothing(
    answer: tuple[list[Block], list[dict[str, Any]]], cut: int
) -> None:
    """After each event: what waits is the beginning of a placeholder, and the end of the stream gives it."""
    blocks, events = answer
    client = Client()
    arrived: list[dict[str, Any]] = []
    for position, one in enumerate(events):
        client.take(one)
        arrived.append(one)
        came, got = said(arrived), said(client.events)
        for index, block in enumerate(blocks):
            if block.kind != "text":
                continue
            text, out = came.get((index, "text"), ""), got.get((index, "text"), "")
            assert any(
                same(restored(text, OPEN, len(text) - held)) == same(out)
                and (held == 0 or waiting(text[len(text) - held :], OPEN))
                for held in range(min(MOST_HELD, len(text)) + 1)
            )
        if position == cut % len(events):
            whole = said(through(arrived))
            for key, text in came.items():
                if key[1] == "text":
                    assert same(whole[key]) == same(restored(text, OPEN))


@given(answer=streams())
def test_thinking_keeps_its_bytes(answer: tuple[list[Block], list[dict[str, Any]]]) -> None:
    """The signature covers every byte; an event of thinking is never even written anew."""
    restorer = StreamRestorer(Places(vault(), TRUSTED))
    for one in answer[1]:
        change = restorer.event(json.dumps(one).encode())
        if one.get("delta", {}).get("type") in ("thinking_delta", "signature_delta"):
            assert change is None


@pytest.mark.parametrize(
    "ending", [event("message_stop"), event("error", error={"message": "x"}), b"[DONE]", None]
)
def test_the_end_gives_what_is_held(ending: Any) -> None:
    """A stream that ends within a block, in whatever way, ends with all that the model said, in its block."""
    client = Client()
    client.take(event("content_block_start", index=3, content_block={"type": "text", "text": ""}))
    client.take(event("content_block_start", index=1, content_block={"type": "tool_use", "name": "Write"}))
    client.take(delta(3, "text_delta", text="see redac"))
    client.take(delta(1, "input_json_delta", partial_json='{"a": "\\u00'))
    assert said(client.events) == {(3, "text"): "see ", (1, "partial_json"): '{"a": "'}
    before = len(client.events)
    if ending == b"[DONE]":
        held, data = client.restorer.event(b"[DONE]") or ([], b"")
        assert data == b"[DONE]"
        client._add(held)
    elif ending:
        client.take(ending)
    client.close()
    assert client.added == [before, before + 1]
    assert said(client.events) == {(3, "text"): "see redac", (1, "partial_json"): '{"a": "\\u00'}


def test_held_text_holds_nothing_else_back() -> None:
    """Pings, other blocks and citations pass while a beginning waits."""
    cited = {"type": "char_location", "cited_text": f"by {ALICE}", "document_title": MAIL, "file_id": ALICE}
    out = through(
        [
            delta(0, "text_delta", text="by redacted"),
            event("ping"),
            delta(1, "text_delta", text="words"),
            delta(0, "citations_delta", citation=cited),
            delta(0, "text_delta", text=ALICE[8:] + ","),
            event("content_block_stop", index=0),
        ]
    )
    assert out == [
        delta(0, "text_delta", text="by "),
        event("ping"),
        delta(1, "text_delta", text="words"),
        delta(
            0,
            "citations_delta",
            citation={
                "type": "char_location",
                "cited_text": "by alice",
                "document_title": "alice@corp.example.com",
                "file_id": ALICE,
            },
        ),
        delta(0, "text_delta", text="alice,"),
        event("content_block_stop", index=0),
    ]


def test_a_block_that_opens_with_its_content() -> None:
    """Text in the opening event goes on in the deltas; a whole input there is restored at once."""
    opening = {"type": "text", "text": f"{ALICE} redact", "citations": [{"cited_text": MAIL}]}
    tool = {"type": "tool_use", "name": "Bash", "input": {"command": f"ls {ALICE} {SECRET}"}}
    out = through(
        [
            event("content_block_start", index=0, content_block=opening),
            event("content_block_start", index=1, content_block=tool),
            delta(0, "text_delta", text=ALICE[6:] + ","),
        ]
    )
    assert out[0]["content_block"] == {
        "type": "text",
        "text": "alice ",
        "citations": [{"cited_text": "alice@corp.example.com"}],
    }
    assert out[1]["content_block"]["input"] == {"command": f"ls alice {SECRET}"}
    assert out[2]["delta"]["text"] == "alice,"


def test_a_block_that_opens_again_ends_the_first() -> None:
    """What the first one held back is not said by the second."""
    start = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    out = through(
        [start, delta(0, "text_delta", text="redact"), start, delta(0, "text_delta", text=ALICE[6:])]
    )
    texts = [one["delta"]["text"] for one in out if "delta" in one]
    assert texts == ["", "redact", ALICE[6:]]


def test_content_in_the_first_event() -> None:
    """A message that starts with content, as continued ones do, is restored there."""
    message = {
        "id": ALICE,
        "content": [{"type": "text", "text": ALICE}, {"type": "thinking", "thinking": ALICE}],
    }
    (out,) = through([event("message_start", message=message)])
    assert out["message"] == {
        "id": ALICE,
        "content": [{"type": "text", "text": "alice"}, {"type": "thinking", "thinking": ALICE}],
    }


def test_an_error_names_the_real_path() -> None:
    """The person reads an error; a placeholder in it would mislead."""
    (out,) = through([event("error", error={"type": "x", "message": f"{ALICE} {SECRET}"})])
    assert out["error"]["message"] == f"alice {SECRET}"


def test_an_input_whose_tool_is_not_known() -> None:
    """Without the opening event nobody knows who runs it: nothing is put back, and the flow is marked."""
    client = Client()
    client.take(delta(0, "input_json_delta", partial_json=f'"{ALICE}"'))
    assert said(client.events) == {(0, "partial_json"): f'"{ALICE}"'}
    assert client.places.restored.withheld == {"": 1}


@pytest.mark.parametrize(
    "data",
    [
        b"ping",
        b"[]",
        b'{"type": "content_block_stop", "index": "x"}',
        b'{"type": "content_block_start", "index": 0, "content_block": %s}' % (b"[" * 10_000),
        b'{"type": "content_block_start", "a": 1, "a": 2}',
        b"\xff",
    ],
)
def test_what_nobody_can_read_passes(data: bytes) -> None:
    """Broken events reach the client as they are, behind all that was said before them."""
    restorer = StreamRestorer(Places(vault(), TRUSTED))
    restorer.event(json.dumps(delta(0, "text_delta", text="r")).encode())
    change = restorer.event(data)
    assert change is not None
    assert [json.loads(new)["delta"]["text"] for _, new in change[0]] == ["r"]
    assert change[1] == data
    assert restorer.event(data) is None


@pytest.mark.parametrize(
    "one",
    [
        event("ping"),
        {"type": ["x"]},
        {},
        event("message_delta", delta={"stop_reason": ALICE}, usage={}),
        event("of_tomorrow", text=ALICE, index="x", message="y"),
        delta(0, "of_tomorrow", text=ALICE),
        delta(0, "text_delta", text=5),
        delta(0, "text_delta"),
        event("content_block_start", index=0, content_block={"type": "server_tool_use", "name": ALICE}),
        event("content_block_start", index=0, content_block="x"),
        event("content_block_start", index=0, content_block={"type": "fallback", "text": ALICE}),
        event("message_start", message="x"),
        event("message_start", message={"content": None}),
    ],
)
def test_what_is_not_known_passes(one: dict[str, Any]) -> None:
    """New events and deltas leave with their own bytes, and do not disturb what waits."""
    restorer = StreamRestorer(Places(vault(), TRUSTED))
    restorer.event(json.dumps(delta(7, "text_delta", text="r")).encode())
    assert restorer.event(json.dumps(one).encode()) is None
    assert len(restorer.close()) == 1


@pytest.mark.parametrize("text", ["text", ",", ":", "text_delta", "r", "", "\ud83d", 'a"b\\'])
def test_a_changed_event_keeps_the_rest(text: str) -> None:
    """Only the text is written anew, where it stands; members that nobody knows yet stay, if that is safe."""
    for separators in (",", ":"), (", ", ": "), (" ,", " :"):
        one = {"new": 1e5, **delta(0, "text_delta", text=f"{text} {ALICE} ")}
        restorer = StreamRestorer(Places(vault(), ()))
        _, data = restorer.event(json.dumps(one, separators=separators).encode()) or ([], b"")
        assert json.loads(data)["delta"] == {"type": "text_delta", "text": text + " alice "}
        assert (
            text == "\ud83d"
            or data
            == json.dumps(
                {**one, "delta": {"type": "text_delta", "text": text + " alice "}}, separators=separators
            ).encode()
        )


@pytest.mark.parametrize("value", ["text", ",", ":", "text_delta"])
def test_a_text_that_stands_elsewhere_in_its_event(value: str) -> None:
    """A delta that says `text` does not have its key replaced."""
    for separators in (",", ":"), (", ", ": "), (" ,", ":"):
        restorer = StreamRestorer(Places(vault(), ()))
        restorer.event(json.dumps(delta(0, "text_delta", text="redacted")).encode())
        _, data = restorer.event(
            json.dumps(delta(0, "text_delta", text=value), separators=separators).encode()
        ) or (
            [],
            b"",
        )
        assert json.loads(data) == delta(0, "text_delta", text="redacted" + value)
