"""Who may come in: the registry of clients, each with an owner and the hash of its token.

The database is asked at each look-up. That is one search in an index, a few microseconds; in exchange a
client that another process has just revoked is out at once, with nothing that could be stale.

A client that was revoked keeps its row, because the ledger goes on naming it. It is let in again only on
purpose, by `rotate` with `readmit`; `add` refuses its name, else a new machine would quietly take over
the costs of an old one.
"""

from __future__ import annotations

import difflib
import hmac
import re
import sqlite3
import unicodedata
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from pathlib import Path

from ccgate.admission.tokens import hash_token
from ccgate.admission.tokens import looks_like_token
from ccgate.admission.tokens import new_token
from ccgate.database import store_error
from ccgate.errors import OperatorError
from ccgate.errors import StoreError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OWNER_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Client:
    """A client that was recognised by its token, and the owner whom its costs are booked to."""

    name: str
    owner: str


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """What the registry holds of a client, without anything secret. Times are UTC."""

    name: str
    owner: str
    created_at: datetime
    rotated_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client to add. `where` names the line that it comes from, for errors; empty for none."""

    name: str
    owner: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A client's new token, to be shown once."""

    name: str
    token: str = field(repr=False)


def check_name(name: str) -> str:
    """A client's name: 1 to 64 of `A-Z a-z 0-9 . _ -`, first a letter or digit; it stands in proxy URLs.

    Raises:
        OperatorError: it is none.
    """
    if _NAME.fullmatch(name) is None:
        raise OperatorError(
            f"{_shown(name)} is not a client's name; use 1 to 64 letters, digits, dots, hyphens and "
            "underscores, beginning with a letter or digit"
        )
    return name


def check_owner(owner: str) -> str:
    """An owner, in Unicode's form NFC: 1 to 64 printable characters, first a letter or digit.

    Beginning so, an owner is never taken for the `*` of a budget, an option, or a spreadsheet's formula.

    Raises:
        OperatorError: it is none.
    """
    owner = unicodedata.normalize("NFC", owner)
    plain = owner.isprintable() and owner == owner.strip() and len(owner) <= _OWNER_LENGTH
    if not plain or not owner[:1].isalnum():
        raise OperatorError(
            f"{_shown(owner)} is not an owner; use 1 to 64 printable characters, beginning with a letter "
            "or digit, such as a person's or a team's name"
        )
    return owner


