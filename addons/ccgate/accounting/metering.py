"""One request's way through the books: opened as it leaves, read as it is answered, closed at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from time import monotonic
from typing import Protocol

from ccgate.accounting.entry import Closing
from ccgate.accounting.entry import EndState
from ccgate.accounting.entry import Opening
from ccgate.accounting.ledger import Ledger
from ccgate.accounting.metered import Metered
from ccgate.accounting.prices import Pricer
from ccgate.accounting.prices import unmetered


@dataclass(frozen=True, slots=True)
class Ending:
    """How an answer came to its end, as the proxy saw it.

    `status` is None where no answer came. `first_byte` is a monotonic time in seconds, `size` counts the
    bytes of the body. `cut` is what ended it early, None where it came whole; `by_client` says that it
    was the client that went away. `ended` and
    `ended_at` are when, as a monotonic time in seconds and as an aware one.
    """

    status: int | None
    upstream_request_id: str | None
    first_byte: float | None
    size: int
    cut: str | None = None
    by_client: bool = False
    ended: float = field(default_factory=monotonic)
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Reads(Protocol):
    """Reads what an answer says of itself: a meter for one of the formats that answers come in."""

    @property
    def error(self) -> str | None:
        """The type of the error that the answer ended in."""

    def event(self, name: bytes, data: bytes) -> None:
        """Take one server-sent event."""

    def message(self, body: bytes) -> None:
        """Take a whole answer."""

    def result(self) -> Metered | None:
        """What is known so far."""


class CatchUp(Protocol):
    """Has the meter read what has come of an answer; returns why it could not, if so."""

    def __call__(self, *, ended: bool) -> str | None:
        """With `ended`, nothing more will come."""


def _nothing_to_read(*, ended: bool) -> str | None:
    """The answer has not come yet, or never came."""
    return None


class Metering:
    """The open entry of a request, and the reader of its answer.

    Raises:
        StoreError: the entry cannot be opened, so the request must not leave.
    """

    def __init__(self, ledger: Ledger, pricer: Pricer, opening: Opening, meter: Reads) -> None:
        self.opening = opening
        self._ledger = ledger
        self._pricer = pricer
        self._meter = meter
        self._recorded: Metered | None = None
        self._began = monotonic()
        self.catch_up: CatchUp = _nothing_to_read
        """Set by who holds the answer; called before what the meter knows is used."""
        ledger.open(opening)

    def event(self, name: bytes, data: bytes) -> None:
        """Read one server-sent event."""
        self._meter.event(name, data)

    def record_progress(self) -> None:
        """Write down what the answer has told since the last time, if anything."""
        self.catch_up(ended=False)
        metered = self._meter.result()
        if metered is not None and metered != self._recorded:
            self._recorded = metered
            cost = self._pricer.cost(metered, self.opening.started_at)
            self._ledger.progress(self.opening.id, metered, cost)

    def message(self, body: bytes) -> None:
        """Read an answer that came as one JSON document."""
        self._meter.message(body)

    def close(self, ending: Ending) -> Closing:
        """Close the entry at once; returns what was written."""
        closing = self.closing(ending)
        self._ledger.close(self.opening.id, closing)
        return closing

    def closing(self, ending: Ending) -> Closing:
        """What the entry is to be closed with."""
        unread = self.catch_up(ended=True)
        # The answer holds us as well, and the two would wait for the garbage collector.
        self.catch_up = _nothing_to_read
        metered = self._meter.result()
        if metered is None:
            cost = unmetered(ending.status)
        else:
            cost = self._pricer.cost(metered, self.opening.started_at)
        first_byte_ms = None if ending.first_byte is None else (ending.first_byte - self._began) * 1000
        return Closing(
            state=self._state(ending, metered),
            ended_at=ending.ended_at,
            status=ending.status,
            first_byte_ms=first_byte_ms,
            total_ms=(ending.ended - self._began) * 1000,
            response_bytes=ending.size,
            upstream_request_id=ending.upstream_request_id,
            error=ending.cut or self._meter.error or unread,
            metered=metered,
            cost=cost,
        )

    def _state(self, ending: Ending, metered: Metered | None) -> EndState:
        if ending.by_client:
            # Some clients hang up as soon as they have read the last event.
            return "done" if metered is not None and metered.complete else "aborted"
        if ending.cut or self._meter.error or ending.status is None or ending.status >= 400:
            return "failed"
        return "done"


class Closings:
    """Closes entries, several in one go: a transaction for each costs more than all else in metering.

    `told` is called with what was written of each.
    """

    def __init__(self, ledger: Ledger, told: Callable[[Opening, Closing], None]) -> None:
        self._ledger = ledger
        self._told = told
        self._waiting: list[tuple[Metering, Ending]] = []

    def add(self, metering: Metering, ending: Ending) -> bool:
        """Have an entry closed by the next `write`; returns whether it is the first that waits."""
        self._waiting.append((metering, ending))
        return len(self._waiting) == 1

    def write(self) -> None:
        """Close all that wait. Never raises."""
        waiting, self._waiting = self._waiting, []
        closings = [(metering.opening, metering.closing(ending)) for metering, ending in waiting]
        self._ledger.close_all((opening.id, closing) for opening, closing in closings)
        for opening, closing in closings:
            self._told(opening, closing)
