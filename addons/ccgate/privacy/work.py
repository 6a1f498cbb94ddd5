"""One request on its way through redaction: what came before is looked up, what is new is read.

A conversation is sent again in every turn. Where its last turn is known (`turns`), it is read from there on;
else it is cut into parts (`layout`), and those that came before are looked up (`cache`). All parts that are
new are read (`reading`) and looked through at once by the detector; what each comes to follows in document
order (`examine`), and what is to be replaced is spliced into the request's own bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from itertools import islice
from operator import itemgetter

from ccgate.errors import Refusal
from ccgate.privacy import attachments
from ccgate.privacy import device
from ccgate.privacy import walk
from ccgate.privacy.cache import Entry
from ccgate.privacy.cache import SpanCache
from ccgate.privacy.examine import Examined
from ccgate.privacy.examine import Finding
from ccgate.privacy.examine import examine
from ccgate.privacy.fold import Detector
from ccgate.privacy.fold import Fold
from ccgate.privacy.fold import Span
from ccgate.privacy.layout import Part
from ccgate.privacy.layout import lay_out
from ccgate.privacy.layout import lay_out_rest
from ccgate.privacy.layout import unreadable
from ccgate.privacy.locate import Forms
from ccgate.privacy.locate import Source
from ccgate.privacy.placeholders import Minter
from ccgate.privacy.reading import Reading
from ccgate.privacy.reading import read
from ccgate.privacy.splice import ByteEdit
from ccgate.privacy.splice import Edits
from ccgate.privacy.splice import spliced_bytes
from ccgate.privacy.turns import MOST_CUTS
from ccgate.privacy.turns import Cut
from ccgate.privacy.turns import Resumed
from ccgate.privacy.turns import Taken
from ccgate.privacy.turns import Turn
from ccgate.privacy.turns import Turns
from ccgate.privacy.vault import Original
from ccgate.privacy.vault import Vault
from ccgate.privacy.vault import as_in_file

_Seen = tuple[Reading, Sequence[Sequence[Span]]]
"""A part that was read, and what was found in each of its texts."""

_BATCH = 1 << 18
"""About so many bytes of new parts are decoded and looked through at once: more would only take memory."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a profile the redactor itself has to know; what is found at all is the detector's."""

    version: bytes
    """Differs whenever the detector would find something else: of its rules and of its policy."""
    block_secrets: bool = False
    """A request with a secret in it is refused."""
    deny_attachments: bool = False
    """A request is refused that carries what cannot be read; else that leaves as it came."""
    pseudonym: device.Pseudonym | None = None
    """What stands for a device; None: the device's own identifier leaves."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """A request as it may leave."""

    body: bytes = field(repr=False)
    vault: Vault
    """What its placeholders stand for."""
    device: device.Outcome
    examined: tuple[Taken, ...] = field(repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was replaced, and where; in the order of the provider's cache."""
        return tuple(
            Finding(part.path + place, category, kind, rule, count)
            for part, examined in self.examined
            for trail, category, kind, rule, count in examined.found
            for place in (trail if isinstance(trail, str) else walk.path(trail),)
        )


@dataclass(frozen=True, slots=True)
class Means:
    """What redaction is done with."""

    detector: Detector
    minter: Minter
    policy: Policy
    cache: SpanCache
    turns: Turns
    devices: device.Devices | None


