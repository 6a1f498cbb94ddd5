"""The texts with a meaning: a wrong one here sends traffic, or a credential, to where it must not go."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgate.profile.values import Upstream
from ccgate.profile.values import anchored
from ccgate.profile.values import credential_source
from ccgate.profile.values import host_name
from ccgate.profile.values import public_host_name
from ccgate.profile.values import store
from ccgate.profile.values import upstream_url


@pytest.mark.parametrize(
    ("text", "expected", "url"),
    [
        (
            "https://api.anthropic.com",
            Upstream("https", "api.anthropic.com", 443),
            "https://api.anthropic.com",
        ),
        (
            "https://API.Anthropic.com./",
            Upstream("https", "api.anthropic.com", 443),
            "https://api.anthropic.com",
        ),
        ("HTTPS://a.example:8443", Upstream("https", "a.example", 8443), "https://a.example:8443"),
        ("https://10.1.2.3", Upstream("https", "10.1.2.3", 443), "https://10.1.2.3"),
        ("https://[2001:DB8::1]:444", Upstream("https", "2001:db8::1", 444), "https://[2001:db8::1]:444"),
        ("http://127.0.0.1:9000", Upstream("http", "127.0.0.1", 9000), "http://127.0.0.1:9000"),
        ("http://127.9.9.9", Upstream("http", "127.9.9.9", 80), "http://127.9.9.9"),
        ("http://localhost:1", Upstream("http", "localhost", 1), "http://localhost:1"),
        ("http://[::1]:1", Upstream("http", "::1", 1), "http://[::1]:1"),
    ],
)
def test_an_upstream_is_read_in_its_canonical_form(text: str, expected: Upstream, url: str) -> None:
    assert Upstream.parse(text) == expected
    assert expected.url == url == upstream_url(text) == upstream_url(url)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("api.anthropic.com", "not a URL"),
        ("ftp://a.example", "not a URL"),
        ("https://", "not a URL"),
        ("https://[::1", "not a URL"),
        ("https://a.example:x", "not a URL"),
        ("https://a.example:99999", "not a URL"),
        ("https://a.example\\@b.example", "not a URL"),
        ("https://a .example", "not a URL"),
        ("https://a\n.example", "not a URL"),
        ("https://ä.example", "not a URL"),
        ("https://a.example:0", "no valid port"),
        ("https://a.example:", "no valid port"),
        ("https://user@a.example", "holds a user or a password"),
        ("https://a.example/v1", "a path, a query or a fragment"),
        ("https://a.example?x", "a path, a query or a fragment"),
        ("https://a.example?", "a path, a query or a fragment"),
        ("https://a.example#x", "a path, a query or a fragment"),
        ("https://a_!.example", "not a host's name"),
        ("https://127.1", "not a host's name"),
        ("https://[fe80::1%25eth0]", "not a"),
        ("http://a.example", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("http://localhost.example", "plain http"),
        ("http://[::ffff:127.0.0.1]", "plain http"),
        ("http://0.0.0.0", "plain http"),
    ],
)
def test_an_upstream_that_is_unclear_or_unsafe_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Upstream.parse(text)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "https://localhost", "https://[::1]"])
def test_loopback_is_told(url: str) -> None:
    assert Upstream.parse(url).is_loopback


@pytest.mark.parametrize("url", ["https://a.example", "https://128.0.0.1", "https://[::2]"])
def test_the_world_is_not_loopback(url: str) -> None:
    assert not Upstream.parse(url).is_loopback


def test_a_password_in_the_upstream_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="credential") as raised:
        Upstream.parse("https://me:hunter2@a.example/?key=hunter2")
    assert "hunter2" not in str(raised.value)


@given(st.text())
def test_any_text_is_an_upstream_or_a_value_error(text: str) -> None:
    try:
        upstream = Upstream.parse(text)
    except ValueError:
        return
    assert Upstream.parse(upstream.url) == upstream


@pytest.mark.parametrize(
    ("text", "name"), [("Claude.AI.", "claude.ai"), ("a-b.c_d.example", "a-b.c_d.example")]
)
def test_names_are_lower_case_without_the_final_dot(text: str, name: str) -> None:
    """Hosts are compared as text when a client connects."""
    assert public_host_name(text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.1", "is an address"),
        ("8.8.8.8.", "is an address"),
        ("[::1]", "is an address"),
        ("::1", "is an address"),
        ("fe80::1", "is an address"),
        ("127.1", "is an address"),
        ("0x7f.0.0.1", "is an address"),
        ("0x7f000001", "is an address"),
        ("2130706433", "is an address"),
        ("https://a.example", "is a URL"),
        ("a.example/", "is a URL"),
        ("a.example:443", "has a port"),
        ("*.example.com", "has a wildcard"),
        ("a b.example", "not a host's name"),
        ("ä.example", "not a host's name"),
        ("-a.example", "not a host's name"),
        ("a..example", "not a host's name"),
        (".example", "not a host's name"),
        ("a" * 64 + ".example", "not a host's name"),
        (".".join(["abc"] * 64), "not a host's name"),
        ("user@a.example", "not a host's name"),
    ],
)
def test_what_is_no_name_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        host_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "intranet",
        "printer.local",
        "metadata.google.internal",
        "x.home.arpa",
    ],
)
def test_private_names_cannot_be_opened_to_clients(text: str) -> None:
    """A name like these in `tunnel` would make the proxy a way into the network that it stands in."""
    assert host_name(text)
    with pytest.raises(ValueError, match="loopback or private"):
        public_host_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "env:ANTHROPIC_API_KEY",
        "env:_x1",
        "file:key",
        "file:~/key",
        "file:/run/key",
        "keyring:a/b",
        "command:pass x",
    ],
)
def test_sources_are_taken_as_written(text: str) -> None:
    assert credential_source(text) == text


PASTED = "hunter2/Zq"


@pytest.mark.parametrize(
    "text",
    [
        PASTED,
        f"sk-ant-{PASTED}",
        f"Bearer:{PASTED}",
        f"ENV:{PASTED}",
        f"env:{PASTED}",
        f"env:1{PASTED}",
        "env:",
        "env:A B",
        "env:ghp_abcdef",
        "file:",
        f"file:~{PASTED}",
        "keyring:a",
        f"keyring:/{PASTED}",
        "command:",
    ],
)
def test_a_source_that_is_none_is_refused_and_never_repeated(text: str) -> None:
    """Somebody will paste the key itself, and the error goes to a terminal, a log, a chat."""
    with pytest.raises(ValueError, match="never the credential itself") as raised:
        credential_source(text)
    assert PASTED not in str(raised.value)
    assert "ghp_abcdef" not in str(raised.value)


@pytest.mark.parametrize("text", ["sqlite", "env:DATABASE_URL"])
def test_stores(text: str) -> None:
    assert store(text) == text


@pytest.mark.parametrize(
    "text", ["postgresql://u:hunter2@h/d", "env:", "env:a-b", "SQLite", "sqlite:x", "env:A\n"]
)
def test_a_store_that_is_none_is_refused_and_never_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="write sqlite") as raised:
        store(text)
    assert "hunter2" not in str(raised.value)


def test_a_key_file_is_found_from_the_profile_not_from_where_the_start_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert anchored("file:key", tmp_path) == f"file:{tmp_path / 'key'}"
    assert anchored("file:/run/key", tmp_path) == "file:/run/key"
    assert anchored("file:~/key", tmp_path) == f"file:{tmp_path / 'me' / 'key'}"
    monkeypatch.chdir(tmp_path)
    assert anchored("file:key", Path("profiles")) == f"file:{tmp_path / 'profiles' / 'key'}"
    assert anchored("env:A", tmp_path) == "env:A"


def test_a_user_without_a_home_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers run under user ids that have none."""

    def no_home(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", no_home)
    with pytest.raises(ValueError, match="write the whole path"):
        anchored("file:~/key", tmp_path)
