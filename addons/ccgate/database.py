"""The one SQLite file: clients and the ledger, opened safely by several processes at once.

It stands beside the rooms because two of them share it: admission keeps its clients in it, accounting
its entries. Here are the schema and the way to open it; what the tables mean is said where they are used.

WAL lets a report read while a gateway writes. `synchronous=NORMAL` keeps a commit at some 15 µs and
loses nothing when a process dies; a power cut may lose the last moments, never the file. The busy
timeout is short, because a gateway writes on its event loop: a writer waits for another gateway's
commit, not for a person who holds the file in a shell.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

from ccgate.errors import StoreError

APPLICATION_ID = 0x63636774
"""`PRAGMA application_id` of a ccgate database: "ccgt" in ASCII."""

BUSY_MS = 250
"""How long a statement waits for another process's write, in milliseconds."""

OPENING_SECONDS = 10.0
"""How long opening waits for another process that makes or migrates the same file."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE clients (
            name TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            token_hash BLOB NOT NULL UNIQUE,
            created_at TEXT NOT NULL,
            rotated_at TEXT,
            revoked_at TEXT
        ) STRICT
        """,
        """
        CREATE TABLE entries (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            instance TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed', 'aborted', 'interrupted')),
            started_at TEXT NOT NULL,
            ended_at TEXT,
            client TEXT NOT NULL,
            owner TEXT NOT NULL,
            session_id TEXT,
            agent_id TEXT,
            parent_agent_id TEXT,
            path TEXT NOT NULL,
            streamed INTEGER NOT NULL,
            model_asked TEXT,
            model_served TEXT,
            service_tier TEXT,
            speed TEXT,
            inference_geo TEXT,
            stop_reason TEXT,
            input_tokens INTEGER,
            cache_write_5m_tokens INTEGER,
            cache_write_1h_tokens INTEGER,
            cache_read_tokens INTEGER,
            output_tokens INTEGER,
            web_searches INTEGER,
            iterations TEXT,
            cost INTEGER,
            cost_note TEXT,
            status INTEGER,
            error TEXT,
            upstream_request_id TEXT,
            first_byte_ms REAL,
            total_ms REAL,
            request_bytes INTEGER NOT NULL,
            response_bytes INTEGER
        ) STRICT
        """,
        # Reports read a span of time and group what they find. An index on owner, client, model or session
        # makes no such report faster (measured with 300,000 entries) and every opening up to 9 µs slower.
        # There is none on id either: a gateway knows its entries by number. None on state: only a start and
        # a report ask for the open ones, which takes some 20 ms in 300,000 entries.
        "CREATE INDEX entries_by_time ON entries (started_at)",
    ),
)
"""The steps from an empty file to today's schema; `PRAGMA user_version` counts those taken.

A step that has been released is never changed: a new one is added after it.
"""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database, made or migrated when needed, in autocommit mode and usable from any thread.

    The file and SQLite's own two beside it get mode 0600. Its folder has to exist.

    Raises:
        StoreError: it is not a ccgate database, is from a newer ccgate, or cannot be read or written.
    """
    connection = None
    try:
        _private_file(path)
        connection = sqlite3.connect(
            path, timeout=OPENING_SECONDS, isolation_level=None, check_same_thread=False
        )
        # In one transaction, or a file that another process makes meanwhile would look like a stranger's.
        connection.execute("BEGIN")
        _refuse_strangers(connection, path)
        connection.execute("COMMIT")
        _write_ahead(connection, path)
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection, path)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    except (sqlite3.Error, OSError, StoreError) as e:
        if connection is not None:
            connection.close()
        if isinstance(e, StoreError):
            raise
        raise store_error(path, e) from e
    return connection


def checkpoint(path: Path) -> None:
    """Carry what the write-ahead log holds into the file itself, without keeping writers waiting.

    It waits for the disk, so it is not for an event loop. A gateway calls it now and then, instead of
    letting a commit pay for it.

    Raises:
        StoreError: it cannot be done now; nothing is lost, the log only grows.
    """
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except sqlite3.Error as e:
        raise store_error(path, e) from e


def store_error(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """The sentence for a failure of the file: what is wrong with it, and the mend."""
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        mend = "make it a file that you can read and write, or point CCGATE_HOME elsewhere"
        return StoreError(f"{path}: the database cannot be used ({reason}); {mend}")
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF
    reason, mend = _SENTENCES.get(code, (str(error), "mend the file, or point CCGATE_HOME elsewhere"))
    return StoreError(f"{path}: {reason}; {mend}")


_ELSEWHERE = "point CCGATE_HOME elsewhere"
_SENTENCES = {
    sqlite3.SQLITE_NOTADB: ("is not a SQLite database", f"move the file away, or {_ELSEWHERE}"),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", f"restore the file from a backup, or {_ELSEWHERE}"),
    sqlite3.SQLITE_FULL: ("the disk or the database is full", f"free some space, or {_ELSEWHERE}"),
    sqlite3.SQLITE_READONLY: (
        "the database or its folder is read-only",
        f"make both writable for you, or {_ELSEWHERE}",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened",
        f"make the file and its folder readable and writable for you, or {_ELSEWHERE}",
    ),
    sqlite3.SQLITE_PERM: ("the database may not be read", f"make it yours, or {_ELSEWHERE}"),
    sqlite3.SQLITE_IOERR: ("the disk fails to read or write", f"check it and its space, or {_ELSEWHERE}"),
    sqlite3.SQLITE_BUSY: ("another process holds the database", "end the long write, then try again"),
}


def _private_file(path: Path) -> None:
    """Make the file before SQLite does, because SQLite gives its own files the mode of this one."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if stat.S_IMODE(os.fstat(handle).st_mode) != 0o600:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse, before anything is written, what another program or a newer ccgate wrote."""
    application = _pragma(connection, "application_id")
    if application != APPLICATION_ID:
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if application or tables:
            raise StoreError(
                f"{path}: is the database of another program; move the file away, or {_ELSEWHERE}"
            )
    elif _pragma(connection, "user_version") > len(MIGRATIONS):
        raise StoreError(f"{path}: was written by a newer ccgate; update ccgate or {_ELSEWHERE}")


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """Switch the file to WAL, once in its life.

    SQLite does not wait when two connections want to switch at the same moment, so this does.
    """
    deadline = time.monotonic() + OPENING_SECONDS
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            raise StoreError(f"{path}: its disk cannot hold a database that several share; {_ELSEWHERE}")
        return


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Take the missing steps in one transaction; a second process waits, then finds nothing to do."""
    if _pragma(connection, "user_version") == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _refuse_strangers(connection, path)
        for step in MIGRATIONS[_pragma(connection, "user_version") :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has already rolled the transaction back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
