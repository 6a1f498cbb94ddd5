"""One request's way through the books, as another process sees it in the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from ccgate.accounting.entry import Closing
from ccgate.accounting.entry import Opening
from ccgate.accounting.ledger import Ledger
from ccgate.accounting.ledger import from_pico
from ccgate.accounting.metering import Closings
from ccgate.accounting.metering import Ending
from ccgate.accounting.metering import Metering
from ccgate.accounting.prices import Pricer
from ccgate.accounting.usage import Meter
from ccgate.database import open_database
from ccgate.errors import StoreError
from tests.accounting.cases import message
from tests.accounting.cases import usage
from tests.accounting.streams import event
from tests.accounting.streams import stream_of

OPENING = Opening(
    id="ccg-1",
    started_at=datetime(2026, 11, 21, 5, 0, tzinfo=UTC),
    client="alice-laptop",
    owner="alice",
    session_id="s-1",
    agent_id=None,
    parent_agent_id=None,
    model_asked="claude-sonnet-5-5",
    streamed=True,
    path="/v1/messages",
    request_bytes=48_000,
)
WHOLE = Ending(status=200, upstream_request_id="req_1", first_byte=None, size=1234)
ANSWER = message("claude-sonnet-5-5", usage(input=1000, read=40_000, output=350))
START = event(
    "message_start", message={**ANSWER, "content": [], "usage": usage(input=1000, read=40_000, output=1)}
)
PRICER = Pricer()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ccgate.sqlite3"


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(file)
    yield connection
    connection.close()


@pytest.fixture
def ledger(connection: sqlite3.Connection, file: Path) -> Iterator[Ledger]:
    (file.parent / "run").mkdir()
    ledger = Ledger(connection, file.parent / "run")
    yield ledger
    ledger.shutdown()


@pytest.fixture
def report(file: Path, ledger: Ledger) -> Iterator[sqlite3.Connection]:
    """Another connection to the file, as a report's."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


def row(report: sqlite3.Connection) -> dict[str, Any]:
    """The one entry that is in the ledger."""
    (found,) = report.execute("SELECT * FROM entries").fetchall()
    return dict(found)


@pytest.fixture
def metering(ledger: Ledger) -> Metering:
    return Metering(ledger, PRICER, OPENING, Meter())


def streamed(metering: Metering, answer: dict[str, Any]) -> None:
    for name, data in stream_of(answer):
        metering.event(name, data)


def test_the_entry_is_open_before_anything_is_sent(metering: Metering, report: sqlite3.Connection) -> None:
    """What left is on record, whatever happens to the process next."""
    entry = row(report)
    assert entry["state"] == "open"
    assert (entry["client"], entry["owner"], entry["session_id"]) == ("alice-laptop", "alice", "s-1")
    assert (entry["model_asked"], entry["request_bytes"], entry["streamed"]) == (
        "claude-sonnet-5-5",
        48_000,
        1,
    )
    assert entry["cost"] is None


def test_an_entry_that_cannot_be_opened_stops_the_request(ledger: Ledger, file: Path) -> None:
    """No money is spent that nobody writes down."""
    file.rename(file.with_suffix(".away"))
    with pytest.raises(StoreError):
        Metering(ledger, PRICER, OPENING, Meter())


def test_what_an_answer_has_told_is_on_record_before_its_end(
    metering: Metering, report: sqlite3.Connection
) -> None:
    """After a kill -9 in mid-answer the prompt, which is most of the cost, is still accounted for."""
    metering.event(b"ping", b'{"type": "ping"}')
    metering.record_progress()
    assert row(report)["input_tokens"] is None
    metering.event(*START)
    metering.record_progress()
    entry = row(report)
    assert entry["state"] == "open"
    assert entry["model_served"] == "claude-sonnet-5-5"
    assert (entry["input_tokens"], entry["cache_read_tokens"], entry["output_tokens"]) == (1000, 40_000, 1)
    assert from_pico(entry["cost"]) == Decimal("0.00601")
    assert entry["cost_note"].startswith("broke off")
    metering.event(*event("message_delta", delta={}, usage={"output_tokens": 200}))
    metering.record_progress()
    assert row(report)["output_tokens"] == 200


