"""Which of many patterns match somewhere in a text, told by vectorscan in one pass over it.

The compiled database is kept on disk where the caller names a folder, because compiling takes seconds.
"""

from __future__ import annotations

import hashlib
import platform
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import hyperscan

from ccgate.privacy.cachefile import keep
from ccgate.privacy.cachefile import kept

_FLAGS = hyperscan.HS_FLAG_SINGLEMATCH


class Prefilter:
    """Tells which of some patterns match in a text. Usable from any thread."""

    def __init__(self, patterns: Sequence[bytes], cache: Path | None = None) -> None:
        """Compile the patterns, or load them from the folder `cache`, which must be the owner's alone.

        Raises:
            hyperscan.error: a pattern cannot be compiled.
        """
        self._image = _compiled(tuple(patterns), cache) if patterns else b""
        self._local = threading.local()

    def fired(self, data: bytes) -> list[int]:
        """The indices of the patterns that match, in no order.

        Raises:
            hyperscan.error: the scan failed; nothing is known of the text then.
        """
        found: list[int] = []
        if data and self._image:
            self._database().scan(data, match_event_handler=_note, context=found)
        return found

    def _database(self) -> hyperscan.Database:
        # One for each thread: two scans in one database's scratch space are an error.
        database = getattr(self._local, "database", None)
        if database is None:
            database = hyperscan.loadb(self._image, hyperscan.HS_MODE_BLOCK)
            database.scratch = hyperscan.Scratch(database)
            self._local.database = database
        return database


def _note(identity: int, start: int, end: int, flags: int, found: object) -> None:
    found.append(identity)  # type: ignore[attr-defined]


def _compiled(patterns: tuple[bytes, ...], cache: Path | None) -> bytes:
    # An image serves the version and the kind of processor that it was compiled for.
    what = (b"\0".join(patterns), version("hyperscan").encode(), platform.machine().encode())
    path = cache / f"patterns-{hashlib.sha256(b'\1'.join(what)).hexdigest()[:24]}.bin" if cache else None
    if path is not None and (image := kept(path)) is not None and _loads(image):
        return image
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(patterns), ids=list(range(len(patterns))), flags=[_FLAGS] * len(patterns)
    )
    image = hyperscan.dumpb(database)
    if path is not None:
        keep(path, image)
    return image


def _loads(image: bytes) -> bool:
    try:
        hyperscan.loadb(image, hyperscan.HS_MODE_BLOCK)
    except hyperscan.error:
        return False
    return True
