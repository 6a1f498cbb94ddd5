"""The shared database: what it makes, what it refuses, and that processes do not get in each other's way."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ccgate import database
from ccgate.database import APPLICATION_ID
from ccgate.database import MIGRATIONS
from ccgate.database import checkpoint
from ccgate.database import open_database
from ccgate.errors import StoreError

ADDONS = Path(database.__file__).parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ccgate.sqlite3"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_fresh_file_has_schema_identity_and_wal(path: Path) -> None:
    connection = open_database(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (database.BUSY_MS,)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables == {"clients", "entries"}
    assert connection.execute(
        "SELECT DISTINCT strict FROM pragma_table_list WHERE schema = 'main' AND name "
        "IN ('clients', 'entries')"
    ).fetchall() == [(1,)]
    connection.close()


def test_nobody_else_on_the_machine_can_read_it(path: Path) -> None:
    """The umask must not decide who reads owners' names and costs, and neither must an old file's mode."""
    path.touch(mode=0o644)
    path.chmod(0o644)
    previous = os.umask(0)
    try:
        connection = open_database(path)
        connection.execute("INSERT INTO clients VALUES ('a', 'b', x'00', 'now', NULL, NULL)")
        beside = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        assert [mode(one) for one in beside] == [0o600] * 3
        connection.close()
    finally:
        os.umask(previous)


def test_what_was_written_is_there_when_opened_again(path: Path) -> None:
    first = open_database(path)
    first.execute("INSERT INTO clients VALUES ('laptop', 'ann', x'00', 'now', NULL, NULL)")
    first.close()
    second = open_database(path)
    assert second.execute("SELECT owner FROM clients").fetchall() == [("ann",)]
    second.close()


def test_a_newer_version_is_left_alone(path: Path) -> None:
    connection = open_database(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3: was written by a newer ccgate; update ccgate or"):
        open_database(path)
    assert path.read_bytes() == before


def test_an_older_version_takes_only_the_missing_steps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update must keep what the ledger holds."""
    connection = open_database(path)
    connection.execute("INSERT INTO clients VALUES ('laptop', 'ann', x'00', 'now', NULL, NULL)")
    connection.close()
    monkeypatch.setattr(
        database, "MIGRATIONS", (*MIGRATIONS, ("ALTER TABLE clients ADD COLUMN note TEXT DEFAULT 'new'",))
    )
    connection = open_database(path)
    assert connection.execute("SELECT owner, note FROM clients").fetchall() == [("ann", "new")]
    connection.close()


def test_a_step_that_fails_leaves_the_old_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_database(path).close()
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE more (x TEXT)", "not SQL")))
    with pytest.raises(StoreError, match="syntax error"):
        open_database(path)
    monkeypatch.undo()
    connection = open_database(path)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").fetchone() == (0,)
    connection.close()


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(StoreError, match="the database of another program; move the file away"):
        open_database(path)


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"these are my notes, and not a database at all. " * 30)
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3: is not a SQLite database; move the file away"):
        open_database(path)


def test_a_folder_in_its_place(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3: .*Is a directory.*CCGATE_HOME"):
        open_database(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"No such file or directory.*CCGATE_HOME"):
        open_database(tmp_path / "gone" / "ccgate.sqlite3")


def test_a_damaged_file_says_so(path: Path) -> None:
    connection = open_database(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xa5" * 3996
    path.write_bytes(content)
    with pytest.raises(StoreError, match="the database is damaged; restore the file from a backup"):
        open_database(path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "the disk or the database is full; free some space"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "the database or its folder is read-only; make both writable"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened; make the file and its folder readable"),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk fails to read or write"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another process holds the database"),
    ],
)
def test_each_failure_of_sqlite_names_its_mend(path: Path, code: int, words: str) -> None:
    """Extended codes count as their primary one, or a full disk would read as 'unknown error'."""
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    assert words in str(database.store_error(path, error))


def test_a_full_database_is_reported_as_full(path: Path) -> None:
    connection = open_database(path)
    connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError) as caught:
        for number in range(1000):
            connection.execute(
                "INSERT INTO clients VALUES (?, ?, randomblob(32), '', NULL, NULL)", (number, "x")
            )
    assert "full; free some space" in str(database.store_error(path, caught.value))
    connection.close()


def test_processes_that_open_a_fresh_file_at_once_all_succeed(tmp_path: Path) -> None:
    """Two gateways started by one script must not fail on who makes the file; many files make it likely."""
    script = (
        "import sys, pathlib; from ccgate.database import open_database; sys.stdin.read(1)\n"
        "for number in range(40): open_database(pathlib.Path(sys.argv[1], str(number))).close()"
    )
    opened = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ADDONS)},
        )
        for _ in range(3)
    ]
    time.sleep(0.3)  # so that all have been imported and start from the same line
    for process in opened:
        assert process.stdin is not None
        process.stdin.write(b"g")
        process.stdin.flush()
    for process in opened:
        process.communicate(timeout=60)
    assert [process.returncode for process in opened] == [0] * 3


def test_a_place_without_wal_is_refused_not_waited_for(path: Path) -> None:
    """A database in memory is the one at hand that cannot be shared."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(StoreError, match="its disk cannot hold a database that several share"):
        database._write_ahead(connection, path)
    connection.close()


def test_a_checkpoint_empties_the_log_beside_a_writer(tmp_path: Path) -> None:
    """A gateway's log does not grow for ever although its own commits carry nothing over."""
    path = tmp_path / "ccgate.sqlite3"
    writer = open_database(path)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    wal = path.with_name(path.name + "-wal")
    sizes = []
    for round_ in range(4):
        for number in range(200):
            writer.execute(
                "INSERT INTO clients (name, owner, token_hash, created_at) VALUES (?, 'o', ?, 't')",
                (f"c{round_}-{number}", f"{round_}-{number}".encode()),
            )
        checkpoint(path)
        sizes.append(wal.stat().st_size)
    assert max(sizes[1:]) <= sizes[0] * 1.2
    assert writer.execute("SELECT count(*) FROM clients").fetchone() == (800,)
    writer.close()


def test_a_checkpoint_of_what_is_no_database_is_told(tmp_path: Path) -> None:
    """The operator reads which file it is."""
    path = tmp_path / "ccgate.sqlite3"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3: is not a SQLite database"):
        checkpoint(path)
