"""The placeholder key: made once, kept private, and refused by name when it cannot be one."""

from __future__ import annotations

import base64
import multiprocessing
import os
import re
from pathlib import Path

import pytest

from ccgate.errors import ConfigError
from ccgate.privacy import key

KEY = bytes(range(32))


def test_made_once(tmp_path: Path) -> None:
    """Another key after a restart would give every conversation other placeholders."""
    made = key.load(None, tmp_path)
    assert len(made) == 32
    assert key.load(None, tmp_path) == made
    path = tmp_path / key.KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch("[0-9a-f]{64}\n", path.read_text())
    assert [p.name for p in tmp_path.iterdir()] == [key.KEY_FILE]
    assert key.load(f"file:{path}", tmp_path / "elsewhere") == made


def _load(folder: str, answers: multiprocessing.queues.Queue[bytes]) -> None:
    answers.put(key.load(None, Path(folder)))


def test_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    """Two gateways of one state folder must give one value one placeholder."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    processes = [context.Process(target=_load, args=(str(tmp_path), answers)) for _ in range(8)]
    for process in processes:
        process.start()
    keys = {answers.get(timeout=30) for _ in processes}
    for process in processes:
        process.join()
    assert keys == {key.load(None, tmp_path)}


def test_who_comes_second_takes_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and making, another process may have made it."""
    real = os.link

    def late(source: str, target: Path) -> None:
        target.write_text(KEY.hex())
        target.chmod(0o600)
        real(source, target)

    monkeypatch.setattr(os, "link", late)
    assert key.load(None, tmp_path) == KEY


@pytest.mark.parametrize(
    "text",
    [
        KEY.hex(),
        KEY.hex().upper() + "\n",
        base64.b64encode(KEY).decode(),
        base64.urlsafe_b64encode(bytes(range(200, 248))).decode(),
        base64.b64encode(KEY).decode().rstrip("="),
    ],
)
def test_forms(tmp_path: Path, text: str) -> None:
    """What a fleet's secret store holds works as it is, in the environment and as a file."""
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    read = key.load(f"file:{path}", tmp_path)
    assert read in (KEY, bytes(range(200, 248)))
    assert key.load("env:K", tmp_path, {"K": text}) == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not hold|too short"),
        ("ab" * 16, "too short \\(16 bytes\\)"),
        ("00" * 32, "not random"),
        (base64.b64encode(b"password" * 5).decode(), "not random"),
        ("not a key, my friend", "does not hold"),
        ("Q@Q", "does not hold"),
        (KEY.hex() + " " + KEY.hex(), "does not hold"),
    ],
)
def test_what_is_no_key_is_refused_unseen(tmp_path: Path, text: str, words: str) -> None:
    """The message names the place and the mend, and does not repeat what may be the key."""
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    for spec, place in ((f"file:{path}", str(path)), ("env:K", "environment variable K")):
        with pytest.raises(ConfigError, match=words) as refused:
            key.load(spec, tmp_path, {"K": text})
        assert place in str(refused.value)
        assert "openssl rand -hex 32" in str(refused.value)
        assert not text or text not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever has the key can try values against placeholders."""
    key.load(None, tmp_path)
    (tmp_path / key.KEY_FILE).chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        key.load(None, tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """32 raw bytes in a file are a likely mistake."""
    path = tmp_path / "key"
    path.write_bytes(bytes(range(128, 160)))
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="does not hold a placeholder key"):
        key.load(f"file:{path}", tmp_path)


@pytest.mark.parametrize("spec", ["", "env:", "file:", "keyring:x", "K"])
def test_a_place_of_no_known_kind(tmp_path: Path, spec: str) -> None:
    """A misspelt place must not fall back to another key."""
    with pytest.raises(ConfigError, match="expected env:NAME or file:PATH"):
        key.load(spec, tmp_path)


def test_what_is_not_there(tmp_path: Path) -> None:
    """Neither a variable that is not set nor a file that is missing is made up."""
    with pytest.raises(ConfigError, match="K is not set"):
        key.load("env:K", tmp_path, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        key.load(f"file:{tmp_path}/none", tmp_path)
    with pytest.raises(ConfigError, match="cannot be made"):
        key.load(None, tmp_path / "no" / "folder")


def test_a_dangling_link_is_not_followed_into_a_new_key(tmp_path: Path) -> None:
    """A key on a volume that is not mounted yet is missing, not new."""
    (tmp_path / key.KEY_FILE).symlink_to(tmp_path / "volume" / "key")
    with pytest.raises(ConfigError, match="cannot be read"):
        key.load(None, tmp_path)
