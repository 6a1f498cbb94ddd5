from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import hyperscan
import pytest

from ccgate.privacy.detection import prefilter as prefilter_module
from ccgate.privacy.detection.prefilter import Prefilter


def test_it_tells_which_patterns_match_and_where_they_end() -> None:
    """Rules that fire would not be looked at, or in another text."""
    prefilter = Prefilter([b"aa", b"b[0-9]{2}", b"zz"])
    assert prefilter.ends(b"x b12 aa b34") == [(1, 5), (0, 8), (1, 12)]
    assert prefilter.ends(b"") == []
    assert Prefilter([]).ends(b"anything") == []


def test_ends_are_sorted_where_a_line_break_may_be_part_of_a_match() -> None:
    """The engine tells the match with the line break first: it would count for the text behind it."""
    assert Prefilter([b"a(?:[^a]|$)"]).ends(b"a\nb") == [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    "pattern", [b"(?:^|[^b])xa", b"(?:^|[^a])x[ab]", b"(?i)(?:^|[^z])xa", b"(?:^|[^a])xa*a"]
)
def test_what_ends_with_the_text_is_found_wherever_that_is(pattern: bytes) -> None:
    """A key at the end of a file would leave: https://github.com/VectorCamp/vectorscan/issues/358."""
    prefilter = Prefilter([pattern])
    for length in range(200):
        assert prefilter.ends(b"A" * length + b" xa") == [(0, length + 3)]


def test_counting_ends_where_enough_were_counted() -> None:
    """A hostile text would call Python for each of its bytes."""
    assert Prefilter([b"a"]).ends(b"a" * 10_000, enough=5) == [(0, end) for end in range(1, 7)]


def test_too_many_matches_are_an_error_and_not_a_clean_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not counted would leave."""
    monkeypatch.setattr(prefilter_module, "_MOST", 0)
    monkeypatch.setattr(prefilter_module, "_MOST_ANYWAY", 3)
    prefilter = Prefilter([b"a"])
    assert len(prefilter.ends(b"aaa")) == 3
    with pytest.raises(hyperscan.error):
        prefilter.ends(b"aaaa")


def test_another_version_or_processor_compiles_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder that moves to another machine would hold an image that is not for it."""
    Prefilter([b"abc"], tmp_path)
    dump = hyperscan.dumpb
    monkeypatch.setattr(
        hyperscan, "dumpb", lambda database: dump(database)[:12] + b"other.." + dump(database)[19:]
    )
    one = prefilter_module._fingerprint([b"abc"])
    monkeypatch.undo()
    other = prefilter_module._fingerprint([b"abc"])
    assert one != other
    monkeypatch.setattr(prefilter_module, "version", lambda name: "0")
    assert prefilter_module._fingerprint([b"abc"]) not in (one, other)


def test_what_was_compiled_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    """Each start would take seconds; or others could put their own patterns there."""
    folder = tmp_path / "cache"
    Prefilter([b"abc"], folder)
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = kept.stat().st_mtime_ns
    assert Prefilter([b"abc"], folder).ends(b"xabc") == [(0, 4)]
    assert kept.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "content", [b"", b"x" * 100, hashlib.sha256(b"no database").digest() + b"no database"]
)
def test_a_torn_or_foreign_file_is_compiled_anew(tmp_path: Path, content: bytes) -> None:
    """A full disk at one start would stop all later ones."""
    Prefilter([b"abc"], tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)
    assert Prefilter([b"abc"], tmp_path).ends(b"abc") == [(0, 3)]


def test_a_pattern_that_cannot_be_compiled_stops_the_start() -> None:
    """A rule with a mistake would never fire, silently."""
    with pytest.raises(hyperscan.error):
        Prefilter([b"(unclosed"])
