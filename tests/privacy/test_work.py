"""A request that goes on from an earlier turn comes to the same as one that nobody has seen before."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.errors import Refusal
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.device import pseudonyms
from ccgate.privacy.redact import Redactor
from ccgate.privacy.turns import Turns
from ccgate.privacy.work import Policy
from ccgate.privacy.work import Redaction
from tests.privacy.requests import MINTER
from tests.privacy.requests import PlainDetector
from tests.privacy.requests import write

DEVICE = json.dumps({"device_id": "d" * 64, "session_id": "s"})
POLICY = Policy(version=b"1", pseudonym=pseudonyms(b"k" * 32))

TEXTS = (
    "nothing",
    "see zq7-uncommon",
    "password=zq7-uncommon",
    "I am alice@corp.example",
    "/home/alice and alice",
    "é\ud83d ok",
)


def redactor(cache: SpanCache | None = None) -> Redactor:
    return Redactor(PlainDetector(), MINTER, POLICY, cache or SpanCache())


def request(said: list[str], others: list[tuple[str, Any]], before: int) -> dict[str, Any]:
    """A request with fields before its messages and behind them."""
    messages = [{"role": "user", "content": [{"type": "text", "text": text}]} for text in said]
    return dict([*others[:before], ("messages", messages), *others[before:]])


FIELDS: tuple[tuple[str, Any], ...] = (
    ("model", "m"),
    ("system", [{"type": "text", "text": "for bob@corp.example"}]),
    ("tools", [{"name": "t", "description": "in /home/carol", "input_schema": {}}]),
    ("metadata", {"user_id": DEVICE}),
    ("stop_sequences", ["/home/dora"]),
)

histories = st.lists(
    st.tuples(
        st.lists(st.sampled_from(TEXTS), max_size=2),  # more messages
        st.integers(0, 3),  # of those before, so many are taken back
        st.booleans(),  # another field changes
    ),
    min_size=1,
    max_size=7,
)


def same(one: Redaction, other: Redaction) -> bool:
    return (
        one.body == other.body
        and list(one.vault.items()) == list(other.vault.items())
        and one.findings == other.findings
        and one.device == other.device
    )


@pytest.mark.property
@given(histories, st.integers(0, 5), st.integers(0, 2**16), st.booleans())
def test_a_turn_that_goes_on_comes_to_the_same(history: Any, before: int, seed: int, styled: bool) -> None:
    """Whatever was added, taken back or changed since: the bytes, what they stand for and what is told."""
    shared = redactor()
    style = random.Random(seed) if styled else None
    said: list[str] = []
    others = list(FIELDS)
    for more, back, changed in history:
        said = said[: max(len(said) - back, 0)] + more
        if changed:
            others = [(name, value) for name, value in others if name != "tools" or seed % 2]
            others = [("x", str(len(said))), *[field for field in others if field[0] != "x"]]
        # The same spaces and escapes for what is the same.
        style = random.Random(seed) if style else None
        raw = write(request(said, others, before), style).encode("utf-8", "surrogatepass")
        assert same(shared.begin(raw, "messages", b"c").finish(), redactor().redact(raw, "messages"))


def test_what_came_before_is_not_read_again() -> None:
    """The cost of a turn is that of what is new, though the client changes its last message once more."""
    detector = PlainDetector()
    shared = Redactor(detector, MINTER, POLICY, SpanCache(0))  # nothing is found by its parts
    said = [f"{text} {number}" for number, text in enumerate(TEXTS[:4])]
    first = write(request(said, list(FIELDS), 1), None).encode()
    shared.begin(first, "messages", b"c").finish()
    before = detector.texts
    changed = first.replace(b'alice@corp.example 3"}]', b'alice@corp.example 3","cache_control":{}}]')
    assert changed != first
    second = changed.replace(b"]}]", b']},{"role":"user","content":"and alice"}]')
    work = shared.begin(second, "messages", b"c")
    assert work.unread < 200
    done = work.finish()
    assert detector.texts - before == 2
    assert same(done, redactor().redact(second, "messages"))


@pytest.mark.parametrize(
    "end",
    [b',"x"', b'{"role":"user"}', b",", b',{"role":"user","content":"\xff"}', b",1,,2", b',{"a":1'],
    ids=repr,
)
def test_what_follows_and_cannot_be_read_is_refused(end: bytes) -> None:
    """What is known of the beginning must not make anybody trust the rest."""
    shared = redactor()
    first = write(request(list(TEXTS[:3]), list(FIELDS), 1), None).encode()
    shared.begin(first, "messages", b"c").finish()
    at = first.index(b"]}]") + len(b"]}")
    # The end of the last message: what is put there follows it.
    at = first.rindex(b"]}]", 0, first.index(b'"system"')) + len(b"]}")
    broken = first[:at] + end + first[at:]
    outcomes = []
    for one in (shared, redactor()):
        try:
            outcomes.append(one.begin(broken, "messages", b"c").finish().body)
        except Refusal as e:
            outcomes.append((e.status, e.message))
    assert outcomes[0] == outcomes[1]


def test_conversations_without_a_name_go_on_too() -> None:
    """A client that names none still has the same fields behind its messages in every turn."""
    detector = PlainDetector()
    shared = Redactor(detector, MINTER, POLICY, SpanCache(0))
    others = [*FIELDS, ("y", "y" * 600)]
    one = "one " * 100
    first = write(request([one, "two"], others, 0), None).encode()
    shared.redact(first, "messages")
    before = detector.texts
    shared.redact(write(request([one, "two", "three"], others, 0), None).encode(), "messages")
    assert detector.texts - before == 1


def test_turns_are_bounded() -> None:
    """A gateway that runs for months must not grow with every conversation that it has seen."""
    cache = SpanCache()
    shared = redactor(cache)
    turns = Turns(cache, most_parts=100)
    means = shared._means
    object.__setattr__(means, "turns", turns)
    for number in range(50):
        said = "nothing" if number % 2 else "/home/alice"
        raw = write(request([f"{said} {number}"] * 3, [], 0), None).encode()
        shared.begin(raw, "messages", b"%d" % number).finish()
    assert 1 <= len(turns) <= 5
