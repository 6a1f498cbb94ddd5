"""The answers to conversations: they say again what the last prompt says, and so show what became of it.

Upstream looks whether a body holds originals or placeholders, as the control header says that it should,
and takes a path and an address from its prompt. Both come in the answer, the address cut in two by the
border of two events. So the client knows the answer's text beforehand: with the originals in it, whatever
stood between it and upstream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ccgate.privacy.placeholders import PATTERN
from ccgate.privacy.placeholders import is_placeholder
from tests.bench import payloads
from tests.bench.conversation import ADDRESS
from tests.bench.conversation import ORIGINALS
from tests.bench.conversation import PATH

CYCLE = 5
"""Texts of an answer come again after as many events; an answer has a whole number of such cycles."""

THOROUGHLY = 10
"""Of a connection's requests, the first ones are looked through whole, as many as this, and then every tenth:
with all of them, a good part of what is measured would be the looking."""


class Said(NamedTuple):
    """What a prompt says, as it arrived."""

    path: bytes
    address: bytes


ORIGINAL = Said(PATH.encode(), ADDRESS.encode())
"""What it said when it was sent."""

_PROMPT = re.compile(rb"Attempt \d{12}: look at (\S+) and write to (\S+) about it\.")
_TEXT = re.compile(rb'"text":"((?:[^"\\]|\\.)*)"')


_PROSE = tuple(b"%b " % payloads.prose(step, 24).encode() for step in range(CYCLE))


class WrongBodyError(Exception):
    """A body holds what it should not, or lacks what it should hold; the message says which, without it."""


def heard(body: bytes, expected: str, number: int) -> Said:
    """What the prompt of a connection's `number`th body says, once the body is what was expected.

    Raises:
        WrongBodyError: it is not.
    """
    found = _PROMPT.match(body, max(body.rfind(b"Attempt "), 0))
    if found is None:
        raise WrongBodyError("the prompt is not the one that was sent")
    said = Said(found[1], found[2])
    if expected == payloads.ORIGINALS:
        if said != ORIGINAL:
            raise WrongBodyError("the prompt does not hold the originals")
    elif not PATTERN.search(said.path.decode()) or not is_placeholder(said.address.decode()):
        raise WrongBodyError("the prompt does not hold placeholders: nothing is redacted")
    if number <= THOROUGHLY or number % THOROUGHLY == 0:
        _look_through(body, expected)
    return said


def _look_through(body: bytes, expected: str) -> None:
    # Counted in both cases: one that stops at the first would be faster on one side.
    counts = [body.count(original) for original in ORIGINALS]
    if expected == payloads.PLACEHOLDERS and any(counts):
        places = [place for place, count in enumerate(counts) if count]
        raise WrongBodyError(f"originals {places} have left: they are not redacted everywhere")
    if expected == payloads.ORIGINALS and not all(counts):
        raise WrongBodyError("originals are missing")


def text(place: int, said: Said) -> bytes:
    """What the event in this place says, from 0 on."""
    step = place % CYCLE
    half = len(said.address) // 2
    if step == 1:
        return b"In %b is what " % said.path
    if step == 2:
        return b"to ask " + said.address[:half]
    if step == 3:
        return said.address[half:] + b" about. "
    return _PROSE[step]


def stamped(place: int, said: Said, nanoseconds: int) -> bytes:
    """The event in this place of a paced answer, with the time at which it is sent."""
    says = text(place, said)
    # Between the halves of an address there is nothing.
    return payloads.stamped(nanoseconds, *((says, b"") if place % CYCLE == 3 else (b"", says)))


def short_answer(number: int, said: Said) -> bytes:
    """The body of a short answer."""
    deltas = b"".join(payloads.delta(text(place, said)) for place in range(2 * CYCLE))
    return payloads.opening(number) + deltas + payloads.ending(number)


def whole_text(kind: str, count: int) -> bytes:
    """What an answer of this kind says with its originals, without the times of its events.

    Raises:
        ValueError: it would end within what it says.
    """
    events = 2 * CYCLE if kind == payloads.SHORT else count
    if kind == payloads.BULK or events % CYCLE:
        raise ValueError(f"an answer {kind}:{count} quotes nothing, or not all of it")
    return b"".join(_texts(events))


def _texts(events: int) -> Iterator[bytes]:
    return (text(place, ORIGINAL) for place in range(events))


def text_of(body: bytes) -> bytes:
    """What an answer says, however it is cut into events, without the times of these."""
    return payloads.STAMP.sub(b"", b"".join(_TEXT.findall(body)))