class ClientRegistry:
    """The clients in one database. `connection` is in autocommit mode, as `open_database` makes it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._file = Path(connection.execute("PRAGMA database_list").fetchone()[2])

    # What the gateway asks.

    def by_token(self, token: str) -> Client | None:
        """The client that this token lets in, if any.

        Raises:
            StoreError: the database cannot be read.
        """
        if not looks_like_token(token):
            return None
        hashed = hash_token(token)
        try:
            row = self._connection.execute(
                "SELECT name, owner, token_hash FROM clients WHERE token_hash = ? AND revoked_at IS NULL",
                (hashed,),
            ).fetchone()
        except sqlite3.Error as e:
            raise store_error(self._file, e) from e
        if row is None or not hmac.compare_digest(row[2], hashed):
            return None
        return Client(row[0], row[1])

    def by_name_and_token(self, name: str, token: str) -> Client | None:
        """The client of this name, if the token is its own.

        Raises:
            StoreError: the database cannot be read.
        """
        client = self.by_token(token)
        return client if client is not None and client.name == name else None

    # What commands ask and change.

    def get(self, name: str) -> ClientRecord:
        """The client of this name, revoked or not.

        Raises:
            OperatorError: there is none; the message names those that are spelt nearly so.
            StoreError: the database cannot be read.
        """
        try:
            row = self._connection.execute(f"{_RECORDS} WHERE name = ?", (name,)).fetchone()
        except sqlite3.Error as e:
            raise store_error(self._file, e) from e
        if row is None:
            raise OperatorError(f"there is no client {_shown(name)}; {self._nearest(name)}")
        return _record(row)

    def list(self) -> tuple[ClientRecord, ...]:
        """All clients by name, those revoked included.

        Raises:
            StoreError: the database cannot be read.
        """
        try:
            rows = self._connection.execute(f"{_RECORDS} ORDER BY name").fetchall()
        except sqlite3.Error as e:
            raise store_error(self._file, e) from e
        return tuple(_record(row) for row in rows)

    def add(self, name: str, owner: str) -> str:
        """Add a client; returns its token, which cannot be had again.

        Raises:
            OperatorError: the name or the owner is none, or the name is taken.
            StoreError: the database cannot be written.
        """
        return self.import_clients([NewClient(name, owner)])[0].token

    def import_clients(self, clients: Iterable[NewClient]) -> tuple[Issued, ...]:
        """Add all of these clients or none; returns their tokens in the same order.

        Raises:
            OperatorError: one of them cannot be added; the message begins with its `where`.
            StoreError: the database cannot be written.
        """
        with self._transaction():
            return tuple(self._insert(client) for client in clients)

    def revoke(self, name: str) -> bool:
        """Let a client in no more, at once; returns False if it was revoked before.

        Raises:
            OperatorError: there is no such client.
            StoreError: the database cannot be written.
        """
        with self._transaction():
            if self.get(name).revoked_at is not None:
                return False
            self._connection.execute("UPDATE clients SET revoked_at = ? WHERE name = ?", (_now(), name))
            return True

    def rotate(self, name: str, *, readmit: bool = False) -> str:
        """Give a client a new token in place of its old one, which is bad at once; returns the new one.

        `readmit` lets a revoked client in again.

        Raises:
            OperatorError: there is no such client, or it is revoked and not to be let in again.
            StoreError: the database cannot be written.
        """
        token = new_token()
        with self._transaction():
            record = self.get(name)
            if record.revoked_at is not None and not readmit:
                raise OperatorError(
                    f"{name} was revoked on {record.revoked_at:%Y-%m-%d}; "
                    f"`client rotate --readmit {name}` lets it in again with a new token"
                )
            self._connection.execute(
                "UPDATE clients SET token_hash = ?, rotated_at = ?, revoked_at = NULL WHERE name = ?",
                (hash_token(token), _now(), name),
            )
        return token

    def _insert(self, client: NewClient) -> Issued:
        token = new_token()
        try:
            name, owner = check_name(client.name), check_owner(client.owner)
            try:
                self._connection.execute(
                    "INSERT INTO clients (name, owner, token_hash, created_at) VALUES (?, ?, ?, ?)",
                    (name, owner, hash_token(token), _now()),
                )
            except sqlite3.IntegrityError:
                raise OperatorError(self._taken(name)) from None
        except OperatorError as e:
            if client.where and not isinstance(e, StoreError):
                raise OperatorError(f"{client.where}: {e}") from None
            raise
        return Issued(name, token)

    def _taken(self, name: str) -> str:
        if self.get(name).revoked_at is None:
            return f"there is a client {name} already; `client rotate {name}` gives it a new token"
        return (
            f"there was a client {name}, now revoked; `client rotate --readmit {name}` lets it in again, "
            "or choose another name"
        )

    def _nearest(self, name: str) -> str:
        near = difflib.get_close_matches(name, [record.name for record in self.list()], n=3, cutoff=0.5)
        return f"did you mean {' or '.join(near)}?" if near else "`client list` shows them all"

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All that is written within, or nothing."""
        try:
            # Taken at once, so that what is read within is still true when it is written.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk has already rolled the transaction back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as e:
            raise store_error(self._file, e) from e


_RECORDS = "SELECT name, owner, created_at, rotated_at, revoked_at FROM clients"


def _record(row: tuple[str, str, str, str | None, str | None]) -> ClientRecord:
    return ClientRecord(row[0], row[1], datetime.fromisoformat(row[2]), _time(row[3]), _time(row[4]))


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _shown(text: str) -> str:
    """Someone's input in a message: quoted, escaped and short. What may be a token is not repeated."""
    return "that" if "ccg_" in text else ascii(text[:64])
