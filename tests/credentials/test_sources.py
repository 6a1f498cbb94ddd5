"""Where the key comes from: a wrong place is told at the start, by name and with the mend, never by value."""

from pathlib import Path

import pytest

from ccgate.credentials.sources import EnvironmentSource
from ccgate.credentials.sources import FileSource
from ccgate.credentials.sources import source
from ccgate.errors import ConfigError

KEY = "sk-ant-api03-canary"


def key_file(folder: Path, content: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def test_an_environment_variable() -> None:
    assert EnvironmentSource("K", {"K": f"{KEY}\n"}).read() == KEY


def test_a_file_counts_as_soon_as_it_changes(tmp_path: Path) -> None:
    """A renewed key works without a restart."""
    path = key_file(tmp_path, f"{KEY}\n")
    held = FileSource(path)
    assert held.read() == KEY
    path.write_text("sk-ant-api03-renewed")
    assert held.read() == "sk-ant-api03-renewed"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that anybody on the machine can read is everybody's key."""
    with pytest.raises(ConfigError, match=r"key: others than its owner can read this key; chmod 600"):
        FileSource(key_file(tmp_path, KEY, mode)).read()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("one\ntwo", "one line"),
        ("two words", "one line"),
        ("schlüssel", "visible ASCII"),
        (b"\xff\xfe", "not text"),
        ("x" * 10_000, "one line"),
        ("ccg_" + "a" * 43, "client's token"),
        ("sk-ant-oat01-canary", "OAuth token"),
    ],
)
def test_what_is_no_api_key_is_refused_unseen(tmp_path: Path, content: str | bytes, words: str) -> None:
    """The message names the file and the mend, and does not repeat what may be a secret."""
    with pytest.raises(ConfigError, match=words) as refused:
        FileSource(key_file(tmp_path, content)).read()
    assert str(tmp_path) in str(refused.value)
    assert "canary" not in str(refused.value)


def test_an_absent_or_empty_variable_is_named() -> None:
    with pytest.raises(ConfigError, match="variable K is not set"):
        EnvironmentSource("K", {}).read()
    with pytest.raises(ConfigError, match="variable K is empty"):
        EnvironmentSource("K", {"K": ""}).read()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gone: the key cannot be read"):
        FileSource(tmp_path / "gone").read()
    with pytest.raises(ConfigError, match=str(tmp_path)):
        tmp_path.chmod(0o700)
        FileSource(tmp_path).read()


def test_a_source_by_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two forms of `credential.from`; a key written there by mistake is refused unseen."""
    monkeypatch.setenv("CCGATE_TEST_KEY", KEY)
    assert source("env:CCGATE_TEST_KEY").read() == KEY
    assert source(f"file:{key_file(tmp_path, KEY)}").read() == KEY
    for wrong in (KEY, "env:", "file:", "http://x"):
        with pytest.raises(ConfigError, match="expected env:NAME or file:PATH") as refused:
            source(wrong)
        assert "canary" not in str(refused.value)