class Work:
    """A request of which all that came before is looked up, and what is new is still to be read.

    What is left of it may be done by another thread than began it.
    """

    def __init__(
        self, body: bytes, form: walk.Format, conversation: bytes, state: bytes, means: Means
    ) -> None:
        self._body = body
        self._means = means
        self._state = state
        self._vault = Vault()
        self._taken: list[Taken] = []
        self._learnt: list[int] = []
        """Places in what was taken of those parts in which something became known."""
        self._edits: Edits | None = None
        """Those before the end of the messages, once there is one."""
        self._cuts: list[Cut] = []
        """Still without their hashes."""
        self._digests: list[bytes] = []
        self._key = means.turns.key(body, conversation, state)
        self._resumed = means.turns.find(self._key, body)
        if self._resumed is None or not self._go_on(self._resumed):
            self._resumed = None
            layout = lay_out(body, form)
            self._parts: Sequence[Part] = layout.parts
            self._metadata = layout.metadata
            self._tail = layout.messages_end
        self._next = self._look_up()

    @property
    def unread(self) -> int:
        """The bytes of all parts from the first one on that did not come before: no more have to be read."""
        return sum(part.end - part.start for part in self._parts[self._next :])

    def finish(self) -> Redaction:
        """Read what is new, at about 10 ms for a megabyte; to be called once.

        Raises:
            Refusal: 400, it cannot be read; 451, it holds a secret and secrets are to be blocked, or an
                attachment and none is to leave.
        """
        if self._next < len(self._parts):
            self._read_on()
        self._keep_turn()
        outcome: device.Outcome = "absent"
        pieces = [(0, self._before_tail()), *self._behind()]
        part = self._metadata
        if self._means.devices is not None and part is not None:
            outcome, changes = self._means.devices.in_metadata(self._body[part.start : part.end])
            if part.start >= self._tail:
                pieces.append((part.start, changes))
                pieces[1:] = sorted(pieces[1:], key=itemgetter(0))
            else:
                moved = [(part.start + start, part.start + end, new) for start, end, new in changes]
                pieces[0] = 0, sorted([*pieces[0][1], *moved])
        body = spliced_bytes(self._body, pieces) if any(map(_has_any, pieces)) else self._body
        return Redaction(body, self._vault, outcome, tuple(self._taken))

    def _before_tail(self) -> Edits:
        """The edits before the end of the messages, those of other fields there among them."""
        if self._edits is None:
            self._edits = Edits()
            before = [(part.start, one.edits) for part, one in self._taken if part.start < self._tail]
            for start, edits in sorted(before, key=itemgetter(0)):
                self._edits.add(start, edits)
        return self._edits

    def _behind(self) -> Iterator[tuple[int, Iterable[ByteEdit]]]:
        """The edits behind the messages; all fields but messages were taken first."""
        behind = []
        for part, one in self._taken:
            if part.name == "messages":
                break
            if part.start >= self._tail:
                behind.append((part.start, one.edits))
        yield from sorted(behind, key=itemgetter(0))

    def _go_on(self, resumed: Resumed) -> bool:
        """Take what an earlier turn came to, and lay out what follows; whether that can be read."""
        cut = resumed.cut
        try:
            self._parts = lay_out_rest(self._body, cut.end, resumed.tail, cut.messages)
        except Refusal:
            # Why it cannot be read tells who reads all of it.
            return False
        metadata = resumed.turn.metadata
        self._metadata = None if metadata is None else resumed.moved(metadata)
        self._tail = resumed.tail
        self._taken = resumed.taken()
        self._learnt = list(resumed.turn.learnt[: cut.learnt])
        self._edits = resumed.turn.edits.first(cut.edits)
        self._state = cut.state
        self._cuts.append(cut)
        view = memoryview(self._body)
        for place in self._learnt:
            part, examined = self._taken[place]
            _recall(self._vault, view[part.start : part.end], examined.sources)
        return True

    def _keep_turn(self) -> None:
        """Have the next turn go on from this one, if there is anything new in it."""
        if not self._tail or not self._cuts or (self._resumed is not None and not self._parts):
            return
        turns, cache, view = self._means.turns, self._means.cache, memoryview(self._body)
        hashed, last = (
            (cache.keyed(), 0) if self._resumed is None else (self._resumed.hashed, self._resumed.cut.end)
        )
        cuts = []
        for cut in self._cuts[-MOST_CUTS:]:
            hashed.update(view[last : cut.end])
            last = cut.end
            cuts.append(cut._replace(digest=hashed.digest()))
        turn = Turn(
            size=len(view),
            cuts=tuple(cuts),
            tail=self._tail,
            tail_digest=self._resumed.turn.tail_digest if self._resumed else cache.digest(view[self._tail :]),
            taken=tuple(self._taken),
            learnt=tuple(self._learnt),
            edits=self._before_tail(),
            metadata=self._metadata,
        )
        turns.keep(self._key, turn)

    def _look_up(self) -> int:
        """Take what the first parts came to; the index of the first that is not in the cache."""
        cache = self._means.cache
        view = memoryview(self._body)
        for index, part in enumerate(self._parts):
            digest = cache.digest(view[part.start : part.end])
            entry = cache.get((self._state, part.kind, digest))
            if entry is None:
                return index
            self._digests.append(digest)
            self._take(part, entry)
        return len(self._parts)

    def _take(self, part: Part, entry: Entry, *, is_new: bool = False) -> None:
        examined, self._state = entry
        is_message = part.name == "messages"
        edits = self._before_tail() if is_message else None
        if examined.edits:
            self._taken.append((part, examined))
            if edits is not None:
                edits.add(part.start, examined.edits)
        if examined.sources:
            self._learnt.append(len(self._taken) - 1)
            if not is_new:
                _recall(self._vault, memoryview(self._body)[part.start : part.end], examined.sources)
        if edits is not None:
            counts = len(self._taken), len(self._learnt), len(edits)
            self._cuts.append(Cut(part.end, b"", part.place + 1, *counts, self._state))

    def _read_on(self) -> None:
        """Take what the other parts come to; those that the cache does not know are read."""
        means = self._means
        cache = means.cache
        parts = self._parts
        view = memoryview(self._body)
        self._digests += [cache.digest(view[part.start : part.end]) for part in parts[self._next :]]
        fold = Fold(means.minter, block_secrets=means.policy.block_secrets, vault=self._vault)
        forms: Forms = {}
        seen: dict[int, _Seen] = {}
        for index in range(self._next, len(parts)):
            part = parts[index]
            key = (self._state, part.kind, self._digests[index])
            entry = cache.get(key)
            if entry is not None:
                self._take(part, entry)
                continue
            if index not in seen:
                seen.update(self._looked_through(index, seen))
            fold.learn()
            examined = examine(fold, *seen.pop(index), part.path, forms)
            entry = Entry(examined, _state_after(self._state, examined))
            cache.put(key, entry)
            self._take(part, entry, is_new=True)

    def _looked_through(self, first: int, seen: Container[int]) -> Iterator[tuple[int, _Seen]]:
        """A part that has to be read, and those after it that will have to be, unless more becomes known."""
        parts = self._parts
        state = self._state
        wanted: list[tuple[int, Reading]] = []
        size = 0
        for index in range(first, len(parts)):
            part = parts[index]
            if index in seen:
                continue
            if index > first and (state, part.kind, self._digests[index]) in self._means.cache:
                continue
            wanted.append((index, self._reading(part)))
            size += part.end - part.start
            if size >= _BATCH:
                break
        spans = iter(self._means.detector.find_all([text for _, one in wanted for text in one.texts]))
        for index, reading in wanted:
            yield index, (reading, list(islice(spans, len(reading.texts))))

    def _reading(self, part: Part) -> Reading:
        reading = read(part.kind, self._body[part.start : part.end])
        if self._means.policy.deny_attachments:
            try:
                attachment = attachments.first(part.kind, reading.box[0])
            except RecursionError:
                raise unreadable() from None
            if attachment is not None:
                raise Refusal(
                    451,
                    "the request was not sent: it holds an attachment that cannot be read "
                    f"({attachment.kind}) at {part.path}{attachment.path}; take it out",
                )
        return reading


def _has_any(piece: tuple[int, Iterable[ByteEdit]]) -> bool:
    return any(True for _ in piece[1])


def _state_after(state: bytes, examined: Examined) -> bytes:
    """What is known after a part decides about all parts that follow."""
    if not examined.sources:
        return state
    added = " ".join(source.placeholder for source in examined.sources)
    return hashlib.sha256(state + added.encode()).digest()


def _recall(vault: Vault, part: memoryview, sources: Iterable[Source]) -> None:
    """Read the originals again from where they stand."""
    for source in sources:
        value = bytes(part[source.start : source.end]).decode()
        for _ in range(source.depth if "\\" in value else 0):
            value = json.loads(f'"{value}"')
        vault.put(source.placeholder, Original(as_in_file(value), source.category))
