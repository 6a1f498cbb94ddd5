"""The journal of what was asked for: an entry opens when a request leaves, and closes when its answer ends.

An entry is committed before its request may leave, and what the answer tells of its usage is in it as
soon as it is told. So whatever happens to the process, what left is on record; the entries that a dead
gateway has left open are marked `interrupted` by the next one, or by whoever asks for a report.

Money is stored as whole picodollars (10⁻¹² USD). The smallest price there is, a cached token of the
smallest model in a batch, is 5500 of them with every multiplier applied, so nothing is rounded; and an
integer adds up ten times faster than text that has to be parsed: 45 ms for a million entries. A sum may
pass what SQLite's integers hold, at nine million dollars, so reports add dollars' millionths and the rest
apart. NULL is a cost that is not known; `cost_note` says why.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Iterable
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ccgate.accounting.bill import counted
from ccgate.accounting.bill import parts
from ccgate.accounting.entry import Closing
from ccgate.accounting.entry import Opening
from ccgate.accounting.instance import Instance
from ccgate.accounting.instance import is_alive
from ccgate.accounting.metered import Metered
from ccgate.accounting.metered import one_line
from ccgate.accounting.prices import Cost
from ccgate.database import store_error
from ccgate.errors import StoreError

MAX_UNWRITTEN = 1000
"""How many closings are kept while the database cannot be written; no request leaves meanwhile."""

PICO = 12
"""Decimal places of a dollar that are stored."""

logger = logging.getLogger(__name__)

_OPEN = """
INSERT INTO entries (id, instance, state, started_at, client, owner, session_id, agent_id,
    parent_agent_id, model_asked, streamed, path, request_bytes)
VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_METERED = """
    model_served = :model_served, service_tier = :service_tier, speed = :speed,
    inference_geo = :inference_geo, stop_reason = :stop_reason, input_tokens = :input,
    cache_write_5m_tokens = :cache_write_5m, cache_write_1h_tokens = :cache_write_1h,
    cache_read_tokens = :cache_read, output_tokens = :output, web_searches = :web_searches,
    iterations = :iterations, cost = :cost, cost_note = :cost_note
"""

_PROGRESS = f"UPDATE entries SET {_METERED} WHERE number = :number AND state = 'open'"  # noqa: S608

# An entry that another process has taken for interrupted is closed all the same: this one knows better.
_CLOSE = f"""
UPDATE entries SET state = :state, ended_at = :ended_at, status = :status, error = :error,
    upstream_request_id = :upstream_request_id, first_byte_ms = :first_byte_ms, total_ms = :total_ms,
    response_bytes = :response_bytes, {_METERED}
WHERE number = :number AND state IN ('open', 'interrupted')
"""  # noqa: S608

_CLOSE_UNMETERED = """
UPDATE entries SET state = :state, ended_at = :ended_at, status = :status, error = :error,
    upstream_request_id = :upstream_request_id, first_byte_ms = :first_byte_ms, total_ms = :total_ms,
    response_bytes = :response_bytes, cost = :cost, cost_note = :cost_note
WHERE number = :number AND state IN ('open', 'interrupted')
"""

_INTERRUPT = """
UPDATE entries SET state = 'interrupted', cost_note = COALESCE(cost_note, 'the gateway ended first')
WHERE state = 'open' AND instance = ?
"""


