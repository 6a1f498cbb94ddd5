"""The ledger on real files: what leaves is on record, whatever happens to disk and process."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.accounting import ledger as module
from ccgate.accounting.entry import Closing
from ccgate.accounting.entry import Opening
from ccgate.accounting.ledger import Ledger
from ccgate.accounting.ledger import from_pico
from ccgate.accounting.ledger import reap
from ccgate.accounting.ledger import timestamp
from ccgate.accounting.ledger import to_pico
from ccgate.accounting.metered import Iteration
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import Tokens
from ccgate.accounting.prices import Cost
from ccgate.database import open_database
from ccgate.errors import StoreError

ADDONS = Path(module.__file__).parents[2]
NOW = datetime(2026, 11, 21, 5, 0, 0, 123456, tzinfo=UTC)
OPENING = Opening(
    id="flow-1",
    started_at=NOW,
    client="laptop",
    owner="ann",
    session_id="s",
    agent_id="a",
    parent_agent_id="p",
    model_asked="claude-opus-5",
    streamed=True,
    path="/v1/messages",
    request_bytes=1234,
)
METERED = Metered(
    model_served="claude-opus-5",
    tokens=Tokens(1, 2, 3, 4, 5, 6),
    service_tier="standard",
    speed="fast",
    inference_geo="us",
    stop_reason="end_turn",
    complete=True,
)
CLOSING = Closing(
    state="done",
    ended_at=NOW + timedelta(seconds=2),
    status=200,
    first_byte_ms=12.5,
    total_ms=2000.0,
    response_bytes=5678,
    upstream_request_id="req_1",
    error=None,
    metered=METERED,
    cost=Cost(Decimal("0.012345678901")),
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path / "ccgate.sqlite3")
    yield connection
    connection.close()


@pytest.fixture
def ledger(connection: sqlite3.Connection, run: Path) -> Iterator[Ledger]:
    ledger = Ledger(connection, run)
    yield ledger
    ledger.shutdown()


def entry(connection: sqlite3.Connection, name: str = "flow-1") -> dict[str, Any]:
    cursor = connection.execute("SELECT * FROM entries WHERE id = ?", (name,))
    columns = [column[0] for column in cursor.description]
    return dict(zip(columns, cursor.fetchone(), strict=True))


def count(connection: sqlite3.Connection, state: str) -> int:
    found: int = connection.execute("SELECT count(*) FROM entries WHERE state = ?", (state,)).fetchone()[0]
    return found


def test_an_opening_is_committed_when_open_returns(ledger: Ledger, tmp_path: Path) -> None:
    ledger.open(OPENING)
    other = open_database(tmp_path / "ccgate.sqlite3")
    found = entry(other)
    other.close()
    assert {name: value for name, value in found.items() if value is not None} == {
        "number": 1,
        "id": "flow-1",
        "instance": ledger.instance,
        "state": "open",
        "started_at": "2026-11-21T05:00:00.123Z",
        "client": "laptop",
        "owner": "ann",
        "session_id": "s",
        "agent_id": "a",
        "parent_agent_id": "p",
        "path": "/v1/messages",
        "streamed": 1,
        "model_asked": "claude-opus-5",
        "request_bytes": 1234,
    }


def test_a_closed_entry_has_everything(ledger: Ledger, connection: sqlite3.Connection) -> None:
    ledger.open(OPENING)
    ledger.close("flow-1", CLOSING)
    found = entry(connection)
    assert found["iterations"] is None
    assert found["cost_note"] is None
    assert found["error"] is None
    assert {name: found[name] for name in found if name not in {"iterations", "cost_note", "error"}} == {
        "number": 1,
        "id": "flow-1",
        "instance": ledger.instance,
        "state": "done",
        "started_at": "2026-11-21T05:00:00.123Z",
        "ended_at": "2026-11-21T05:00:02.123Z",
        "client": "laptop",
        "owner": "ann",
        "session_id": "s",
        "agent_id": "a",
        "parent_agent_id": "p",
        "path": "/v1/messages",
        "streamed": 1,
        "model_asked": "claude-opus-5",
        "model_served": "claude-opus-5",
        "service_tier": "standard",
        "speed": "fast",
        "inference_geo": "us",
        "stop_reason": "end_turn",
        "input_tokens": 1,
        "cache_write_5m_tokens": 2,
        "cache_write_1h_tokens": 3,
        "cache_read_tokens": 4,
        "output_tokens": 5,
        "web_searches": 6,
        "cost": 12345678901,
        "status": 200,
        "upstream_request_id": "req_1",
        "first_byte_ms": 12.5,
        "total_ms": 2000.0,
        "request_bytes": 1234,
        "response_bytes": 5678,
    }


def test_iterations_are_kept_and_counted(ledger: Ledger, connection: sqlite3.Connection) -> None:
    """Tokens in the columns are all that was counted, so that they stand for the cost beside them."""
    steps = (
        Iteration("compaction", None, Tokens(100, output=10)),
        Iteration("message", None, Tokens(1, output=5)),
    )
    ledger.open(OPENING)
    metered = replace(METERED, tokens=Tokens(1, output=5), iterations=steps)
    ledger.close("flow-1", replace(CLOSING, metered=metered))
    found = entry(connection)
    assert (found["input_tokens"], found["output_tokens"]) == (101, 15)
    assert [(one["kind"], one["model"], one["charged"]) for one in json.loads(found["iterations"])] == [
        ("compaction", "claude-opus-5", True),
        ("message", "claude-opus-5", True),
    ]


def test_progress_is_there_before_the_end(ledger: Ledger, connection: sqlite3.Connection) -> None:
    ledger.open(OPENING)
    ledger.progress("flow-1", METERED, Cost(Decimal("0.5"), "broke off"))
    found = entry(connection)
    assert (found["state"], found["input_tokens"], found["model_served"]) == ("open", 1, "claude-opus-5")
    assert (found["cost"], found["cost_note"]) == (500_000_000_000, "broke off")


def test_an_end_without_usage_keeps_what_progress_told(
    ledger: Ledger, connection: sqlite3.Connection
) -> None:
    ledger.open(OPENING)
    ledger.progress("flow-1", METERED, Cost(Decimal("0.5")))
    ledger.close("flow-1", replace(CLOSING, state="aborted", metered=None, cost=Cost(Decimal("0.5"))))
    found = entry(connection)
    assert (found["state"], found["input_tokens"], found["cost"]) == ("aborted", 1, 500_000_000_000)


def test_progress_after_the_end_changes_nothing(ledger: Ledger, connection: sqlite3.Connection) -> None:
    ledger.open(OPENING)
    ledger.close("flow-1", CLOSING)
    ledger.progress("flow-1", replace(METERED, tokens=Tokens()), Cost(None))
    assert entry(connection)["cost"] == 12345678901


def test_an_unknown_cost_is_null_and_warned_of(
    ledger: Ledger, connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A nought would look like a price."""
    ledger.open(OPENING)
    ledger.close("flow-1", replace(CLOSING, cost=Cost(None, "unknown model x")))
    found = entry(connection)
    assert (found["cost"], found["cost_note"]) == (None, "unknown model x")
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [
        (logging.WARNING, "entry flow-1: cost unknown: unknown model x")
    ]


