"""The registry of clients, on a real database and with real other processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.admission.clients import Client
from ccgate.admission.clients import ClientRegistry
from ccgate.admission.clients import NewClient
from ccgate.admission.clients import check_name
from ccgate.admission.clients import check_owner
from ccgate.admission.tokens import new_token
from ccgate.database import open_database
from ccgate.errors import OperatorError
from ccgate.errors import StoreError

ADDONS = Path(__file__).resolve().parents[2] / "addons"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ccgate.sqlite3"


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(file)
    yield connection
    connection.close()


@pytest.fixture
def registry(connection: sqlite3.Connection) -> ClientRegistry:
    return ClientRegistry(connection)


def in_another_process(file: Path, statement: str) -> str:
    """Runs a statement on `registry`, in a process that opens the database itself; returns what it prints."""
    program = (
        "from pathlib import Path\n"
        "from ccgate.admission.clients import ClientRegistry\n"
        "from ccgate.database import open_database\n"
        f"registry = ClientRegistry(open_database(Path({str(file)!r})))\n"
        f"{statement}\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ADDONS)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return run.stdout.strip()


def test_a_token_lets_its_client_in_with_its_owner(registry: ClientRegistry) -> None:
    """The owner is whom the costs are booked to."""
    laptop, ci = registry.add("laptop", "Alice"), registry.add("ci", "Team Blue")
    assert registry.by_token(laptop) == Client("laptop", "Alice")
    assert registry.by_token(ci) == Client("ci", "Team Blue")


def test_a_name_must_go_with_its_own_token(registry: ClientRegistry) -> None:
    """A machine that says another's name has been set up wrongly, or lies."""
    laptop, _ = registry.add("laptop", "Alice"), registry.add("ci", "Alice")
    assert registry.by_name_and_token("laptop", laptop) == Client("laptop", "Alice")
    assert registry.by_name_and_token("ci", laptop) is None
    assert registry.by_name_and_token("Laptop", laptop) is None
    assert registry.by_name_and_token("", laptop) is None


@pytest.mark.parametrize(
    "token",
    ["", "ccg_", "x", "ccg_" + "a" * 43, "ccg_" * 10**6, "ccg_\udcff", "\x00", "ccg_" + "a" * 42 + "'"],
)
def test_a_token_that_is_none_lets_nobody_in(registry: ClientRegistry, token: str) -> None:
    """Mistyped, cut off, made up, or as long as a body."""
    registry.add("laptop", "Alice")
    assert registry.by_token(token) is None
    assert registry.by_name_and_token("laptop", token) is None


def test_no_token_is_in_the_database(registry: ClientRegistry, file: Path) -> None:
    """Whoever gets a backup must not get in with it."""
    tokens = [registry.add("laptop", "Alice"), registry.rotate("laptop")]
    stored = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"laptop" in stored
    assert not any(token.removeprefix("ccg_").encode() in stored for token in tokens)


def test_a_revoked_client_is_out_at_once(registry: ClientRegistry) -> None:
    """Also through the connection that revoked it; and revoking twice is no error for a script."""
    token = registry.add("laptop", "Alice")
    assert registry.by_token(token) is not None
    assert registry.revoke("laptop") is True
    assert registry.by_token(token) is None
    revoked_at = registry.get("laptop").revoked_at
    assert registry.revoke("laptop") is False
    assert registry.get("laptop").revoked_at == revoked_at


def test_what_another_process_does_counts_without_a_restart(registry: ClientRegistry, file: Path) -> None:
    """The operator types a command while the gateway runs."""
    token = in_another_process(file, "print(registry.add('laptop', 'Alice'))")
    assert registry.by_token(token) == Client("laptop", "Alice")
    newer = in_another_process(file, "print(registry.rotate('laptop'))")
    assert registry.by_token(token) is None
    assert registry.by_token(newer) == Client("laptop", "Alice")
    in_another_process(file, "registry.revoke('laptop')")
    assert registry.by_token(newer) is None


def test_two_registries_on_one_connection_agree(connection: sqlite3.Connection) -> None:
    """A profile that is loaded anew makes a second registry beside the first."""
    first, second = ClientRegistry(connection), ClientRegistry(connection)
    token = first.add("laptop", "Alice")
    assert second.by_token(token) is not None
    second.revoke("laptop")
    assert first.by_token(token) is None


def test_a_rotated_token_replaces_the_old_one(registry: ClientRegistry) -> None:
    """The old one is bad at once; name, owner and the day of the adding stay."""
    old = registry.add("laptop", "Alice")
    before = registry.get("laptop")
    new = registry.rotate("laptop")
    after = registry.get("laptop")
    assert registry.by_token(old) is None
    assert registry.by_token(new) == Client("laptop", "Alice")
    assert before.rotated_at is None
    assert after.rotated_at is not None
    assert (after.owner, after.created_at) == (before.owner, before.created_at)


def test_a_revoked_client_comes_back_only_on_purpose(registry: ClientRegistry) -> None:
    """A script that rotates all tokens must not let a stolen machine in again."""
    old = registry.add("laptop", "Alice")
    registry.revoke("laptop")
    with pytest.raises(OperatorError, match=r"was revoked on .* `client rotate --readmit laptop`"):
        registry.rotate("laptop")
    new = registry.rotate("laptop", readmit=True)
    assert registry.by_token(new) == Client("laptop", "Alice")
    assert registry.by_token(old) is None


def test_a_name_that_is_taken_is_refused_with_the_mend(registry: ClientRegistry) -> None:
    """Replacing the token of a running machine by accident would lock it out."""
    token = registry.add("laptop", "Alice")
    with pytest.raises(OperatorError, match="already; `client rotate laptop`"):
        registry.add("laptop", "Bob")
    assert registry.by_token(token) == Client("laptop", "Alice")
    registry.revoke("laptop")
    with pytest.raises(OperatorError, match="now revoked; `client rotate --readmit laptop`"):
        registry.add("laptop", "Bob")


