"""Where the last turn of each conversation ended, so that the next one is read from there on.

Most of a request is what was sent before: all of its messages but the last ones, and the fields behind them.
Whether that is so tells a keyed hash of either; then nothing of it is laid out or looked up. Like the cache,
this holds places, hashes and names of rules, never text.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING
from typing import NamedTuple

from ccgate.privacy.cache import SpanCache
from ccgate.privacy.examine import Examined
from ccgate.privacy.layout import Part
from ccgate.privacy.splice import Edits

if TYPE_CHECKING:
    from hashlib import _Hash

MOST_PARTS = 400_000
"""So many parts are held of all conversations together, at 80 bytes each at the most."""

_TURN = 20
"""What a turn takes besides its parts, in parts."""

MOST_CUTS = 6
"""A client changes its last messages once more when others follow, so the next turn may go on from further
back than from the last one."""

_HEAD = 256
_TAIL = 512

Taken = tuple[Part, Examined]
"""A part, and what it came to."""


class Cut(NamedTuple):
    """A place after a message."""

    end: int
    """Offset after the message."""
    digest: bytes
    """Of all bytes before."""
    messages: int
    """How many messages are before."""
    taken: int
    """How many of the turn's parts with something in them are before, in order of reading."""
    learnt: int
    """How many of those in which something became known."""
    edits: int
    """How many edits are before."""
    state: bytes
    """What is known there."""


class Turn(NamedTuple):
    """A request whose messages can be followed by others."""

    size: int
    cuts: tuple[Cut, ...]
    """Ascending."""
    tail: int
    """Offset of the end of the messages; what follows are other fields."""
    tail_digest: bytes
    taken: tuple[Taken, ...]
    """The parts with something in them, in order of reading."""
    learnt: tuple[int, ...]
    """Places in `taken` of those in which something became known."""
    edits: Edits
    """All that is before the tail."""
    metadata: Part | None


class Resumed(NamedTuple):
    """A turn that a request goes on from."""

    turn: Turn
    cut: Cut
    hashed: _Hash
    """Of all bytes before the cut."""
    shift: int
    """How much further what is behind the messages stands."""

    @property
    def tail(self) -> int:
        """Offset of the end of the messages."""
        return self.turn.tail + self.shift

    def taken(self) -> list[Taken]:
        """What came before the cut, where it stands now."""
        taken = list(self.turn.taken[: self.cut.taken])
        for index, (part, examined) in enumerate(taken):
            if part.name == "messages":
                break
            taken[index] = self.moved(part), examined
        return taken

    def moved(self, part: Part) -> Part:
        """Where a part of another field stands now."""
        if part.start < self.turn.tail:
            return part
        return part._replace(start=part.start + self.shift, end=part.end + self.shift)


class Turns:
    """The last turn of each conversation, those of longest ago dropped first; may be shared by threads."""

    def __init__(self, cache: SpanCache, most_parts: int = MOST_PARTS) -> None:
        self._cache = cache
        self._most = most_parts
        self._parts = 0
        self._turns: OrderedDict[bytes, Turn] = OrderedDict()
        self._lock = threading.Lock()

    def key(self, body: bytes, conversation: bytes, state: bytes) -> bytes:
        """What tells a request's conversation from others: its name, or else how the request ends."""
        own = conversation or body[-_TAIL:]
        return self._cache.digest(state + len(own).to_bytes(8) + own + body[:_HEAD])

    def find(self, key: bytes, body: bytes) -> Resumed | None:
        """The turn that a request goes on from, and where."""
        turn = self._turns.get(key)
        if turn is None:
            return None
        shift = len(body) - turn.size
        tail = turn.tail + shift
        view = memoryview(body)
        if tail < turn.cuts[0].end or self._cache.digest(view[tail:]) != turn.tail_digest:
            return None
        hashed = self._cache.keyed()
        found = None
        last = 0
        for cut in turn.cuts:
            if cut.end > tail:
                break
            hashed.update(view[last : cut.end])
            last = cut.end
            if hashed.digest() != cut.digest:
                break
            found = Resumed(turn, cut, hashed.copy(), shift)
        return found

    def keep(self, key: bytes, turn: Turn) -> None:
        """Keep a turn in the place of the one before."""
        with self._lock:
            old = self._turns.pop(key, None)
            self._parts += _weight(turn) - (_weight(old) if old else 0)
            self._turns[key] = turn
            while self._parts > self._most and len(self._turns) > 1:
                _, dropped = self._turns.popitem(last=False)
                self._parts -= _weight(dropped)

    def __len__(self) -> int:
        return len(self._turns)


def _weight(turn: Turn) -> int:
    return _TURN + len(turn.taken)