def test_what_headers_can_hold_does_not_stop_the_entry(
    ledger: Ledger, connection: sqlite3.Connection
) -> None:
    """Bytes that are no UTF-8 become surrogates, which SQLite refuses."""
    ledger.open(replace(OPENING, session_id="\udcff" + "x" * 500, model_asked="a\nb"))
    found = entry(connection)
    assert found["session_id"] == "?" + "x" * 119
    assert found["model_asked"] == "a?b"


def test_an_entry_that_is_not_open_is_told(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    ledger.close("never", CLOSING)
    assert caplog.messages == ["entry never is not open and cannot be closed"]
    assert ledger.unwritten == 0


def fill(connection: sqlite3.Connection) -> None:
    """Make the database full for real: no page more than it has, and none of them free."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        for number in range(100_000):
            connection.execute(
                "INSERT INTO clients VALUES (?, '', randomblob(32), '', NULL, NULL)", (f"filler-{number}",)
            )
    except sqlite3.OperationalError:
        return
    raise AssertionError("the database did not become full")


def make_room(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def test_a_full_database_lets_no_request_leave(ledger: Ledger, connection: sqlite3.Connection) -> None:
    fill(connection)
    with pytest.raises(StoreError, match="the disk or the database is full; free some space"):
        for number in range(1000):
            ledger.open(replace(OPENING, id=str(number)))


def test_a_closing_that_cannot_be_written_waits_and_nothing_opens_meanwhile(
    ledger: Ledger, connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """The operator has to know that the ledger fails; answers that run are still accounted for."""
    ledger.open(OPENING)
    ledger.open(replace(OPENING, id="flow-2"))
    connection.execute("PRAGMA query_only = 1")
    ledger.close("flow-1", CLOSING)
    ledger.close("flow-2", CLOSING)
    assert ledger.unwritten == 2
    assert [one.levelno for one in caplog.records] == [logging.ERROR] * 2
    assert caplog.messages[1] == "2 entries cannot be closed yet: SQLITE_READONLY"
    with pytest.raises(StoreError, match="read-only"):
        ledger.open(replace(OPENING, id="flow-3"))
    assert count(connection, "open") == 2
    connection.execute("PRAGMA query_only = 0")
    ledger.open(replace(OPENING, id="flow-3"))
    assert ledger.unwritten == 0
    assert (count(connection, "done"), count(connection, "open")) == (2, 1)


def test_the_next_closing_writes_what_waits(ledger: Ledger, connection: sqlite3.Connection) -> None:
    ledger.open(OPENING)
    ledger.open(replace(OPENING, id="flow-2"))
    connection.execute("PRAGMA query_only = 1")
    ledger.close("flow-1", CLOSING)
    connection.execute("PRAGMA query_only = 0")
    ledger.close("flow-2", CLOSING)
    assert count(connection, "done") == 2


def test_shutdown_writes_what_waits(ledger: Ledger, connection: sqlite3.Connection, run: Path) -> None:
    ledger.open(OPENING)
    connection.execute("PRAGMA query_only = 1")
    ledger.close("flow-1", CLOSING)
    connection.execute("PRAGMA query_only = 0")
    ledger.shutdown()
    assert count(connection, "done") == 1
    assert list(run.iterdir()) == []


def test_shutdown_says_what_it_could_not_write(
    ledger: Ledger, connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.open(OPENING)
    connection.execute("PRAGMA query_only = 1")
    ledger.close("flow-1", CLOSING)
    ledger.shutdown()
    connection.execute("PRAGMA query_only = 0")
    assert caplog.messages[-1] == "1 entries stay open: SQLITE_READONLY"


def test_answers_cut_by_the_end_can_still_close(ledger: Ledger, connection: sqlite3.Connection) -> None:
    """mitmproxy tells of answers that it cuts only after it has told that it ends."""
    ledger.open(OPENING)
    ledger.shutdown()
    ledger.close("flow-1", replace(CLOSING, state="aborted"))
    assert entry(connection)["state"] == "aborted"


def test_closings_that_wait_are_bounded(
    ledger: Ledger,
    connection: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "MAX_UNWRITTEN", 2)
    bounded = Ledger(
        connection, Path(connection.execute("PRAGMA database_list").fetchone()[2]).parent / "run"
    )
    connection.execute("PRAGMA query_only = 1")
    for name in ("1", "2", "3"):
        bounded.close(name, CLOSING)
    connection.execute("PRAGMA query_only = 0")
    assert bounded.unwritten == 2
    assert "entry 1 stays open: too many wait to be written" in caplog.messages


@pytest.mark.parametrize("replacement", ["gone", "folder", "another"])
def test_a_database_that_was_replaced_lets_no_request_leave(
    ledger: Ledger, tmp_path: Path, replacement: str
) -> None:
    """SQLite would write on into a file that no report will ever see."""
    path = tmp_path / "ccgate.sqlite3"
    path.rename(tmp_path / "moved")
    if replacement == "folder":
        path.mkdir()
    elif replacement == "another":
        path.touch()
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3: the database was moved or replaced"):
        ledger.open(OPENING)


def test_a_writer_that_holds_the_database_is_waited_for_then_refused(ledger: Ledger, tmp_path: Path) -> None:
    other = open_database(tmp_path / "ccgate.sqlite3")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process holds the database"):
        ledger.open(OPENING)
    other.execute("ROLLBACK")
    other.close()
    ledger.open(OPENING)


def test_neither_progress_nor_close_ever_raises(
    ledger: Ledger, connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """They run beside an answer that must reach its client; what they say has no content in it."""
    ledger.open(OPENING)
    impossible: Any = replace(METERED, tokens=Tokens(input=2**70))
    ledger.progress("flow-1", impossible, Cost(None))
    ledger.close("flow-1", replace(CLOSING, metered=impossible))
    ledger.close("flow-1", replace(CLOSING, cost=Cost(Decimal("NaN"))))
    assert "entry flow-1: its progress cannot be written: OverflowError" in caplog.messages
    assert "entry flow-1 cannot be closed: ValueError" in caplog.messages


@pytest.mark.parametrize(
    "closing",
    [
        replace(CLOSING, metered=replace(METERED, tokens=Tokens(input=2**70))),
        replace(CLOSING, first_byte_ms="soon"),  # type: ignore[arg-type]
    ],
)
def test_a_closing_that_can_never_be_written_does_not_block_the_gateway(
    ledger: Ledger, connection: sqlite3.Connection, closing: Closing
) -> None:
    ledger.open(OPENING)
    connection.execute("PRAGMA query_only = 1")
    ledger.close("flow-1", closing)
    connection.execute("PRAGMA query_only = 0")
    ledger.open(replace(OPENING, id="flow-2"))
    assert ledger.unwritten == 0


def test_a_gateway_that_runs_is_not_interrupted(
    ledger: Ledger, connection: sqlite3.Connection, run: Path
) -> None:
    ledger.open(OPENING)
    assert reap(connection, run) == 0
    second = Ledger(connection, run)
    assert entry(connection)["state"] == "open"
    second.shutdown()


KILLED = """
import pathlib, sys, time
from tests.accounting.test_ledger import CLOSING, METERED, OPENING
from dataclasses import replace
from decimal import Decimal
from ccgate.accounting.ledger import Ledger
from ccgate.accounting.prices import Cost
from ccgate.database import open_database
folder = pathlib.Path(sys.argv[1])
ledger = Ledger(open_database(folder / "ccgate.sqlite3"), folder / "run")
for name in ("told", "silent", "closed"):
    ledger.open(replace(OPENING, id=name))
ledger.progress("told", METERED, Cost(Decimal("0.25"), "broke off"))
ledger.close("closed", CLOSING)
print("ready", flush=True)
time.sleep(60)
"""


def test_after_kill_9_entries_say_interrupted_with_what_was_known(tmp_path: Path, run: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ADDONS}{os.pathsep}{ADDONS.parent}"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    connection = open_database(tmp_path / "ccgate.sqlite3")
    assert reap(connection, run) == 0
    process.send_signal(signal.SIGKILL)
    process.communicate()

    ledger = Ledger(connection, run)
    told, silent = entry(connection, "told"), entry(connection, "silent")
    assert (told["state"], told["input_tokens"], told["cost"]) == ("interrupted", 1, 250_000_000_000)
    assert told["cost_note"] == "broke off"
    assert (silent["state"], silent["cost"]) == ("interrupted", None)
    assert silent["cost_note"] == "the gateway ended first"
    assert entry(connection, "closed")["state"] == "done"
    assert [path.stem for path in run.iterdir()] == [ledger.instance]
    ledger.shutdown()
    connection.close()


WRITER = """
import pathlib, sys
from tests.accounting.test_ledger import CLOSING, METERED, OPENING
from dataclasses import replace
from ccgate.accounting.ledger import Ledger
from ccgate.database import open_database
folder = pathlib.Path(sys.argv[1])
ledger = Ledger(open_database(folder / "ccgate.sqlite3"), folder / "run")
for number in range(300):
    name = f"{ledger.instance}-{number}"
    ledger.open(replace(OPENING, id=name))
    ledger.progress(name, METERED, CLOSING.cost)
    ledger.close(name, CLOSING)
assert ledger.unwritten == 0
ledger.shutdown()
"""


def test_two_gateways_write_into_one_ledger(tmp_path: Path, run: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": f"{ADDONS}{os.pathsep}{ADDONS.parent}"},
        )
        for _ in range(2)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    connection = open_database(tmp_path / "ccgate.sqlite3")
    found = connection.execute("SELECT count(*), count(DISTINCT instance), sum(cost) FROM entries").fetchone()
    assert found == (600, 2, 600 * 12345678901)
    assert count(connection, "done") == 600
    connection.close()


@given(st.integers(0, 10**18).map(lambda pico: Decimal(pico).scaleb(-12)))
def test_money_is_stored_exactly(amount: Decimal) -> None:
    assert from_pico(to_pico(amount)) == amount


@given(
    st.lists(
        st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
        min_size=2,
        max_size=5,
    )
)
def test_times_sort_as_text(moments: list[datetime]) -> None:
    """A report's since and until compare text."""
    texts = [timestamp(moment) for moment in sorted(moments)]
    assert texts == sorted(texts)
    assert {len(text) for text in texts} == {24}


def test_times_are_stored_in_utc() -> None:
    there = datetime(2026, 11, 21, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(there) == "2026-11-20T23:30:00.000Z"
