from __future__ import annotations

from pathlib import Path

from ccgate.privacy.detection.cachefile import keep
from ccgate.privacy.detection.cachefile import kept


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    """Nothing would ever be read from the cache."""
    path = tmp_path / "a" / "b.bin"
    keep(path, b"content")
    assert kept(path) == b"content"
    assert [child.name for child in path.parent.iterdir()] == ["b.bin"]


def test_a_changed_file_is_not_read(tmp_path: Path) -> None:
    """Half a database would crash the process."""
    path = tmp_path / "b.bin"
    keep(path, b"content")
    path.write_bytes(path.read_bytes()[:-1])
    assert kept(path) is None
    assert kept(tmp_path / "missing") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """A read-only container would not start."""
    (tmp_path / "file").write_bytes(b"")
    keep(tmp_path / "file" / "b.bin", b"content")