def test_only_what_is_new_is_written(metering: Metering, connection: sqlite3.Connection) -> None:
    """A hundred streams are asked several times a second; a commit for each would slow them all."""
    metering.event(*START)
    metering.record_progress()
    before = connection.total_changes
    metering.event(*event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hello"}))
    metering.record_progress()
    metering.event(*event("message_delta", delta={}, usage={"output_tokens": 200}))
    assert connection.total_changes == before


def test_a_whole_stream(metering: Metering, report: sqlite3.Connection) -> None:
    """The entry says what was used and what it cost; the caller gets the same to show."""
    streamed(metering, ANSWER)
    closing = metering.close(replace(WHOLE, first_byte=monotonic(), ended=monotonic()))
    assert closing.cost.amount == Decimal("0.0095")
    assert closing.metered is not None and closing.metered.complete
    entry = row(report)
    assert (entry["state"], entry["status"], entry["error"]) == ("done", 200, None)
    assert (entry["output_tokens"], entry["stop_reason"]) == (350, "end_turn")
    assert (entry["upstream_request_id"], entry["response_bytes"]) == ("req_1", 1234)
    assert from_pico(entry["cost"]) == closing.cost.amount
    assert entry["cost_note"] is None
    assert 0 <= entry["first_byte_ms"] <= entry["total_ms"] < 60_000
    assert entry["started_at"] < entry["ended_at"]


def test_an_answer_in_one_piece_costs_the_same(metering: Metering, report: sqlite3.Connection) -> None:
    """Whether a client streams is no reason for another bill."""
    metering.message(json.dumps(ANSWER).encode())
    assert metering.close(WHOLE).cost.amount == Decimal("0.0095")
    assert row(report)["state"] == "done"


def test_a_client_that_goes_away(metering: Metering, report: sqlite3.Connection) -> None:
    """An abort keeps what is known: the provider charges the prompt and what was put out until then."""
    metering.event(*START)
    metering.event(*event("message_delta", delta={}, usage={"output_tokens": 200}))
    metering.close(replace(WHOLE, cut="the client went away", by_client=True))
    entry = row(report)
    assert (entry["state"], entry["error"]) == ("aborted", "the client went away")
    assert entry["output_tokens"] == 200
    assert from_pico(entry["cost"]) == Decimal("0.008")
    assert entry["cost_note"].startswith("broke off")


def test_an_upstream_that_breaks_off(metering: Metering, report: sqlite3.Connection) -> None:
    """It is the upstream's failure and not the client's abort, which matters to whoever looks for causes."""
    metering.event(*START)
    metering.close(replace(WHOLE, cut="the upstream connection broke"))
    assert (row(report)["state"], row(report)["error"]) == ("failed", "the upstream connection broke")


def test_an_error_within_the_stream(metering: Metering, report: sqlite3.Connection) -> None:
    """A 200 that ends in an error event is no success, and the entry names the provider's reason."""
    metering.event(*START)
    metering.event(*event("error", error={"type": "overloaded_error", "message": "canary"}))
    metering.close(WHOLE)
    entry = row(report)
    assert (entry["state"], entry["status"], entry["error"]) == ("failed", 200, "overloaded_error")
    assert entry["input_tokens"] == 1000
    assert "canary" not in str(entry)


@pytest.mark.parametrize("status", [400, 429, 500, 529])
def test_an_error_instead_of_an_answer_costs_nothing(
    metering: Metering, report: sqlite3.Connection, status: int
) -> None:
    """The provider charges no failed request."""
    metering.message(b'{"type": "error", "error": {"type": "some_error", "message": "canary"}}')
    closing = metering.close(replace(WHOLE, status=status))
    assert (closing.state, closing.error) == ("failed", "some_error")
    entry = row(report)
    assert (entry["status"], entry["cost"], entry["input_tokens"]) == (status, 0, None)
    assert str(status) in entry["cost_note"]


def test_an_upstream_that_cannot_be_reached(metering: Metering, report: sqlite3.Connection) -> None:
    """Whether anything was charged is not known, so it is not called nought."""
    ending = Ending(None, None, first_byte=None, size=0, cut="the upstream connection broke")
    closing = metering.close(ending)
    assert closing.cost.amount is None
    entry = row(report)
    assert (entry["state"], entry["status"], entry["first_byte_ms"]) == ("failed", None, None)
    assert (entry["cost"], entry["cost_note"]) == (None, "no answer came")


def test_an_unknown_model_is_counted_and_its_cost_is_unknown(
    metering: Metering, report: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A model that is newer than the price list must not look free, neither half-way nor in the end."""
    answer = message("claude-quartet-9", usage(input=1000, output=350))
    metering.event(*stream_of(answer)[0])
    metering.record_progress()
    assert (row(report)["cost"], row(report)["cost_note"]) == (None, "unknown model claude-quartet-9")
    for name, data in stream_of(answer)[1:]:
        metering.event(name, data)
    assert metering.close(WHOLE).cost.amount is None
    entry = row(report)
    assert (entry["state"], entry["input_tokens"], entry["output_tokens"]) == ("done", 1000, 350)
    assert (entry["cost"], entry["cost_note"]) == (None, "unknown model claude-quartet-9")
    assert "claude-quartet-9" in caplog.text


def test_an_answer_that_was_not_read(metering: Metering, report: sqlite3.Connection) -> None:
    """What came whole in an unknown encoding is done; its cost is unknown, and the entry says why."""
    metering.catch_up = lambda *, ended: "unreadable answer (UnreadableError)"
    metering.close(WHOLE)
    entry = row(report)
    assert (entry["state"], entry["status"]) == ("done", 200)
    assert entry["error"] == "unreadable answer (UnreadableError)"
    assert (entry["cost"], entry["input_tokens"]) == (None, None)


def test_an_answer_that_was_read_in_part(metering: Metering, report: sqlite3.Connection) -> None:
    """What was read before the reader gave up is kept; the cost is no more than the least."""
    metering.event(*START)
    metering.catch_up = lambda *, ended: "unreadable answer (ValueError)"
    metering.close(WHOLE)
    entry = row(report)
    assert (entry["input_tokens"], entry["error"]) == (1000, "unreadable answer (ValueError)")
    assert entry["cost_note"].startswith("broke off")


def test_damaged_events_never_raise(metering: Metering, report: sqlite3.Connection) -> None:
    """The reader stands beside a person's answer and must not break it."""
    metering.event(b"message_start", b"{")
    metering.event(b"message_delta", b'{"usage": 5}')
    metering.message(b"\xff")
    closing: Closing = metering.close(WHOLE)
    assert closing.cost.amount is None
    assert row(report)["cost_note"] == "the usage could not be read in full"


def test_a_ledger_that_fails_on_the_way_harms_no_answer(
    metering: Metering, ledger: Ledger, file: Path, report: sqlite3.Connection
) -> None:
    """When the disk fills up in mid-answer, the client's stream goes on, and the closing waits."""
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    streamed(metering, ANSWER)
    metering.record_progress()
    assert metering.close(WHOLE).state == "done"
    assert row(report)["state"] == "open"
    locker.execute("ROLLBACK")
    locker.close()
    ledger.shutdown()
    assert (row(report)["state"], row(report)["output_tokens"]) == ("done", 350)


def test_entries_that_end_together_are_closed_in_one_go(
    ledger: Ledger, connection: sqlite3.Connection, report: sqlite3.Connection
) -> None:
    """Hundreds of answers a second do not wait for as many commits; each is told with its own figures."""
    told = []
    closings = Closings(ledger, lambda opening, closing: told.append((opening.id, closing.state)))
    waiting = [Metering(ledger, PRICER, replace(OPENING, id=f"ccg-{number}"), Meter()) for number in range(5)]
    changes = connection.total_changes
    assert [closings.add(metering, WHOLE) for metering in waiting] == [True, False, False, False, False]
    assert connection.total_changes == changes
    closings.write()
    assert told == [(f"ccg-{number}", "done") for number in range(5)]
    states = report.execute("SELECT state FROM entries WHERE id LIKE 'ccg-_'").fetchall()
    assert [state for (state,) in states] == ["done"] * 5
    assert closings.add(waiting[0], WHOLE)
