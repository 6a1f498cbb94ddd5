"""The state folder: where it is, who can read it, and what is said when it cannot be."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ccgate.errors import StoreError
from ccgate.state import StateFolder
from ccgate.state import state_folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def open_umask() -> object:
    previous = os.umask(0)
    yield
    os.umask(previous)


def test_it_is_made_for_its_owner_alone(tmp_path: Path, open_umask: None) -> None:
    """It holds the key of a certificate authority that clients trust; no umask may open it."""
    root = tmp_path / "deep" / "state"
    folder = state_folder({"CCGATE_HOME": str(root)})
    assert folder == StateFolder(root)
    assert [mode(path) for path in (root, folder.ca, folder.run)] == [0o700] * 3


def test_what_is_open_to_others_is_closed(tmp_path: Path) -> None:
    """An older installation, or a hasty `mkdir`, may have left it open."""
    folder = StateFolder(tmp_path / "state")
    for path in (folder.root, folder.ca, folder.run):
        path.mkdir()
        path.chmod(0o755)
    state_folder({"CCGATE_HOME": str(folder.root)})
    assert [mode(path) for path in (folder.root, folder.ca, folder.run)] == [0o700] * 3


def test_a_folder_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    """CCGATE_HOME=/tmp, set by root, does not close /tmp to everybody else; what is ours in it is closed."""
    tmp_path.chmod(0o755)
    (tmp_path / "of-somebody-else").write_text("")
    folder = state_folder({"CCGATE_HOME": str(tmp_path)})
    assert mode(tmp_path) == 0o755
    assert (mode(folder.ca), mode(folder.run)) == (0o700, 0o700)


def test_a_second_look_changes_nothing(tmp_path: Path) -> None:
    """Every command asks for it, also while a gateway runs."""
    environ = {"CCGATE_HOME": str(tmp_path / "state")}
    folder = state_folder(environ)
    (folder.ca / "mitmproxy-ca.pem").write_text("key")
    assert state_folder(environ) == folder
    assert (folder.ca / "mitmproxy-ca.pem").read_text() == "key"


def test_its_paths(tmp_path: Path) -> None:
    """Documentation and scripts name these; another place for one of them would lose what is there."""
    folder = StateFolder(tmp_path)
    assert folder.database == tmp_path / "ccgate.sqlite3"
    assert folder.ca_certificate == tmp_path / "ca" / "mitmproxy-ca-cert.pem"
    assert folder.run == tmp_path / "run"


def test_the_environment_is_the_processs_own(tmp_state: Path) -> None:
    assert state_folder().root == tmp_state
    assert tmp_state.is_dir()


@pytest.mark.parametrize("environ", [{}, {"CCGATE_HOME": ""}])
def test_by_default_it_is_the_platforms_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    """An empty variable is one that was not set; it must not lead to the current folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    root = state_folder(environ).root
    assert root.name == "ccgate"
    assert tmp_path in root.parents


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service file does not expand it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder({"CCGATE_HOME": "~/state"}).root == tmp_path / "state"


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway and a command may run in different folders later on."""
    monkeypatch.chdir(tmp_path)
    assert state_folder({"CCGATE_HOME": "state"}).root == tmp_path / "state"


@pytest.mark.parametrize("place", ["state", "state/ca", "state/run", "."])
def test_a_file_in_its_place_is_named_with_the_mend(tmp_path: Path, place: str) -> None:
    """The person learns which path is wrong and what to set, and sees no traceback."""
    root = tmp_path / "base" / "state"
    blocked = root.parent / place
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file")
    with pytest.raises(StoreError, match=f"{re.escape(str(root))}.*CCGATE_HOME") as refused:
        state_folder({"CCGATE_HOME": str(root)})
    assert refused.value.exit_code == 74


def test_the_home_of_nobody_is_named_with_the_mend() -> None:
    """A mistyped `~name` has no home folder."""
    with pytest.raises(StoreError, match="CCGATE_HOME"):
        state_folder({"CCGATE_HOME": "~no-such-user-here/state"})