def test_an_unknown_name_is_answered_with_those_spelt_like_it(registry: ClientRegistry) -> None:
    """Most unknown names are typing errors."""
    registry.add("dev-laptop", "Alice")
    for act in (registry.get, registry.revoke, registry.rotate):
        with pytest.raises(OperatorError, match="'dev-labtop'; did you mean dev-laptop"):
            act("dev-labtop")
    with pytest.raises(OperatorError, match="`client list`"):
        registry.get("zzz")


def test_the_list_is_by_name_with_times_in_utc(registry: ClientRegistry) -> None:
    """Reports join on it."""
    assert registry.list() == ()
    for name in ("b", "a"):
        registry.add(name, "Alice")
    registry.revoke("b")
    first, second = registry.list()
    assert (first.name, first.revoked_at, second.name) == ("a", None, "b")
    assert second.revoked_at is not None
    for time in (first.created_at, second.revoked_at):
        assert time.tzinfo is not None
        assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)


def test_an_import_adds_all_and_returns_their_tokens_in_order(registry: ClientRegistry) -> None:
    """Each token goes to the machine of that line."""
    issued = registry.import_clients(NewClient(f"m{number}", "Team", "f:1") for number in range(50))
    assert [each.name for each in issued] == [f"m{number}" for number in range(50)]
    assert all(registry.by_token(each.token) == Client(each.name, "Team") for each in issued)
    assert "ccg_" not in repr(issued)


@pytest.mark.parametrize("bad", [NewClient("old", "x", "team.csv:3"), NewClient("m1", "x", "team.csv:3")])
def test_an_import_with_one_bad_line_adds_nothing(registry: ClientRegistry, bad: NewClient) -> None:
    """Half an import leaves a person to find out which half; the message names the line."""
    registry.add("old", "Alice")
    with pytest.raises(OperatorError, match=r"^team\.csv:3: there is a client"):
        registry.import_clients([NewClient("m1", "x"), bad, NewClient("m2", "x")])
    with pytest.raises(OperatorError, match=r"^team\.csv:9: .* is not a client's name"):
        registry.import_clients([NewClient("m1", "x"), NewClient("no spaces", "x", "team.csv:9")])
    assert [record.name for record in registry.list()] == ["old"]
    registry.add("m1", "x")


def test_another_process_that_writes_too_long_is_told(connection: sqlite3.Connection, file: Path) -> None:
    """A command then says what is in the way, and the gateway's look-ups go on meanwhile."""
    registry = ClientRegistry(connection)
    token = registry.add("laptop", "Alice")
    other = open_database(file)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="another process"):
            registry.revoke("laptop")
        assert registry.by_token(token) is not None
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert registry.revoke("laptop") is True


def test_a_database_that_fails_lets_nobody_in(connection: sqlite3.Connection, file: Path) -> None:
    """An error must not look like an unknown token, nor like a good one."""
    registry = ClientRegistry(connection)
    token = registry.add("laptop", "Alice")
    connection.execute("DROP TABLE clients")
    for act in (
        lambda: registry.by_token(token),
        lambda: registry.list(),
        lambda: registry.get("laptop"),
        lambda: registry.add("b", "b"),
    ):
        with pytest.raises(StoreError, match=str(file)):
            act()


@pytest.mark.parametrize("name", ["a", "A1", "0", "dev-laptop", "host.example.com", "ci_7", "a" * 64])
def test_a_name_that_fits_into_a_url(name: str) -> None:
    """Machine, host and job names are taken as they are."""
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        ".a",
        "_a",
        "a b",
        "a:b",
        "a@b",
        "a/b",
        "a%",
        "ä",
        "a\n",
        "a" * 65,
        "*",
        "a,b",
        new_token() * 9,
    ],
)
def test_a_name_that_does_not_is_refused(name: str) -> None:
    """It stands in http://NAME:TOKEN@host, where `:` and `@` would end it."""
    with pytest.raises(OperatorError, match="is not a client's name") as caught:
        check_name(name)
    assert len(str(caught.value)) < 300
    assert "ccg_" not in str(caught.value)


@pytest.mark.parametrize(
    "owner", ["Alice", "alice@example.com", "Team: Blue", "Émile Zola", "0xF", "山田", "a" * 64]
)
def test_an_owner_is_a_person_or_a_team(owner: str) -> None:
    """As people write themselves."""
    assert check_owner(owner) == owner


@pytest.mark.parametrize(
    "owner",
    ["", " ", "*", "-x", "=1+1", "+1", "@x", " a", "a ", "a\tb", "a\n", "a\x1b[0m", "a\u202eb", "a" * 65],
)
def test_what_would_mislead_is_no_owner(owner: str) -> None:
    """`*` is every other owner's budget, `=` a spreadsheet's formula, and escapes repaint a terminal."""
    with pytest.raises(OperatorError, match="is not an owner") as caught:
        check_owner(owner)
    assert str(caught.value).isprintable()


def test_one_owner_in_two_spellings_of_unicode_is_one_owner() -> None:
    """macOS writes é in two characters; budgets and reports go by the text."""
    assert check_owner("E\u0301mile") == check_owner("\u00c9mile") == "\u00c9mile"


@given(st.text(), st.text())
def test_any_name_and_owner_is_taken_or_refused(name: str, owner: str) -> None:
    """With an error for people, never another one."""
    for check, text in ((check_name, name), (check_owner, owner)):
        try:
            assert 1 <= len(check(text)) <= 64
        except OperatorError as e:
            assert str(e).isprintable()
