from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import hyperscan
import pytest

from ccgate.privacy.prefilter import Prefilter


def test_it_tells_which_patterns_match() -> None:
    """Rules that fire would not be looked at."""
    prefilter = Prefilter([b"aa", b"b[0-9]+", b"zz"])
    assert sorted(prefilter.fired(b"x b12 aaaa b3")) == [0, 1]
    assert prefilter.fired(b"") == []
    assert Prefilter([]).fired(b"anything") == []


def test_a_pattern_is_reported_once_however_often_it_matches() -> None:
    """A hostile text would call Python for each of its bytes."""
    assert Prefilter([b"a"]).fired(b"a" * 10_000) == [0]


def test_what_was_compiled_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    """Each start would take seconds; or others could put their own patterns there."""
    folder = tmp_path / "cache"
    Prefilter([b"abc"], folder)
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = kept.stat().st_mtime_ns
    assert Prefilter([b"abc"], folder).fired(b"xabc") == [0]
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "content", [b"", b"x" * 100, hashlib.sha256(b"no database").digest() + b"no database"]
)
def test_a_torn_or_foreign_file_is_compiled_anew(tmp_path: Path, content: bytes) -> None:
    """A full disk at one start would stop all later ones."""
    Prefilter([b"abc"], tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)
    assert Prefilter([b"abc"], tmp_path).fired(b"abc") == [0]


def test_a_pattern_that_cannot_be_compiled_stops_the_start() -> None:
    """A rule with a mistake would never fire, silently."""
    with pytest.raises(hyperscan.error):
        Prefilter([b"(unclosed"])
