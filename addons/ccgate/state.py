"""The state folder: the one place where ccgate keeps what outlives a process.

ccgate.sqlite3   clients (tokens as hashes) and the ledger
ca/              mitmproxy's confdir: the certificate authority that clients trust
placeholder.key  what placeholders are made with, where the profile names no other
compiled/        what was compiled of the rules for detection; made anew when it is missing
run/             one lock file for each running gateway
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from ccgate.errors import StoreError


@dataclass(frozen=True)
class StateFolder:
    """Paths below one state folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file with clients and ledger."""
        return self.root / "ccgate.sqlite3"

    @property
    def ca(self) -> Path:
        """mitmproxy's confdir."""
        return self.root / "ca"

    @property
    def ca_certificate(self) -> Path:
        """What clients are told to trust: PEM, no key."""
        return self.ca / "mitmproxy-ca-cert.pem"

    @property
    def compiled(self) -> Path:
        """What was compiled of the rules for detection."""
        return self.root / "compiled"

    @property
    def run(self) -> Path:
        """Lock files of running gateways."""
        return self.root / "run"


def locate(environ: Mapping[str, str] | None = None) -> StateFolder:
    """Where the state folder is, or would be: `$CCGATE_HOME`, else the platform's user data folder.

    Raises:
        StoreError: `$CCGATE_HOME` begins with the home of nobody.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("CCGATE_HOME")
    try:
        return StateFolder(Path(named).expanduser().absolute() if named else user_data_path("ccgate"))
    except RuntimeError as e:
        raise StoreError(f"{named}: {e}; set CCGATE_HOME to a folder that you can write to") from e


def state_folder(environ: Mapping[str, str] | None = None) -> StateFolder:
    """The state folder, made when it is missing, with mode 0700.

    Raises:
        StoreError: it cannot be made, or is not a folder.
    """
    folder = locate(environ)
    root = folder.root
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A folder that was there before, with other things in it, may be meant to be open, as /tmp is; what
        # ccgate puts into it is closed in any case.
        if root.stat().st_mode & 0o077 and (folder.run.exists() or not any(root.iterdir())):
            root.chmod(0o700)
        for path in (folder.ca, folder.run):
            path.mkdir(mode=0o700, exist_ok=True)
            if path.stat().st_mode & 0o077:
                path.chmod(0o700)
    except OSError as e:
        raise StoreError(
            f"{root}: the state folder cannot be used ({e.strerror}); "
            "set CCGATE_HOME to a folder that you can write to"
        ) from e
    return folder
