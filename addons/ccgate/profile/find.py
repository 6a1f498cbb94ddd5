"""Which file a profile's name means. Kept apart from reading it, so that each can fail in its own words."""

from __future__ import annotations

import difflib
from pathlib import Path

from ccgate.errors import ConfigError
from ccgate.profile.problems import shown

PROFILES = Path(__file__).resolve().parents[3] / "profiles"
"""The project's own profiles, beside `addons/`."""

_SUFFIXES = (".yaml", ".yml")


def shipped(folder: Path = PROFILES) -> dict[str, Path]:
    """The profiles of the project by name, in the order of their names."""
    return {path.stem: path for path in _files(folder)}


def resolve(name_or_file: str, folder: Path = PROFILES) -> Path:
    """The file that is meant: a path when there is a slash or a .yaml in it, else the project's of that name.

    Empty means `default`.

    Raises:
        ConfigError: there is no such file, it is a folder, or two files have that name.
    """
    if not name_or_file.isprintable():
        raise ConfigError(f"{shown(name_or_file)} is not a profile's name; see profiles/")
    if "/" in name_or_file or "\\" in name_or_file or name_or_file.endswith(_SUFFIXES):
        return _file(Path(name_or_file))
    name = name_or_file or "default"
    found = [path for path in _files(folder) if path.stem == name]
    if len(found) > 1:
        mend = "remove one, or name the file that you mean"
        raise ConfigError(f"{found[0]} and {found[1]} have one name; {mend}")
    if found:
        return _file(found[0])
    names = list(shipped(folder))
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    there = ", ".join(names) or "none"
    raise ConfigError(
        f"there is no profile {shown(name)} in {folder}; {hint}there: {there}. A file: name it with a /"
    )


def _files(folder: Path) -> list[Path]:
    # Of two files of one name the .yaml comes last, so that it is the one in `shipped`.
    return sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")], key=lambda path: path.stem)


def _file(path: Path) -> Path:
    try:
        path = path.expanduser()
        if path.is_dir():
            raise ConfigError(f"{path}: is a folder; name the profile file in it")
        if not path.exists():
            raise ConfigError(
                f"{path}: there is no such profile; name a file, or one of {', '.join(shipped())}"
            )
    except (OSError, RuntimeError) as e:
        raise ConfigError(f"{path}: cannot be reached ({e}); name a profile file") from e
    return path
