"""Tells a gateway that runs from one that died, for whoever finds its open entries.

Each gateway holds a lock on a file of its own for as long as it lives. The kernel gives the lock back when
the process ends, in whatever way, which no process id and no time stamp can promise.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from pathlib import Path

from ccgate.errors import StoreError


class Instance:
    """This gateway: an id that is never used again, and the lock that says that it lives."""

    def __init__(self, run_folder: Path) -> None:
        self.id = uuid.uuid4().hex
        self._path = _lock_file(run_folder, self.id)
        try:
            self._handle: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            raise StoreError(
                f"{self._path}: the lock of this gateway cannot be taken ({e.strerror}); "
                "make its folder writable for you, or point CCGATE_HOME elsewhere"
            ) from e

    def release(self) -> None:
        """Give the lock back: this gateway has no open entries any more."""
        if self._handle is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


def is_alive(run_folder: Path, instance: str) -> bool:
    """Whether the gateway of that id runs; the file of one that does not is removed."""
    path = _lock_file(run_folder, instance)
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        # What cannot be looked at may be alive: an entry that stays open does less harm than a false end.
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _lock_file(run_folder: Path, instance: str) -> Path:
    return run_folder / f"{instance}.lock"
