"""What parts of requests came to, so that a part that comes again is not read again.

A conversation is sent again in every turn; what it cost to look through it must follow what is new. An entry
holds places and names of rules, never text: the originals are read again from the request that brings them.
Entries go by all that decides about them: keyed hashes of the policy with what was known before the part, and
of its bytes, and what kind of part it is.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from typing import NamedTuple

from ccgate.privacy.examine import Examined
from ccgate.privacy.walk import Kind

DEFAULT_BYTES = 64 << 20

_ENTRY = 500
_EDIT = 150
_SOURCE = 200
_FINDING = 250
"""About what CPython takes for an entry and for each of what is in it."""


Key = tuple[bytes, Kind, bytes]
"""The state of the fold before a part, what kind of part it is, and the digest of its bytes."""


class Entry(NamedTuple):
    """What a part came to, and the state of the fold after it."""

    examined: Examined
    state: bytes


class SpanCache:
    """Entries by key, the least recently used dropped first; may be shared by threads."""

    def __init__(self, most_bytes: int = DEFAULT_BYTES) -> None:
        self._most = most_bytes
        self._size = 0
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._keyed = hashlib.sha256(secrets.token_bytes(64))

    def state(self, *decisive: bytes) -> bytes:
        """The state before a request's first part, by what decides about all of it."""
        return self.digest(b"".join(len(one).to_bytes(8) + one for one in decisive))

    def digest(self, raw: bytes | memoryview) -> bytes:
        """The keyed hash of bytes."""
        keyed = self._keyed.copy()
        keyed.update(raw)
        return keyed.digest()

    def keyed(self) -> hashlib._Hash:
        """A keyed hash that bytes are given to piece by piece."""
        return self._keyed.copy()

    def get(self, key: Key) -> Entry | None:
        """The entry of a key, which counts as used now."""
        entry = self._entries.get(key)
        if entry is not None:
            try:
                self._entries.move_to_end(key)
            except KeyError:
                # Another thread has dropped it since.
                return entry
        return entry

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry, and drop others if it is too much."""
        with self._lock:
            old = self._entries.pop(key, None)
            if old is not None:
                self._size -= _bytes(old)
            self._entries[key] = entry
            self._size += _bytes(entry)
            while self._size > self._most:
                _, dropped = self._entries.popitem(last=False)
                self._size -= _bytes(dropped)

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """About how many bytes the entries take."""
        return self._size


def _bytes(entry: Entry) -> int:
    examined = entry.examined
    return (
        _ENTRY
        + _EDIT * len(examined.edits)
        + _SOURCE * len(examined.sources)
        + _FINDING * len(examined.found)
    )
