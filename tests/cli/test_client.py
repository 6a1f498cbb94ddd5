"""`client …` as people and scripts use it: data on stdout, words on stderr, tokens shown once."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from ccgate.admission.clients import Client
from ccgate.admission.clients import ClientRegistry
from ccgate.admission.tokens import looks_like_token
from ccgate.cli.main import ccgate
from ccgate.database import open_database


@pytest.fixture(autouse=True)
def home(tmp_state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CCGATE_TOKEN", raising=False)
    return tmp_state


def call(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(ccgate, ["client", *arguments], prog_name="./run.sh", env=env)


def good(*arguments: str, env: dict[str, str] | None = None) -> str:
    """The stdout of a command that has to succeed."""
    result = call(*arguments, env=env)
    assert result.exit_code == 0, result.output
    return result.stdout


def bad(*arguments: str, code: int = 1) -> str:
    """The message of a command that has to fail, with nothing on stdout."""
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


def who(home: Path, token: str) -> Client | None:
    connection = open_database(home / "ccgate.sqlite3")
    try:
        return ClientRegistry(connection).by_token(token)
    finally:
        connection.close()


def test_add_prints_the_token_alone_on_stdout(home: Path) -> None:
    """`TOKEN=$(run.sh client add ci)` has to work, and a job's log, which shows stderr, must not hold it."""
    result = call("add", "ci", "--owner", "Team Blue")
    token = result.stdout.strip()
    assert looks_like_token(token)
    assert who(home, token) == Client("ci", "Team Blue")
    assert token not in result.stderr
    assert "export HTTPS_PROXY='http://ci:<TOKEN>@127.0.0.1:8080'" in result.stderr
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:8081" in result.stderr


def test_add_books_to_the_client_itself_without_an_owner(home: Path) -> None:
    """One person with one machine need not think about owners."""
    assert who(home, good("add", "laptop").strip()) == Client("laptop", "laptop")


def test_add_refuses_what_cannot_be_and_adds_nothing() -> None:
    """Bad names, bad owners, names that are taken, and a profile that is not there."""
    assert "is not a client's name" in bad("add", "a:b")
    assert "is not an owner" in bad("add", "laptop", "--owner", "*")
    assert "is not an owner" in bad("add", "laptop", "--owner", "")
    assert "nosuch" in bad("add", "laptop", "--profile", "nosuch", code=78)
    assert json.loads(good("list", "--format", "json")) == []
    good("add", "laptop")
    assert "already" in bad("add", "laptop")


def test_list_in_each_format() -> None:
    """A table for people, CSV and JSON for programs, each with all clients and no secrets."""
    good("add", "laptop", "--owner", "Alice, Bob [red]")
    good("add", "ci")
    good("revoke", "ci")
    table = good("list").splitlines()
    assert table[0].split()[:3] == ["client", "owner", "state"]
    assert "revoked" in table[1]
    assert "Alice, Bob [red]" in table[2]
    assert "active" in table[2]
    rows = list(csv.DictReader(good("list", "--format", "csv").splitlines()))
    objects = json.loads(good("list", "--format", "json"))
    assert [row["name"] for row in rows] == ["ci", "laptop"]
    assert rows == [{key: value or "" for key, value in each.items()} for each in objects]
    assert list(objects[0]) == ["name", "owner", "state", "created_at", "rotated_at", "revoked_at"]
    assert objects[1]["revoked_at"] is None
    assert objects[1]["created_at"].endswith("+00:00")
    assert objects[0]["state"] == "revoked"


