"""What a profile makes of the rooms, and what stays open when another profile is loaded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccgate import profile
from ccgate import rooms
from ccgate.admission.clients import ClientRegistry
from ccgate.database import open_database
from ccgate.errors import ConfigError
from ccgate.errors import StoreError
from ccgate.profile import Profile
from ccgate.rooms import furnish
from ccgate.rooms import open_books
from ccgate.state import StateFolder
from ccgate.state import state_folder

ENV_KEY = 'credential: {kind: api-key, from: "env:ORG_KEY"}'


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[sqlite3.Connection]]:
    """The databases that were opened, closed afterwards; in a gateway the end of the process does that."""
    connections: list[sqlite3.Connection] = []

    def open_and_note(path: Path) -> sqlite3.Connection:
        connections.append(open_database(path))
        return connections[-1]

    monkeypatch.setattr(rooms, "open_database", open_and_note)
    yield connections
    for connection in connections:
        connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return state_folder({"CCGATE_HOME": str(tmp_path / "state")})


def loaded(tmp_path: Path, more: str = "") -> Profile:
    """A profile as an operator writes it."""
    file = tmp_path / "profile.yaml"
    file.write_text(
        "version: 1\nprivacy: {secrets: allow, emails: allow, home: allow}\ntelemetry: allow\n" + more
    )
    return profile.load(file)


def test_pass_through_needs_no_credential(tmp_path: Path, folder: StateFolder) -> None:
    """A person who brings their own login needs no key of an organisation's."""
    furnished = furnish(loaded(tmp_path), folder, None)
    assert furnished.credential is None
    assert folder.database.exists()


def test_a_credential_is_read_before_the_first_request(
    tmp_path: Path, folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that nobody exported stops the start, and not the first person's work."""
    policy = loaded(tmp_path, ENV_KEY)
    monkeypatch.delenv("ORG_KEY", raising=False)
    with pytest.raises(ConfigError, match="ORG_KEY"):
        furnish(policy, folder, None)
    monkeypatch.setenv("ORG_KEY", "sk-ant-api03-canary")
    furnished = furnish(policy, folder, None)
    assert furnished.credential is not None
    assert furnished.credential.read() == "sk-ant-api03-canary"
    assert "canary" not in repr(furnished)


def test_another_profile_keeps_the_books(
    tmp_path: Path, folder: StateFolder, opened: list[sqlite3.Connection]
) -> None:
    """Clients stay known, guesses counted and answers under way accounted for when a profile changes."""
    first = furnish(loaded(tmp_path), folder, None)
    second = furnish(loaded(tmp_path, "admission: {models: [claude-*]}"), folder, first.books)
    assert second.books is first.books
    assert second.profile.admission.models == ("claude-*",)
    assert len(opened) == 1


def test_a_profile_that_cannot_be_furnished_leaves_the_books_as_they_are(
    tmp_path: Path, folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad change at run time is refused, and the gateway goes on with what it had."""
    monkeypatch.delenv("ORG_KEY", raising=False)
    books = open_books(folder)
    token = books.clients.add("alice", "research")
    with pytest.raises(ConfigError):
        furnish(loaded(tmp_path, ENV_KEY), folder, books)
    assert books.clients.by_token(token) is not None


def test_another_folder_has_books_of_its_own(tmp_path: Path, folder: StateFolder) -> None:
    """One folder's tokens open no other folder's gateway."""
    other = state_folder({"CCGATE_HOME": str(tmp_path / "other")})
    books = open_books(folder)
    token = books.clients.add("alice", "research")
    furnished = furnish(loaded(tmp_path), other, books)
    assert furnished.books.folder == other
    assert furnished.books.clients.by_token(token) is None


def test_clients_and_ledger_are_of_one_file(folder: StateFolder, opened: list[sqlite3.Connection]) -> None:
    """What a command adds to the folder's database is what the gateway knows."""
    books = open_books(folder)
    elsewhere = open_database(folder.database)
    opened.append(elsewhere)
    token = ClientRegistry(elsewhere).add("alice", "research")
    client = books.clients.by_token(token)
    assert client is not None and client.owner == "research"


def test_a_file_that_is_no_database_is_named(folder: StateFolder) -> None:
    """The start ends in a sentence with the file and the mend."""
    folder.database.write_text("this is no database, " * 100)
    with pytest.raises(StoreError, match=r"ccgate\.sqlite3.*CCGATE_HOME"):
        open_books(folder)


def test_a_run_folder_that_cannot_be_used_is_named(folder: StateFolder) -> None:
    """Without its lock a gateway that runs would be taken for one that died."""
    folder.run.rmdir()
    folder.run.write_text("a file")
    with pytest.raises(StoreError, match=r"run.*CCGATE_HOME"):
        open_books(folder)


def test_a_gateway_that_stops_in_order_gives_its_lock_back(folder: StateFolder) -> None:
    """Lock files would pile up for ever, one for each start."""
    books = open_books(folder)
    assert len(list(folder.run.iterdir())) == 1
    books.ledger.shutdown()
    assert list(folder.run.iterdir()) == []
