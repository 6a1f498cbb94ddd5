"""The rooms as one profile furnishes them: what a flow needs on its way, made once.

`Rooms` is what the addon walks a flow through. Loading another profile makes new ones; the database, its
clients and its ledger stay open for as long as the state folder is the same.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ccgate.accounting.ledger import Ledger
from ccgate.accounting.metering import Closings
from ccgate.accounting.prices import Pricer
from ccgate.admission.clients import ClientRegistry
from ccgate.admission.throttle import Throttle
from ccgate.credentials import sources
from ccgate.database import open_database
from ccgate.errors import StoreError
from ccgate.privacy import room as privacy
from ccgate.profile import Profile
from ccgate.proof.line import line
from ccgate.state import StateFolder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Books:
    """What is kept in one state folder: who may come in, and what they used."""

    folder: StateFolder
    clients: ClientRegistry
    ledger: Ledger
    closings: Closings
    pricer: Pricer
    throttle: Throttle


@dataclass(frozen=True, slots=True)
class Rooms:
    """One profile, what it has redacted, the credential that it names, and the books."""

    profile: Profile
    privacy: privacy.PrivacyRoom | None
    """None: each request leaves as it came."""
    credential: sources.Source | None
    """None: each client's own credential passes through."""
    books: Books


def open_books(folder: StateFolder) -> Books:
    """The books in a state folder.

    Raises:
        StoreError: the database cannot be used.
    """
    connection = open_database(folder.database)
    # A checkpoint waits for the disk, so it is made beside the event loop; see `checkpoint`.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    try:
        ledger = Ledger(connection, folder.run)
    except StoreError:
        connection.close()
        raise
    return Books(
        folder=folder,
        clients=ClientRegistry(connection),
        ledger=ledger,
        closings=Closings(ledger, lambda opening, closing: logger.info(line(opening, closing))),
        pricer=Pricer(),
        throttle=Throttle(),
    )


def furnish(profile: Profile, folder: StateFolder, books: Books | None) -> Rooms:
    """The rooms for a profile, with the books that are open already, if they are of the same folder.

    Raises:
        ConfigError: the credential or the placeholder key that the profile names cannot be read.
        StoreError: the database cannot be used.
    """
    credential = None
    if profile.credential.source is not None:
        credential = sources.source(profile.credential.source)
        credential.read()
    redacting = privacy.furnish(profile.privacy, folder)
    if books is None or books.folder != folder:
        books = open_books(folder)
    return Rooms(profile, redacting, credential, books)