class Ledger:
    """The ledger of one running gateway, for use from one thread.

    Args:
        connection: from `open_database`; it stays the caller's to close.
        run_folder: where running gateways keep their locks.

    Raises:
        StoreError: the lock cannot be taken, or the database cannot be written.
    """

    def __init__(self, connection: sqlite3.Connection, run_folder: Path) -> None:
        self._connection = connection
        self._path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
        self._file = self._file_now()
        self._numbers: dict[str, int | None] = {}
        self._unwritten: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MAX_UNWRITTEN)
        self._instance = Instance(run_folder)
        try:
            reap(connection, run_folder)
        except sqlite3.Error as e:
            self._instance.release()
            raise store_error(self._path, e) from e

    @property
    def instance(self) -> str:
        """The id of this gateway in `entries.instance`."""
        return self._instance.id

    @property
    def unwritten(self) -> int:
        """How many closings wait for the database to be writable again."""
        return len(self._unwritten)

    def open(self, opening: Opening) -> None:
        """Record that a request leaves; it is committed when this returns.

        Raises:
            StoreError: it cannot be recorded, so the request must not leave.
        """
        if self._file_now() != self._file:
            raise StoreError(
                f"{self._path}: the database was moved or replaced while ccgate runs; "
                "put it back, or start ccgate again"
            )
        try:
            self._flush()
            cursor = self._connection.execute(_OPEN, self._opening(opening))
            self._numbers[opening.id] = cursor.lastrowid
        except sqlite3.Error as e:
            raise store_error(self._path, e) from e

    def progress(self, entry: str, metered: Metered, cost: Cost) -> None:
        """Record what an answer has told so far. Never raises: closing will tell it again."""
        try:
            row = {"number": self._numbers.get(entry), **_metered(metered), **_cost(cost)}
            self._connection.execute(_PROGRESS, row)
        except Exception as e:
            logger.error("entry %s: its progress cannot be written: %s", entry, _name_of(e))

    def close(self, entry: str, closing: Closing) -> None:
        """Record how an answer ended. Never raises; see `close_all`."""
        self.close_all([(entry, closing)])

    def close_all(self, closings: Iterable[tuple[str, Closing]]) -> None:
        """Record how answers ended, all in one transaction. Never raises.

        What cannot be written is kept and tried again with the next entry; until then none opens.
        """
        for entry, closing in closings:
            self._prepare(entry, closing)
        try:
            self._flush()
        except Exception as e:
            logger.error("%d entries cannot be closed yet: %s", self.unwritten, _name_of(e))

    def _prepare(self, entry: str, closing: Closing) -> None:
        if closing.cost.amount is None:
            logger.warning("entry %s: cost unknown: %s", entry, closing.cost.reason)
        try:
            number = self._numbers.pop(entry, None)
            row = {"id": entry, "number": number, **_closing(closing), **_cost(closing.cost)}
            statement = _CLOSE_UNMETERED
            if closing.metered is not None:
                row.update(_metered(closing.metered))
                statement = _CLOSE
        except Exception as e:
            logger.error("entry %s cannot be closed: %s", entry, _name_of(e))
            return
        if len(self._unwritten) == MAX_UNWRITTEN:
            logger.error("entry %s stays open: too many wait to be written", self._unwritten[0][1]["id"])
        self._unwritten.append((statement, row))

    def shutdown(self) -> None:
        """Write what waits, and give the lock back unless answers still run. Never raises.

        The ledger can still close entries afterwards: answers that are cut by the end of the process
        tell so late. What stays open even then is found by the next gateway, when this process has gone.
        """
        try:
            self._flush()
            running = self._connection.execute(
                "SELECT EXISTS (SELECT 1 FROM entries WHERE state = 'open' AND instance = ?)",
                (self.instance,),
            ).fetchone()[0]
            if not running:
                self._instance.release()
        except Exception as e:
            logger.error("%d entries stay open: %s", self.unwritten, _name_of(e))

    def _opening(self, opening: Opening) -> tuple[object, ...]:
        return (
            opening.id,
            self.instance,
            timestamp(opening.started_at),
            one_line(opening.client),
            one_line(opening.owner),
            _line(opening.session_id),
            _line(opening.agent_id),
            _line(opening.parent_agent_id),
            _line(opening.model_asked),
            opening.streamed,
            one_line(opening.path),
            opening.request_bytes,
        )

    def _flush(self) -> None:
        """Write what waits, all of it or nothing."""
        if not self._unwritten:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, row in self._unwritten:
                self._write(statement, row)
            self._connection.execute("COMMIT")
        except BaseException:
            # A full disk has already rolled the transaction back by itself.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._unwritten.clear()

    def _write(self, statement: str, row: Mapping[str, Any]) -> None:
        try:
            found = self._connection.execute(statement, row).rowcount
        except Exception as e:
            if isinstance(e, sqlite3.Error) and not isinstance(e, sqlite3.IntegrityError):
                raise
            # What no database would take is not tried again: it would hold up every later request.
            logger.error("entry %s cannot be closed: %s", row["id"], _name_of(e))
            return
        if not found:
            logger.error("entry %s is not open and cannot be closed", row["id"])

    def _file_now(self) -> tuple[int, int] | None:
        """What the database's path leads to; SQLite would go on writing to a file that was removed."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def reap(connection: sqlite3.Connection, run_folder: Path) -> int:
    """Mark the open entries of gateways that no longer run as interrupted; returns how many there were."""
    instances = connection.execute("SELECT DISTINCT instance FROM entries WHERE state = 'open'").fetchall()
    return sum(
        connection.execute(_INTERRUPT, (instance,)).rowcount
        for (instance,) in instances
        if not is_alive(run_folder, instance)
    )


def timestamp(moment: datetime) -> str:
    """A time as it is stored: UTC, to the millisecond, of fixed width, so that text sorts as time."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def to_pico(amount: Decimal) -> int:
    """Dollars as stored."""
    return int(amount.scaleb(PICO).to_integral_value())


def from_pico(stored: int) -> Decimal:
    """Dollars of what is stored, exact."""
    return Decimal(stored).scaleb(-PICO)


def _closing(closing: Closing) -> dict[str, Any]:
    return {
        "state": closing.state,
        "ended_at": timestamp(closing.ended_at),
        "status": closing.status,
        "error": _line(closing.error),
        "upstream_request_id": _line(closing.upstream_request_id),
        "first_byte_ms": closing.first_byte_ms,
        "total_ms": closing.total_ms,
        "response_bytes": closing.response_bytes,
    }


def _metered(metered: Metered) -> dict[str, Any]:
    tokens = counted(metered)
    return {
        "model_served": metered.model_served,
        "service_tier": metered.service_tier,
        "speed": metered.speed,
        "inference_geo": metered.inference_geo,
        "stop_reason": metered.stop_reason,
        "input": tokens.input,
        "cache_write_5m": tokens.cache_write_5m,
        "cache_write_1h": tokens.cache_write_1h,
        "cache_read": tokens.cache_read,
        "output": tokens.output,
        "web_searches": tokens.web_searches,
        "iterations": msgspec.json.encode(parts(metered)).decode() if metered.iterations else None,
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {"cost": None if cost.amount is None else to_pico(cost.amount), "cost_note": _line(cost.reason)}


def _line(text: str | None) -> str | None:
    return None if text is None else one_line(text)


def _name_of(error: Exception) -> str:
    """An error without its text, which may quote what was to be written."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
