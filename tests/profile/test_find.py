"""A name on the command line means one file, or the start says why not and what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccgate.errors import ConfigError
from ccgate.profile.find import PROFILES
from ccgate.profile.find import resolve
from ccgate.profile.find import shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the profiles `default` and `team`, and a file that is none."""
    for name in ("default.yaml", "team.yml", "schema.json"):
        (tmp_path / name).write_text("version: 1\n")
    return tmp_path


def test_the_project_ships_four_profiles_beside_its_addons() -> None:
    assert PROFILES == Path(__file__).resolve().parents[2] / "profiles"
    assert list(shipped()) == ["default", "observe", "strict", "team"]
    assert all(path.is_file() for path in shipped().values())


def test_nothing_means_default(folder: Path) -> None:
    assert resolve("", folder) == folder / "default.yaml"
    assert resolve("") == PROFILES / "default.yaml"


def test_a_name_means_the_file_of_that_name_with_either_ending(folder: Path) -> None:
    assert resolve("default", folder) == folder / "default.yaml"
    assert resolve("team", folder) == folder / "team.yml"
    assert shipped(folder) == {"default": folder / "default.yaml", "team": folder / "team.yml"}


def test_a_path_means_that_file_wherever_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    assert resolve("default.yaml") == Path("default.yaml")
    assert resolve("./team.yml") == Path("team.yml")
    assert resolve(str(folder / "schema.json")) == folder / "schema.json"
    assert resolve("~/default.yaml") == folder / "default.yaml"


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    """Else a person edits the one and the gateway runs the other."""
    (folder / "default.yml").write_text("version: 1\n")
    for name in ("default", ""):
        with pytest.raises(ConfigError, match=r"default\.yml and .*default\.yaml have one name; remove one"):
            resolve(name, folder)
    assert shipped(folder)["default"] == folder / "default.yaml"
    assert resolve(str(folder / "default.yml"), folder) == folder / "default.yml"


def test_an_unknown_name_lists_what_there_is(folder: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        resolve("taem", folder)
    assert str(folder) in str(raised.value)
    assert "did you mean team?" in str(raised.value)
    assert "there: default, team" in str(raised.value)


def test_a_missing_folder_of_profiles_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there: none"):
        resolve("default", tmp_path / "gone")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"x\.yaml: there is no such profile; name a file, or one of default, "
    ):
        resolve(str(tmp_path / "x.yaml"))


def test_a_folder_is_refused(folder: Path) -> None:
    (folder / "dir.yaml").mkdir()
    for name in (str(folder), "dir"):
        with pytest.raises(ConfigError, match="is a folder; name the profile file in it"):
            resolve(name, folder)


@pytest.mark.parametrize(
    "name", ["a\0b", "a\nb", "\x1b[2J", "\udcff", "x" * 5000, "/" + "x" * 5000, "~nobody-here/x"]
)
def test_odd_names_are_refused_in_words(folder: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        resolve(name, folder)
