"""Which of many patterns match in a text, and where matches end, told by vectorscan in one pass over it.

The compiled database is kept on disk where the caller names a folder, because compiling takes a second.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path

import hyperscan

from ccgate.privacy.detection.cachefile import keep
from ccgate.privacy.detection.cachefile import kept
from ccgate.privacy.detection.gates import FLAGS

_MOST = 4
"""Matches for each byte beyond which a scan is given up. The texts that are made to take long have one."""

_MOST_ANYWAY = 10_000

_PADDING = b"\n" * 64
"""Stands behind the data in each scan, because the engine may miss what ends with it
(https://github.com/VectorCamp/vectorscan/issues/358). For `$` that is the end of a text all the same."""

_BY_END = itemgetter(1)
_VERSION = slice(4, 8)
_PLATFORM = slice(12, 20)


class Prefilter:
    """Tells which of some patterns match in a text, and where. Usable from any thread."""

    def __init__(self, patterns: Sequence[bytes], cache: Path | None = None) -> None:
        """Compile the patterns, or load them from the folder `cache`, which must be the owner's alone.

        Raises:
            hyperscan.error: a pattern cannot be compiled.
        """
        self._image = _compiled(tuple(patterns), cache) if patterns else b""
        self._local = threading.local()

    def ends(self, data: bytes, enough: int | None = None) -> list[tuple[int, int]]:
        """Matches as the pattern's index and the offset behind the match, sorted by that offset.

        After more matches than `enough` the scan ends, with one more than that.

        Raises:
            hyperscan.error: the scan failed, or too many patterns match; nothing is known of the text then.
        """
        found = _Found(len(data) * _MOST + _MOST_ANYWAY if enough is None else enough)
        if data and self._image:
            try:
                self._database().scan(data + _PADDING, match_event_handler=_note, context=found)  # type: ignore[arg-type]
            except hyperscan.ScanTerminated:
                if enough is None:
                    raise
        found.sort(key=_BY_END)  # a match that a line break ends comes before the one that ends at the break
        while found and found[-1][1] > len(data):
            found.pop()
        return found

    def _database(self) -> hyperscan.Database:
        # One for each thread: two scans in one database's scratch space are an error.
        database = getattr(self._local, "database", None)
        if database is None:
            database = hyperscan.loadb(self._image, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            self._local.database = database
        return database


class _Found(list[tuple[int, int]]):
    """Matches, and how many there may be."""

    __slots__ = ("most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most


def _note(identity: int, start: int, end: int, flags: int, found: _Found) -> bool:
    found.append((identity, end))
    return len(found) > found.most  # ends the scan with an error


def _compiled(patterns: tuple[bytes, ...], cache: Path | None) -> bytes:
    path = cache / f"patterns-{_fingerprint(patterns)}.bin" if cache else None
    if path is not None and (image := kept(path)) is not None and _loads(image):
        return image
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    count = len(patterns)
    database.compile(expressions=list(patterns), ids=list(range(count)), flags=[FLAGS] * count)
    image = hyperscan.dumpb(database)
    if path is not None:
        keep(path, image)
    return image


def _fingerprint(patterns: Sequence[bytes]) -> str:
    """A name for what is compiled, which serves the version and the kind of processor it was compiled for.

    Both stand at the head of an image (`database.h` of Vectorscan), as the engine sees them here and now.
    """
    smallest = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    smallest.compile(expressions=[b"a"], ids=[0], flags=[FLAGS])
    image = hyperscan.dumpb(smallest)
    what = (version("hyperscan").encode(), image[_VERSION], image[_PLATFORM], b"%d" % FLAGS, *patterns)
    return hashlib.sha256(b"\0".join(what)).hexdigest()[:24]


def _loads(image: bytes) -> bool:
    try:
        hyperscan.Scratch(hyperscan.loadb(image, hyperscan.HS_MODE_BLOCK))
    except hyperscan.error:
        return False
    return True