def test_list_of_nothing_says_so_beside_the_data() -> None:
    """A script reads an empty list; a person, what to do."""
    result = call("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "./run.sh client add NAME" in result.stderr
    assert good("list", "--format", "csv") == "name,owner,state,created_at,rotated_at,revoked_at\n"


def test_no_name_is_cut_off_in_a_table_that_is_piped() -> None:
    """Without a terminal there is no width to keep to."""
    good("add", "n" * 64, "--owner", "o" * 64)
    assert "n" * 64 in good("list")
    assert "o" * 64 in good("list")


def test_revoke_is_at_once_and_can_be_repeated(home: Path) -> None:
    """In an emergency nobody wants an error from the second try."""
    token = good("add", "laptop").strip()
    assert "its token is bad from now on" in call("revoke", "laptop").stderr
    assert who(home, token) is None
    result = call("revoke", "laptop")
    assert result.exit_code == 0
    assert "was revoked before" in result.stderr
    assert "did you mean laptop" in bad("revoke", "labtop")


def test_rotate_replaces_the_token(home: Path) -> None:
    """And brings back what was revoked only when told to."""
    old = good("add", "laptop", "--owner", "Alice").strip()
    new = good("rotate", "laptop").strip()
    assert who(home, old) is None
    assert who(home, new) == Client("laptop", "Alice")
    good("revoke", "laptop")
    assert "--readmit" in bad("rotate", "laptop")
    assert who(home, good("rotate", "--readmit", "laptop").strip()) == Client("laptop", "Alice")


def test_env_prints_both_ways_with_a_place_for_the_token(home: Path) -> None:
    """The gateway does not know the token any more, and says so."""
    good("add", "laptop")
    result = call("env", "laptop")
    assert "export HTTPS_PROXY='http://laptop:<TOKEN>@127.0.0.1:8080'" in result.stdout
    assert f"export NODE_EXTRA_CA_CERTS={home}/ca/mitmproxy-ca-cert.pem" in result.stdout
    assert "# export ANTHROPIC_BASE_URL=http://127.0.0.1:8081" in result.stdout
    assert "Proxy-Authorization: Bearer <TOKEN>" in result.stdout
    assert '"env": {' in result.stdout
    assert "./run.sh client rotate laptop" in result.stderr
    assert "is made when the gateway starts" in result.stderr


def test_env_takes_the_token_from_the_environment_or_an_option() -> None:
    """A variable is the better place: options are seen by everyone on the machine."""
    token = good("add", "laptop").strip()
    by_variable = good("env", "laptop", "--way", "api", env={"CCGATE_TOKEN": token})
    assert by_variable == good("env", "laptop", "--way", "api", "--token", token)
    assert f"Proxy-Authorization: Bearer {token}" in by_variable
    assert "HTTPS_PROXY" not in by_variable


def test_env_prints_nothing_that_would_not_let_the_client_in() -> None:
    """Another client's token, an old one, a revoked or unknown client."""
    old, other = good("add", "laptop").strip(), good("add", "ci").strip()
    good("rotate", "laptop")
    for token in (old, other, "mistyped"):
        message = bad("env", "laptop", "--token", token)
        assert "not the token of laptop" in message
        assert token not in message
    good("revoke", "ci")
    assert "--readmit" in bad("env", "ci")
    assert "did you mean laptop" in bad("env", "labtop")


def test_env_goes_by_the_profiles_credential(tmp_path: Path) -> None:
    """Where the gateway holds the key, the token stands where the client's own would."""
    good("add", "laptop")
    profile = tmp_path / "keyed.yaml"
    profile.write_text(
        "version: 1\n"
        "credential: {kind: api-key, from: 'env:KEY'}\n"
        "privacy: {secrets: allow, emails: allow, home: allow}\n"
        "telemetry: allow\n"
    )
    ways = json.loads(good("env", "laptop", "--format", "json", "--profile", str(profile)))
    assert ways["api"]["env"] == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8081",
        "ANTHROPIC_AUTH_TOKEN": "<TOKEN>",
    }
    assert ways["proxy"]["env"]["ANTHROPIC_AUTH_TOKEN"] == "<TOKEN>"


def test_env_for_a_gateway_elsewhere() -> None:
    """Host and ports as the client sees them; its certificate has to be carried over."""
    good("add", "laptop")
    result = call("env", "laptop", "--host", "gate.corp.example", "--proxy-port", "3128", "--api-port", "80")
    assert "@gate.corp.example:3128" in result.stdout
    assert "ANTHROPIC_BASE_URL=http://gate.corp.example:80" in result.stdout
    assert "Copy " in result.stderr
    assert "http://[2001:db8::1]:8081" in good("env", "laptop", "--host", "[2001:db8::1]")


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "http://gate", "gate:8080", "a b", "a@b", "$(id)", "gate/x", "a\nb"]
)
def test_env_refuses_a_host_that_nobody_can_connect_to(host: str) -> None:
    """What is printed is pasted into shells and files."""
    good("add", "laptop")
    assert "by which clients reach" in bad("env", "laptop", "--host", host, code=2)


def test_import_adds_all_and_prints_their_tokens_once(tmp_path: Path, home: Path) -> None:
    """One line for each machine, ready for whatever hands them out."""
    file = tmp_path / "team.csv"
    file.write_text("name,owner\nlaptop,Alice\nci,\n")
    result = call("import", str(file))
    issued = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["name"] for row in issued] == ["laptop", "ci"]
    assert who(home, issued[0]["token"]) == Client("laptop", "Alice")
    assert who(home, issued[1]["token"]) == Client("ci", "ci")
    assert result.stderr.startswith("2 added")


def test_import_names_the_line_and_adds_nothing(tmp_path: Path) -> None:
    """Bad rows, rows that are there already, and files that are not."""
    good("add", "ci")
    file = tmp_path / "team.csv"
    file.write_text("name,owner\nlaptop,Alice\nci,Bob\n")
    assert f"{file}:3: there is a client ci already" in bad("import", str(file))
    file.write_text("name,owner\nlaptop,Alice\nno good,Bob\n")
    assert f"{file}:3: 'no good' is not a client's name" in bad("import", str(file))
    assert "cannot be read" in bad("import", str(tmp_path / "none.csv"), code=78)
    assert [each["name"] for each in json.loads(good("list", "--format", "json"))] == ["ci"]


def test_a_broken_profile_does_not_stop_a_revocation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one thing that must work when all else is wrong."""
    good("add", "laptop")
    monkeypatch.setattr("ccgate.profile.resolve", None)
    assert call("add", "ci").exit_code != 0
    good("revoke", "laptop")
    good("list")
